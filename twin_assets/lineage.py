"""The asset graph as data, which assets are behind what they are made from, and what to run next.

Everything here is a pure decision over recorded versions. It is level-triggered: it compares what is with what should
be, so an event that was missed, a process that was killed or a run that was repeated changes nothing in the outcome.
Dagster's sensors, `twin status` and `twin up` all ask this one module.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from twin_assets.digests import digest

Lane = Literal["collect", "data", "train", "deploy"]
LANES: tuple[Lane, ...] = ("collect", "data", "train", "deploy")
MAX_ATTEMPTS = 2
"""Runs of one request before it waits for a person: a fault may pass, a wrong input does not."""


@dataclass(frozen=True)
class Asset:
    """A node of the graph: the lane it runs in, and what it is made from."""

    name: str
    lane: Lane
    upstream: tuple[str, ...] = ()
    partitioned_by: Literal["", "source", "recipe"] = ""


GRAPH: dict[str, Asset] = {
    asset.name: asset
    for asset in (
        Asset("raw_documents", "collect", (), "source"),
        Asset("cleaned_documents", "collect", ("raw_documents",), "source"),
        Asset("corpus", "data", ("cleaned_documents",)),
        Asset("chunks", "data", ("corpus",)),
        Asset("chunk_embeddings", "data", ("chunks",)),
        Asset("instruction_dataset", "data", ("corpus", "chunks")),
        Asset("preference_dataset", "data", ("instruction_dataset",)),
        Asset("sft_adapter", "train", ("instruction_dataset",), "recipe"),
        Asset("dpo_adapter", "train", ("sft_adapter", "preference_dataset"), "recipe"),
        Asset("evaluation_report", "train", ("dpo_adapter", "instruction_dataset", "chunk_embeddings"), "recipe"),
        Asset("registered_model", "train", ("evaluation_report",), "recipe"),
        Asset("deployed_twin", "deploy", ("registered_model",)),
    )
}


@dataclass(frozen=True, order=True)
class Node:
    """One asset, or one partition of it."""

    asset: str
    partition: str = ""

    def __str__(self) -> str:
        return f"{self.asset}[{self.partition}]" if self.partition else self.asset


@dataclass(frozen=True)
class Recorded:
    """What the last materialization of a node recorded: the digest of its output and of what it was made from."""

    data_version: str
    inputs: str
    passed: bool = True
    """False when its gate refused it: nothing is made from it."""


@dataclass(frozen=True)
class Attempts:
    """Runs of one request so far: those that failed by themselves, and all that ended, interrupted ones too."""

    failed: int = 0
    ended: int = 0


@dataclass(frozen=True)
class World:
    """All that a decision depends on.

    `parameters` holds for each node a digest of its settings; `sources` and `recipes` are the partitions wanted now;
    `active` holds lane and partition of unfinished runs; `attempts` counts runs by request digest; `paused` names the
    sources that are not collected by themselves, whose documents count as they are.
    """

    recorded: Mapping[Node, Recorded]
    parameters: Mapping[Node, str]
    sources: Sequence[str]
    recipes: Sequence[str]
    active: frozenset[tuple[Lane, str]] = frozenset()
    attempts: Mapping[str, Attempts] = field(default_factory=dict)
    paused: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Stale:
    """A node that is behind, and why, in words."""

    node: Node
    reason: str


@dataclass(frozen=True)
class Request:
    """A run that should be made: its lane and partition, the assets in it, and the digest of what it is for."""

    lane: Lane
    partition: str
    assets: tuple[str, ...]
    digest: str
    attempts: Attempts

    @property
    def name(self) -> str:
        """The lane with its partition, for a person."""
        return f"{self.lane}[{self.partition}]" if self.partition else self.lane

    @property
    def key(self) -> str:
        """One key for each attempt: asked for twice, it is run once."""
        return f"{self.digest}-{self.attempts.ended}"


@dataclass(frozen=True)
class Plan:
    """What is behind, what to run now, and what is not run again because it failed too often."""

    stale: tuple[Stale, ...]
    requests: tuple[Request, ...]
    exhausted: tuple[Request, ...]

    @property
    def settled(self) -> bool:
        """Whether nothing is left that will be run without a person."""
        return not self.requests


def partitions(asset: Asset, sources: Sequence[str], recipes: Sequence[str]) -> tuple[str, ...]:
    """The partitions of an asset that are wanted now; one empty name for an asset without."""
    return {"": ("",), "source": tuple(sources), "recipe": tuple(recipes)}[asset.partitioned_by]


def inputs_of(node: Node, world: World) -> str | None:
    """Digest of what a node would be made from now; None while something it needs does not exist.

    An asset without partitions above a partitioned one takes the partitions there are: a source that cannot be
    collected stops nobody else. What its gate refused counts as not there.
    """
    asset = GRAPH[node.asset]
    versions: list[tuple[str, str, str]] = []
    for name in asset.upstream:
        upstream = GRAPH[name]
        spread = upstream.partitioned_by and upstream.partitioned_by != asset.partitioned_by
        wanted = partitions(upstream, world.sources, world.recipes)
        keys = wanted if spread else ((node.partition if upstream.partitioned_by else ""),)
        found = [(name, key, world.recorded.get(Node(name, key))) for key in keys]
        present = [(n, k, r.data_version) for n, k, r in found if r is not None and r.passed]
        if not present or (not spread and len(present) < len(found)):
            return None
        versions += present
    return digest(versions, world.parameters.get(node, ""))


def _staleness(node: Node, world: World) -> Stale | None:
    inputs = inputs_of(node, world)
    recorded = world.recorded.get(node)
    if inputs is None or (GRAPH[node.asset].lane == "collect" and node.partition in world.paused):
        return None
    if recorded is None:
        return Stale(node, "never materialized")
    if recorded.inputs == inputs:
        return None
    above = " or ".join(GRAPH[node.asset].upstream) or "its files"
    return Stale(node, f"{above} or its settings changed")


def _lane_request(lane: Lane, partition: str, stale: Sequence[Stale], world: World) -> Request:
    """The stale assets of a lane with all of that lane that lies below them, in one run."""
    behind = {s.node.asset for s in stale}
    selected: list[str] = []
    for asset in GRAPH.values():
        if asset.lane == lane and (asset.name in behind or any(u in selected for u in asset.upstream)):
            selected.append(asset.name)
    identity = digest(lane, partition, [(str(s.node), inputs_of(s.node, world)) for s in stale])
    return Request(lane, partition, tuple(selected), identity, world.attempts.get(identity, Attempts()))


def plan(world: World) -> Plan:
    """Compare what is with what should be.

    A lane waits until the lanes above it have nothing left to do, so that one change is one run of each lane; what
    failed too often does not hold the lanes below back.
    """
    nodes = [Node(a.name, p) for a in GRAPH.values() for p in partitions(a, world.sources, world.recipes)]
    stale = [s for s in (_staleness(node, world) for node in nodes) if s]
    requests: list[Request] = []
    exhausted: list[Request] = []
    for lane in LANES:
        waiting = False
        behind: dict[str, list[Stale]] = {}
        for s in stale:
            if GRAPH[s.node.asset].lane == lane:
                behind.setdefault(s.node.partition, []).append(s)
        for partition, those in behind.items():
            request = _lane_request(lane, partition, those, world)
            if (lane, partition) in world.active:
                continue
            if request.attempts.failed >= MAX_ATTEMPTS:
                exhausted.append(request)
            else:
                requests.append(request)
                waiting = True
        if waiting or any(active == lane for active, _ in world.active):
            break
    return Plan(tuple(stale), tuple(requests), tuple(exhausted))
