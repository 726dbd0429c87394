"""Whether a day's questions and answers are like those of the days before: figures of them, no text, by Evidently."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from twin_assets.datasets.words import word_count
from twin_assets.errors import StorageError
from twin_assets.evidently_page import save_page
from twin_assets.monitoring.traces import Trace
from twin_assets.settings import DriftSettings

COLUMNS = ("question_words", "answer_words", "best_score", "citations")
MANY_ROWS = 1_000
"""Rows of a day from which a test of significance finds differences that do not matter; a distance is used there."""

Verdict = Literal["drifted", "steady", "not enough data"]


class ColumnDrift(BaseModel):
    """The verdict on one figure: `score` is a p-value (`ks`) or a distance (`wasserstein`), a mean None of no rows."""

    column: str
    verdict: Verdict
    test: Literal["ks", "wasserstein"] | None = None
    score: float | None = None
    limit: float | None = None
    mean: float | None = None
    mean_before: float | None = None
    rows: int
    rows_before: int


def describe(traces: Sequence[Trace]) -> Any:
    """The figures of questions and their answers, one row a chat that was answered, as a data frame of floats."""
    import pandas as pd

    rows = [
        (
            word_count(trace.question),
            sum(map(word_count, trace.answers)) / len(trace.answers),
            max((float(one["score"]) for one in trace.citations if "score" in one), default=None),
            len(trace.citations),
        )
        for trace in traces
        if trace.kind == "chat" and not trace.error and any(trace.answers)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype="float64")


def write_drift(
    day: Sequence[Trace], before: Sequence[Trace], settings: DriftSettings, file: Path, name: str
) -> list[ColumnDrift]:
    """Compare a day with the days before, column by column, and write the page; of a day without answers there is none.

    A column with fewer than `min_rows` values on either side gets no verdict. Raises StorageError.
    """
    current, reference = describe(day), describe(before)
    enough = [c for c in COLUMNS if min(current[c].count(), reference[c].count()) >= settings.min_rows]
    test: Literal["ks", "wasserstein"] = "ks" if len(current) < MANY_ROWS else "wasserstein"
    limit = settings.p_value if test == "ks" else settings.distance
    scores: dict[str, float] = {}
    if len(current):
        scores = _page(file, name, current, reference if enough else None, test, limit)
    return [_verdict(c, current[c], reference[c], scores.get(c) if c in enough else None, test, limit) for c in COLUMNS]


def _page(file: Path, name: str, current: Any, reference: Any, test: str, limit: float) -> dict[str, float]:
    # A column that one side has no value of cannot be compared, nor summarized where it is empty.
    numbers = [c for c in COLUMNS if current[c].notna().any() and (reference is None or reference[c].notna().any())]
    try:
        metrics = save_page(file, name, current, reference, numbers=numbers, num_method=test, num_threshold=limit)
    except OSError as error:
        raise StorageError(
            f"the report could not be written to {str(file)!r}: {error}", "free disk space, then run again"
        ) from error
    drifts = [one for one in metrics if one["config"]["type"].endswith(":ValueDrift")]
    return {one["config"]["column"]: float(one["value"]) for one in drifts}


def _verdict(
    column: str, current: Any, reference: Any, score: float | None, test: Literal["ks", "wasserstein"], limit: float
) -> ColumnDrift:
    drifted = score is not None and (score < limit if test == "ks" else score >= limit)
    return ColumnDrift(
        column=column,
        verdict="not enough data" if score is None else "drifted" if drifted else "steady",
        test=test if score is not None else None,
        score=score,
        limit=limit if score is not None else None,
        mean=float(current.mean()) if current.count() else None,
        mean_before=float(reference.mean()) if reference.count() else None,
        rows=int(current.count()),
        rows_before=int(reference.count()),
    )
