"""Jobs and sensors: each lane has one job and one sensor, and the sensors do nothing but ask `lineage.plan`."""

import json
from typing import TYPE_CHECKING

import dagster as dg

from twin_assets.defs.ledger import LANE_TAG, REQUEST_TAG, lanes_at_work, world
from twin_assets.defs.partitions import RECIPES, SOURCES, register
from twin_assets.errors import TwinError
from twin_assets.lineage import GRAPH, LANES, Lane, Request, plan
from twin_assets.settings import load_settings

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

INTERVAL_S = 5
PARTITIONS: dict[Lane, dg.DynamicPartitionsDefinition | None] = {
    "collect": SOURCES,
    "data": None,
    "train": RECIPES,
    "deploy": None,
}
SENSORS: dict[Lane, tuple[str, str]] = {
    "collect": ("source_files", "Collects a source whose files or settings changed."),
    "data": ("features_and_datasets", "Brings everything from the corpus to the datasets up to date."),
    "train": ("training", "Trains, evaluates and registers each recipe whose data or settings changed."),
    "deploy": ("deployment", "Deploys what passed its evaluation."),
}


def job_of(lane: Lane) -> "UnresolvedAssetJobDefinition":
    """The job of a lane: its assets in one process, so that a run costs one start-up."""
    return dg.define_asset_job(
        f"{lane}_job",
        selection=dg.AssetSelection.assets(*(asset.name for asset in GRAPH.values() if asset.lane == lane)),
        partitions_def=PARTITIONS[lane],
        tags={LANE_TAG: lane},
        executor_def=dg.in_process_executor,
    )


def run_request(request: Request) -> dg.RunRequest:
    """A request as Dagster knows it."""
    return dg.RunRequest(
        run_key=request.key,
        job_name=f"{request.lane}_job",
        partition_key=request.partition or None,
        asset_selection=[dg.AssetKey(name) for name in request.assets],
        tags={LANE_TAG: request.lane, REQUEST_TAG: request.digest},
    )


def sensor_of(lane: Lane, job: "UnresolvedAssetJobDefinition") -> dg.SensorDefinition:
    """The level-triggered sensor of a lane."""
    name, description = SENSORS[lane]

    def evaluate(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            settings = load_settings()
        except TwinError as error:
            return dg.SkipReason(str(error))
        if at_work := [above for above in LANES[: LANES.index(lane)] if above in lanes_at_work(context.instance)]:
            return dg.SkipReason(f"waits for the run of {' and '.join(at_work)}")
        register(context.instance, [s.name for s in settings.sources.sources], list(settings.recipes))
        decided = plan(world(context.instance, settings))
        requests = [run_request(r) for r in decided.requests if r.lane == lane]
        cursor = json.dumps({"stale": [str(s.node) for s in decided.stale]})
        if requests:
            return dg.SensorResult(run_requests=requests, cursor=cursor)
        stuck = [r.name for r in decided.exhausted if r.lane == lane]
        behind = [f"{s.node}: {s.reason}" for s in decided.stale if GRAPH[s.node.asset].lane == lane]
        if stuck:
            return dg.SkipReason(f"{', '.join(stuck)} failed and waits for a change, or for `twin run --retry`")
        return dg.SkipReason(f"waits for a run, or for what is above it: {behind}" if behind else "up to date")

    return dg.SensorDefinition(
        name=name,
        description=description,
        evaluation_fn=evaluate,
        jobs=[job],
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )


@dg.definitions
def automation() -> dg.Definitions:
    """One job and one sensor for each lane."""
    jobs = {lane: job_of(lane) for lane in LANES}
    return dg.Definitions(jobs=list(jobs.values()), sensors=[sensor_of(lane, jobs[lane]) for lane in LANES])
