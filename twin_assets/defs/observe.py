"""What a terminal shows of Dagster: what is behind and why, the runs at work, and their events as they come."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from twin_assets.defs.ledger import LANE_TAG, UNFINISHED, forgive, lanes_at_work, recorded, world
from twin_assets.lineage import GRAPH, Node, Plan, Recorded, plan
from twin_assets.settings import Settings

ORDER = list(GRAPH)


@dataclass(frozen=True)
class State:
    """The graph at a moment."""

    plan: Plan
    active: int
    materialized: int

    @property
    def settled(self) -> bool:
        """Whether nothing runs and nothing is going to."""
        return self.plan.settled and not self.active


@dataclass
class Observer:
    """Follows the runs of an instance from the moment it is made."""

    settings: Settings
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.get)
    _cursors: dict[str, str | None] = field(default_factory=dict)
    _closed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """What ended before now is not told again."""
        ended = self.instance.get_runs(limit=200)
        self._closed = {run.run_id for run in ended if run.is_finished}

    def state(self) -> State:
        """The graph as it is now."""
        seen = world(self.instance, self.settings)
        return State(plan(seen), len(seen.active), len(seen.recorded))

    def at_work(self) -> bool:
        """Whether any run is unfinished; one query, where a `state` is some twenty and takes time from the run."""
        return bool(lanes_at_work(self.instance))

    def recorded(self, asset: str, partition: str = "") -> Recorded | None:
        """What an asset's last materialization recorded."""
        return recorded(self.instance, Node(asset, partition))

    def metadata(self, asset: str, partition: str = "") -> dict[str, object]:
        """The values in the metadata of an asset's last materialization."""
        keys = dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[partition] if partition else None)
        found = self.instance.fetch_materializations(keys, limit=1).records
        if not found or not found[0].asset_materialization:
            return {}
        return {key: value.value for key, value in found[0].asset_materialization.metadata.items()}

    def news(self) -> Iterator[str]:
        """Lines for a person about everything that happened since the last call."""
        runs = [run for run in self.instance.get_runs(limit=50) if run.run_id not in self._closed]
        for run in reversed(runs):
            connection = self.instance.get_records_for_run(run.run_id, cursor=self._cursors.get(run.run_id))
            self._cursors[run.run_id] = connection.cursor
            partition = run.tags.get("dagster/partition", "")
            for record in connection.records:
                line = _line(record.event_log_entry, partition)
                if line:
                    yield line
            if run.is_finished:
                self._closed.add(run.run_id)

    def interrupt(self) -> list[str]:
        """Mark the runs at work as interrupted, so that the next start goes on with them. Returns their ids."""
        runs = [run for run in self.instance.get_runs(dg.RunsFilter(statuses=UNFINISHED)) if LANE_TAG in run.tags]
        for run in runs:
            forgive(self.instance, run)
        return [run.run_id for run in runs]

    def bury(self) -> list[str]:
        """End, in Dagster's books, the runs whose worker is gone. Call it only while no worker can be alive."""
        started = [status for status in UNFINISHED if status != dg.DagsterRunStatus.QUEUED]
        runs = self.instance.get_runs(dg.RunsFilter(statuses=started))
        for run in runs:
            forgive(self.instance, run)
            self.instance.report_run_failed(run, "the twin was stopped while this run was at work")
        return [run.run_id for run in runs]

    def retry(self) -> list[str]:
        """Give every failed request another try. Returns the ids of the runs that are forgiven."""
        failed = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
        runs = [run for run in self.instance.get_runs(dg.RunsFilter(statuses=failed)) if LANE_TAG in run.tags]
        for run in runs:
            forgive(self.instance, run)
        return [run.run_id for run in runs]


def _line(entry: dg.EventLogEntry, partition: str) -> str:
    step = entry.step_key or ""
    name = f"{step}[{partition}]" if step and partition else step
    place = f"{ORDER.index(step) + 1:2d}/{len(ORDER)}" if step in ORDER else "     "
    event = entry.dagster_event
    if event is None:
        return f"{place} {name}: {entry.user_message}" if step in ORDER else ""
    kind = event.event_type
    if kind == dg.DagsterEventType.STEP_START:
        return f"{place} {name}: started"
    if kind == dg.DagsterEventType.STEP_SUCCESS and step in ORDER:
        seconds = event.step_success_data.duration_ms / 1000
        return f"{place} {name}: done in {seconds:.1f} s"
    if kind == dg.DagsterEventType.STEP_FAILURE:
        failure = event.step_failure_data
        detail = failure.user_failure_data.description if failure.user_failure_data else None
        return f"{place} {name}: FAILED: {detail or _cause(failure.error)}"
    if kind == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        check = event.asset_check_evaluation_data
        verdict = "passed" if check.passed else "FAILED"
        return f"{place} check {check.check_name} of {check.asset_key.to_user_string()}: {verdict}"
    if kind == dg.DagsterEventType.RUN_FAILURE and not step:
        return f"      run {entry.run_id[:8]} failed: {entry.user_message or event.message or ''}"
    return ""


def _cause(error: SerializableErrorInfo | None) -> str:
    """The innermost error: the outer ones only say which step it was."""
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error else ""
