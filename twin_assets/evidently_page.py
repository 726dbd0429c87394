"""Evidently's pages: what the reports of evaluation, datasets and monitoring share. Its telemetry is off."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def save_page(
    file: Path,
    name: str,
    current: Any,
    reference: Any = None,
    *,
    numbers: Sequence[str],
    kinds: Sequence[str] = (),
    **drift: Any,
) -> list[dict[str, Any]]:
    """Write a page of summaries, and of drift where there is a reference; returns Evidently's metrics.

    Args:
        file: where the page is written.
        name: its title.
        current: a data frame with at least one row; Evidently fails on a table without rows.
        reference: a data frame with the same columns, or None.
        numbers: columns that hold numbers.
        kinds: columns that hold names of kinds.
        drift: options of Evidently's `DataDriftPreset`.

    Raises OSError: the page cannot be written.
    """
    os.environ["DO_NOT_TRACK"] = "1"
    with warnings.catch_warnings():
        # Evidently's own imports use names that NumPy and Litestar have deprecated.
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        from evidently import DataDefinition, Dataset, Report
        from evidently.presets import DataDriftPreset, DataSummaryPreset

    columns = [*numbers, *kinds]
    definition = DataDefinition(numerical_columns=list(numbers), categorical_columns=list(kinds) or None)
    presets: list[Any] = [DataSummaryPreset(columns=columns)]
    before = None
    if reference is not None:
        presets.append(DataDriftPreset(columns=columns, **drift))
        before = Dataset.from_pandas(reference[columns], data_definition=definition)
    with warnings.catch_warnings():
        # A column in which all rows agree has no spread to divide by; Evidently then shows no number for it.
        warnings.filterwarnings("ignore", category=RuntimeWarning)
        snapshot = Report(presets).run(
            Dataset.from_pandas(current[columns], data_definition=definition), before, name=name
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        snapshot.save_html(str(file))
    metrics: list[dict[str, Any]] = snapshot.dict()["metrics"]
    return metrics
