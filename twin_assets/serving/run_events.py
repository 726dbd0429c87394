"""Dagster's runs and their events, as a person is shown them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from twin_assets.serving.dagster import FINISHED, PARTITION_TAG

STEP_STATUS = {"IN_PROGRESS": "running", "SUCCESS": "done", "FAILURE": "failed", "SKIPPED": "skipped"}
_LOG_LEVELS = frozenset({"INFO", "WARNING", "ERROR", "CRITICAL"})


def run_card(run: Mapping[str, Any], message: str = "") -> dict[str, Any]:
    """A run for the list of runs; `source` is the partition of a collection. Times are ISO 8601 in UTC."""
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    partition = tags.get(PARTITION_TAG)
    steps = [
        {"asset": step["stepKey"], "status": STEP_STATUS.get(step["status"] or "", "waiting")}
        for step in run["stepStats"]
    ]
    return {
        "run_id": run["runId"],
        "job": run["jobName"],
        "status": run["status"],
        "created": moment(run["creationTime"]),
        "started": moment(run["startTime"]),
        "ended": moment(run["endTime"]),
        "source": partition if run["jobName"] == "collect_job" else None,
        "partition": partition,
        "steps": steps,
        "message": message or _in_words(run["status"], steps),
    }


def moment(seconds: float | None) -> str | None:
    """Seconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else None


@dataclass
class RunNarrator:
    """Turns a run's events into what a page shows: `step`, `log` and `progress`, and `end` at last."""

    planned: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    failure: str = ""

    def tell(self, events: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """What there is to say of some events, in their order."""
        for event in events:
            yield from self._of(event)

    def end(self, status: str) -> dict[str, Any]:
        """The last event."""
        error = self.failure or "the run failed: see its log in Dagster"
        return {"type": "end", "status": status, "error": error if status == "FAILURE" else None}

    def _of(self, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        kind, step = event.get("eventType"), event.get("stepKey") or ""
        at = moment(float(event["timestamp"]) / 1000) if event.get("timestamp") else None
        if kind == "ASSET_MATERIALIZATION_PLANNED" and step:
            self.planned.add(step)
        elif kind == "STEP_START":
            self.planned.add(step)
            yield {"type": "step", "asset": step, "status": "running", "at": at, "message": "started"}
            yield self._progress()
        elif kind in ("STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED"):
            self.ended.add(step)
            status = {"STEP_SUCCESS": "done", "STEP_FAILURE": "failed", "STEP_SKIPPED": "skipped"}[kind]
            message = failure_of(event) if status == "failed" else str(event["message"])
            if status == "failed":
                self.failure = message
            yield {"type": "step", "asset": step, "status": status, "at": at, "message": message}
            yield self._progress()
        elif kind in ("RUN_FAILURE", "PIPELINE_FAILURE"):
            self.failure = self.failure or failure_of(event)
        elif kind == "ASSET_CHECK_EVALUATION":
            check = event["evaluation"]
            passed = "passed" if check["success"] else "failed"
            asset = "/".join(check["assetKey"]["path"])
            text = f"check {check['checkName']} of {asset} {passed}"
            yield {"type": "log", "level": "INFO" if check["success"] else "ERROR", "at": at, "message": text}
        elif kind is None and event.get("level") in _LOG_LEVELS:
            yield {"type": "log", "level": event["level"], "at": at, "message": event["message"]}

    def _progress(self) -> dict[str, Any]:
        return {"type": "progress", "done": len(self.ended), "total": len(self.planned | self.ended)}


def failure_of(event: Mapping[str, Any]) -> str:
    """What failed, in words: what the asset itself said, else the innermost error."""
    said = (event.get("failureMetadata") or {}).get("description")
    if said:
        return str(said)
    error = event.get("error") or {}
    chain = [error, *(error.get("causes") or ())]
    return str(chain[-1].get("message") or event.get("message") or "").strip()


def _in_words(status: str, steps: Sequence[Mapping[str, str]]) -> str:
    if status not in FINISHED:
        running = [step["asset"] for step in steps if step["status"] == "running"]
        return f"works on {', '.join(running)}" if running else status.lower().replace("_", " ")
    failed = [step["asset"] for step in steps if step["status"] == "failed"]
    if failed:
        return f"failed in {', '.join(failed)}"
    return {"SUCCESS": "done", "CANCELED": "was ended", "FAILURE": "failed"}[status]
