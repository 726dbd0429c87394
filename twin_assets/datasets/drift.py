"""A dataset as an Evidently page: its figures, and how they drifted against the version before."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twin_assets.datasets.words import word_count
from twin_assets.errors import StorageError
from twin_assets.evidently_page import save_page
from twin_assets.records import InstructionSample, PreferenceSample
from twin_assets.storage import ArtifactStore

MOST_ROWS = 5_000
"""Rows of each version that are looked at, evenly over the ids, which are digests: drift shows in fewer."""


def drift_page(
    artifacts: ArtifactStore,
    dataset: str,
    data_version: str,
    before: Sequence[InstructionSample] | Sequence[PreferenceSample],
    after: Sequence[InstructionSample] | Sequence[PreferenceSample],
) -> tuple[Path, dict[str, float]]:
    """The page of a version and its figures, from the artifact store; made once a version. Raises StorageError."""
    name = f"datasets/{dataset}-{data_version}"
    if not artifacts.has(name):
        with tempfile.TemporaryDirectory() as folder:
            figures = write_drift_page(before, after, Path(folder) / "report.html", f"{dataset} {data_version[:12]}")
            (Path(folder) / "figures.json").write_text(json.dumps(figures))
            artifacts.put(name, Path(folder))
    kept = artifacts.get(name)
    return kept / "report.html", json.loads((kept / "figures.json").read_text())


def write_drift_page(
    before: Sequence[InstructionSample] | Sequence[PreferenceSample],
    after: Sequence[InstructionSample] | Sequence[PreferenceSample],
    file: Path,
    name: str,
) -> dict[str, float]:
    """Write the page, and return the share of figures that drifted (`drifted_share`; nothing without a version before).

    Of each sample only figures and kinds are shown, no text. Evidently sends nothing: its telemetry is off.
    Raises StorageError: the page cannot be written.
    """
    if not after:
        # Evidently fails on a table without rows.
        file.write_text(f"<!doctype html><title>{name}</title><p>{name}: no samples</p>", encoding="utf-8")
        return {}
    numbers, kinds = _columns(after)
    columns = [*numbers, *kinds]
    reference = _frame(before, columns) if before else None
    try:
        metrics = save_page(file, name, _frame(after, columns), reference, numbers=numbers, kinds=kinds)
    except OSError as error:
        raise StorageError(
            f"the report could not be written to {str(file)!r}: {error}", "free disk space, then run again"
        ) from error
    if reference is None:
        return {}
    shares = [m["value"]["share"] for m in metrics if str(m["metric_name"]).startswith("DriftedCol")]
    return {"drifted_share": float(shares[0])}


def _columns(samples: Sequence[InstructionSample] | Sequence[PreferenceSample]) -> tuple[list[str], list[str]]:
    if samples and isinstance(samples[0], PreferenceSample):
        return ["instruction_words", "chosen_words", "rejected_words", "context_words"], ["split", "origin", "family"]
    return ["instruction_words", "answer_words", "context_words"], ["split", "origin", "family", "kind"]


def _frame(samples: Sequence[InstructionSample] | Sequence[PreferenceSample], columns: list[str]) -> Any:
    import pandas as pd

    ordered: list[InstructionSample | PreferenceSample] = sorted(samples, key=lambda sample: sample.sample_id)
    step = max(1, -(-len(ordered) // MOST_ROWS))
    rows = [[_value(sample, column) for column in columns] for sample in ordered[::step]]
    return pd.DataFrame(rows, columns=columns)


def _value(sample: InstructionSample | PreferenceSample, column: str) -> object:
    if column.endswith("_words"):
        return float(word_count(getattr(sample, column.removesuffix("_words"))))
    value = str(getattr(sample, column))
    return value.partition(":")[0] or "none"
