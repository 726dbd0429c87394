"""What both dataset assets show: checks, version, drift, style."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from twin_assets.defs.figures import figures_table
from twin_assets.records import DatasetVersion

if TYPE_CHECKING:
    from twin_assets.datasets.checks import DatasetCheck


def check_specs(asset: str, blocking: Mapping[str, str], warning: Mapping[str, str]) -> list[dg.AssetCheckSpec]:
    """Specs of checks by name, with what each says."""
    return [
        dg.AssetCheckSpec(name, asset=asset, blocking=name in blocking, description=what)
        for name, what in {**blocking, **warning}.items()
    ]


def check_results(asset: str, checks: Sequence["DatasetCheck"]) -> list[dg.AssetCheckResult]:
    """Results for Dagster: what does not block warns."""
    return [
        dg.AssetCheckResult(
            asset_key=asset,
            check_name=check.name,
            passed=check.passed,
            severity=dg.AssetCheckSeverity.ERROR if check.blocking else dg.AssetCheckSeverity.WARN,
            metadata={**check.figures, "what": dg.MetadataValue.md(check.line)},
        )
        for check in checks
    ]


def sound(checks: Sequence["DatasetCheck"]) -> bool:
    """Whether everything that blocks has passed."""
    return all(check.passed for check in checks if check.blocking)


def version_metadata(version: DatasetVersion) -> dict[str, Any]:
    """A version's place, parents, settings, and the documents that moved between splits."""
    moved = json.loads(version.moved)
    return {
        "lance_version": version.lance_version,
        "previous_version": version.previous or "none",
        "parents": figures_table({name: ", ".join(found) for name, found in json.loads(version.parents).items()}),
        "settings": dg.MetadataValue.json(json.loads(version.settings)),
        "moved": figures_table({where: len(ids) for where, ids in moved.items()}) if moved else "nothing",
    }
