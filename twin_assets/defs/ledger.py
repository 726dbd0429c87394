"""What Dagster recorded of each node, as the `World` that `twin_assets.lineage` decides on."""

import dagster as dg

from twin_assets.lineage import GRAPH, MAX_ATTEMPTS, Attempts, Lane, Node, Recorded, World, partitions
from twin_assets.parameters import parameters
from twin_assets.settings import Settings

LANE_TAG = "twin/lane"
REQUEST_TAG = "twin/request"
INPUTS_TAG = "twin/inputs"
PASSED_TAG = "twin/passed"
PERMANENT_TAG = "twin/permanent"
"""Set on a run whose failure a second try would meet again."""
FORGIVEN_TAG = "twin/forgiven"
DATA_VERSION_TAG = "dagster/data_version"

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def recorded(instance: dg.DagsterInstance, node: Node) -> Recorded | None:
    """What the node's last materialization recorded; None when there was none, or not by these assets."""
    found = instance.fetch_materializations(
        dg.AssetRecordsFilter(
            asset_key=dg.AssetKey(node.asset), asset_partitions=[node.partition] if node.partition else None
        ),
        limit=1,
    ).records
    materialization = found[0].asset_materialization if found else None
    tags = materialization.tags if materialization and materialization.tags else {}
    if INPUTS_TAG not in tags:
        return None
    return Recorded(tags.get(DATA_VERSION_TAG, ""), tags[INPUTS_TAG], tags.get(PASSED_TAG, "true") == "true")


def world(instance: dg.DagsterInstance, settings: Settings) -> World:
    """The state of the whole graph, from Dagster's storage and the config as it is now."""
    sources = [source.name for source in settings.sources.sources]
    recipes = list(settings.recipes)
    nodes = [Node(asset.name, p) for asset in GRAPH.values() for p in partitions(asset, sources, recipes)]
    found = {node: recorded(instance, node) for node in nodes}
    return World(
        recorded={node: what for node, what in found.items() if what},
        parameters={node: parameters(settings, node) for node in nodes},
        sources=sources,
        recipes=recipes,
        active=_active(instance),
        attempts=_attempts(instance),
        paused=frozenset(source.name for source in settings.sources.sources if source.paused),
    )


def lanes_at_work(instance: dg.DagsterInstance) -> set[str]:
    """The lanes with an unfinished run; costs one query, where a whole `world` costs some twenty."""
    return {lane for lane, _ in _active(instance)}


def _active(instance: dg.DagsterInstance) -> frozenset[tuple[Lane, str]]:
    runs = instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
    lanes = ((run.tags.get(LANE_TAG), run.tags.get("dagster/partition", "")) for run in runs)
    return frozenset((lane, partition) for lane, partition in lanes if lane)  # type: ignore[misc]


def _attempts(instance: dg.DagsterInstance) -> dict[str, Attempts]:
    """Ended runs by request digest. One that was interrupted with the twin itself is not held against the request;
    a permanent failure, or a run that a person ended, is not tried again until `twin run --retry`.
    """
    attempts: dict[str, Attempts] = {}
    statuses = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    for run in instance.get_runs(dg.RunsFilter(statuses=statuses), limit=500):
        if REQUEST_TAG not in run.tags:
            continue
        request, before = run.tags[REQUEST_TAG], attempts.get(run.tags[REQUEST_TAG], Attempts())
        final = PERMANENT_TAG in run.tags or run.status == dg.DagsterRunStatus.CANCELED
        weight = 0 if FORGIVEN_TAG in run.tags else MAX_ATTEMPTS if final else 1
        attempts[request] = Attempts(before.failed + weight, before.ended + 1)
    return attempts


def forgive(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Do not hold this run against its request: it was interrupted, or a person wants another try."""
    instance.add_run_tags(run.run_id, {FORGIVEN_TAG: "true"})
