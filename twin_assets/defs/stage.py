"""What every asset function shares: a stage knows what it is made from, and reports what it made."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dagster as dg

from twin_assets.defs.ledger import INPUTS_TAG, PASSED_TAG, PERMANENT_TAG, world
from twin_assets.defs.resources import Twin, TwinResource
from twin_assets.errors import AdapterNotLoaded, EngineError, StorageError, TwinError
from twin_assets.lineage import Node, Recorded, inputs_of
from twin_assets.progress import Report

PASSING = (EngineError, StorageError)
"""Faults that a second run may not meet again."""


@dataclass(frozen=True)
class Stage:
    """An asset being materialized: its node, the twin, and the digest of what it is made from as it began."""

    node: Node
    twin: Twin
    inputs: str
    report: Report
    recorded: Mapping[Node, Recorded]

    def version(self, asset: str, partition: str = "") -> str:
        """The data version of an asset upstream, as it was when this stage began; empty when there is none."""
        found = self.recorded.get(Node(asset, partition))
        return found.data_version if found else ""

    def result(
        self,
        data_version: str,
        metadata: Mapping[str, Any],
        *,
        passed: bool = True,
        checks: Sequence[dg.AssetCheckResult] = (),
    ) -> "dg.MaterializeResult[Any]":
        """The materialization: the digest of the output, what it was made from, and what a person wants to see."""
        return dg.MaterializeResult(
            data_version=dg.DataVersion(data_version),
            metadata=dict(metadata),
            tags={INPUTS_TAG: self.inputs, PASSED_TAG: str(passed).lower()},
            check_results=list(checks),
        )


@contextmanager
def stage(context: dg.AssetExecutionContext, resource: TwinResource) -> Iterator[Stage]:
    """Run the body of an asset. An error of ours becomes a failure that says what to do.

    What cannot pass by itself stamps the run, so that no sensor tries it again.
    """
    twin: Twin | None = None
    try:
        twin = resource.open()
        node = Node(context.asset_key.path[-1], context.partition_key if context.assets_def.partitions_def else "")
        seen = world(context.instance, twin.settings)
        inputs = inputs_of(node, seen)
        if inputs is None:
            raise dg.Failure(f"{node} has nothing to be made from: materialize what is above it first")
        yield Stage(node, twin, inputs, context.log.info, seen.recorded)
    except TwinError as error:
        passes = isinstance(error, PASSING) and not isinstance(error, AdapterNotLoaded)
        if not passes:
            context.instance.add_run_tags(context.run_id, {PERMANENT_TAG: type(error).__name__})
        raise dg.Failure(str(error), allow_retries=passes) from error
    finally:
        if twin is not None:
            twin.close()
