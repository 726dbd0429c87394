"""Runs, deployments, datasets and evaluations over HTTP."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from twin_assets.datasets.versions import record_version
from twin_assets.deployment.deploy import deploy
from twin_assets.deployment.engine import Engine
from twin_assets.deployment.records import Deployment, DeploymentStore
from twin_assets.evaluation.likelihood import Gain
from twin_assets.evaluation.overlap import Match, Overlap
from twin_assets.evaluation.report import EvaluationReport, Likelihood, Overlaps
from twin_assets.evaluation.retrieval_recall import RetrievalRecall
from twin_assets.evaluation.voice import VoiceScore
from twin_assets.records import InstructionSample
from twin_assets.settings import Settings
from twin_assets.storage import ArtifactStore, TableStore

RUN = "11111111-2222-3333-4444-555555555555"
Put = Callable[[str], Deployment]


@pytest.fixture
def deployed(engine: Engine, own_settings: Settings, candidate: Any) -> Put:
    """Deploys an adapter of a digest for the twin of the API; MLflow knows nothing of it."""
    store = DeploymentStore(own_settings.home)

    def put(digest: str) -> Deployment:
        unknown = candidate(digest).model_copy(update={"model_version": None})
        return deploy(engine, store, unknown, Path, own_settings.author)

    return put


def report(digest: str, twin: float, voice: float | None = 0.7) -> EvaluationReport:
    overlap = Overlap(
        texts=1, maximum=4, median=3, recited_share=0, longest=Match(words=4, passage="by my log", document="d")
    )
    return EvaluationReport(
        recipe="default",
        adapter_digest=digest,
        base_model="small",
        dataset_versions={"instruction_dataset": "v1"},
        likelihood=Likelihood(
            base=1.2,
            twin=twin,
            gain=Gain(value=1 - twin / 1.2, low=float("nan"), high=0.1, documents=9),
            bytes=1000,
            samples=12,
        ),
        voice=[VoiceScore(family="cosine_delta", valid=voice is not None, why="others at -1.20", value=voice)],
        others_source="attribution",
        others_persons=1,
        overlap=Overlaps(base=overlap, twin=overlap),
        recall=RetrievalRecall(recall_at_5=0.5, mrr_at_10=0.4, questions=10, skipped=0),
        counts={},
        examples=[],
        base_rows=[],
        twin_rows=[],
        timings_s={},
    )


def test_nothing_is_deployed_at_first(api: httpx.Client):
    assert api.get("/api/deployments").json() == {"current": None, "history": []}
    refused = api.post("/api/deployments/rollback", json={"reason": "It lies."})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "no_earlier")
    assert api.get("/api/datasets").json() == {"versions": []}
    assert api.get("/api/evaluations").json() == {"reports": []}


def test_the_twin_goes_back_with_a_reason_that_is_kept(api: httpx.Client, deployed: Put):
    first, second = deployed("1" * 32), deployed("2" * 32)
    before = api.get("/api/deployments").json()
    assert before["current"]["adapter_digest"] == second.adapter_digest
    assert [one["adapter_digest"][0] for one in before["history"]] == ["2", "1"]
    assert api.post("/api/deployments/rollback", json={"reason": " "}).status_code == 400
    answer = api.post("/api/deployments/rollback", json={"reason": "It  lies."}).json()
    assert answer["notice"] is None
    current = api.get("/api/deployments").json()["current"]
    assert current["adapter_digest"] == first.adapter_digest == answer["current"]["adapter_digest"]
    assert current["probe"].startswith("rolled back (It lies.)")
    assert (
        api.post(
            "/v1/chat/completions", json={"model": "twin", "messages": [{"role": "user", "content": "Who?"}]}
        ).json()["twin"]["adapter_digest"]
        == first.adapter_digest
    )


def test_versions_of_the_datasets_are_listed_newest_first(api: httpx.Client, own_settings: Settings):
    tables = TableStore.of(own_settings)
    tables.sync(InstructionSample, [])
    for day, digest in ((1, "a" * 32), (2, "b" * 32)):
        record_version(
            tables,
            "instruction_dataset",
            digest,
            parents={"corpus": "c"},
            settings={},
            counts={"train": day},
            moved={},
            now=datetime(2026, 1, day, tzinfo=UTC),
        )
    newest, oldest = api.get("/api/datasets").json()["versions"]
    assert (newest["digest"], newest["previous"], newest["counts"]) == ("b" * 32, "a" * 32, {"train": 2})
    assert (oldest["dataset"], oldest["readable"], oldest["previous"]) == ("instruction_dataset", True, None)


def test_scores_stand_beside_base_and_the_deployment_before(
    api: httpx.Client, own_settings: Settings, deployed: Put, tmp_path: Path
):
    artifacts = ArtifactStore.of(own_settings)
    for digest, twin, voice in (("1" * 32, 1.1, 0.7), ("2" * 32, 1.0, None), ("3" * 32, 1.3, 0.1)):
        folder = tmp_path / f"report{digest[0]}"
        folder.mkdir()
        (folder / "report.json").write_text(report(digest, twin, voice).model_dump_json())
        artifacts.put(f"evaluations/{digest}", folder)
    deployed("1" * 32)
    deployed("2" * 32)
    cards = api.get("/api/evaluations").json()["reports"]
    assert [(card["adapter_digest"][0], card["deployed"], card["passed"]) for card in cards] == [
        ("2", True, False),
        ("1", True, False),
        ("3", False, False),
    ]
    second, first, third = (card["scores"] for card in cards)
    assert second["twin"]["bits_per_byte"] == 1.0
    assert second["base"]["bits_per_byte"] == 1.2
    assert second["previous"]["bits_per_byte"] == 1.1
    assert (second["twin"]["voice_cosine_delta"], second["previous"]["voice_cosine_delta"]) == (None, 0.7)
    assert first["previous"] is None
    assert third["previous"]["bits_per_byte"] == 1.0
    # A figure that is no number is none in JSON, and stops the gate.
    assert cards[0]["gain"]["low"] is None
    assert "not finite" in cards[0]["reasons"][0]


def event(kind: str | None, step: str = "raw_documents", **more: Any) -> dict[str, Any]:
    return {"eventType": kind, "stepKey": step, "timestamp": "1764300000000", "level": "INFO", "message": "m", **more}


def test_the_progress_of_a_run_is_told_as_it_comes(api: httpx.Client, dagster: Any):
    pages = [
        [event("ASSET_MATERIALIZATION_PLANNED"), event("ASSET_MATERIALIZATION_PLANNED", "cleaned_documents")],
        [event("STEP_START"), event(None, message="feed: 3 of 9 pages"), event("ENGINE_EVENT", "")],
        [],
        [event("STEP_FAILURE", failureMetadata={"description": "ada.example.org is away"}), event("RUN_FAILURE", "")],
    ]
    statuses = ["STARTED", "STARTED", "STARTED", "STARTED", "FAILURE"]

    def status(_: Any) -> dict[str, Any]:
        now = statuses.pop(0) if statuses else "FAILURE"
        return {"runOrError": {"__typename": "Run", "runId": RUN, "status": now}}

    def logs(variables: dict[str, Any]) -> dict[str, Any]:
        cursor = int(variables["cursor"] or 0)
        page = {"__typename": "EventConnection", "events": pages[cursor] if cursor < len(pages) else []}
        return {"logsForRun": page | {"cursor": str(cursor + 1), "hasMore": cursor == 0}}

    dagster.answers |= {"TwinRun": status, "TwinEvents": logs}
    answer = api.get(f"/api/runs/{RUN}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = [json.loads(line[5:]) for line in answer.text.splitlines() if line.startswith("data:")]
    assert [(one["type"], one.get("asset"), one.get("status"), one.get("done"), one.get("total")) for one in told] == [
        ("step", "raw_documents", "running", None, None),
        ("progress", None, None, 0, 2),
        ("log", None, None, None, None),
        ("step", "raw_documents", "failed", None, None),
        ("progress", None, None, 1, 2),
        ("end", None, "FAILURE", None, None),
    ]
    assert told[2]["message"] == "feed: 3 of 9 pages"
    assert told[-1]["error"] == told[3]["message"] == "ada.example.org is away"


def test_a_stream_of_progress_says_when_dagster_goes_away(api: httpx.Client, dagster: Any):
    answers = [{"runOrError": {"__typename": "Run", "runId": RUN, "status": "STARTED"}}]
    gone = {"runOrError": {"__typename": "PythonError", "message": "database is locked"}}
    dagster.answers["TwinRun"] = lambda _: answers.pop() if answers else gone
    answer = api.get(f"/api/runs/{RUN}/events")
    (last,) = [json.loads(line[5:]) for line in answer.text.splitlines() if line.startswith("data:")]
    assert last["type"] == "error"
    assert "database is locked" in last["error"]["message"]


def test_an_unknown_run_has_no_progress(api: httpx.Client, dagster: Any):
    dagster.answers["TwinRun"] = {"runOrError": {"__typename": "RunNotFoundError"}}
    assert api.get(f"/api/runs/{RUN}/events").status_code == 404
    assert api.get("/api/runs/not-an-id/events").status_code == 400
