"""The evaluation as an Evidently page: the base model's rows as reference, the twin's as current."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twin_assets.errors import EvaluationError
from twin_assets.evaluation.report import EvaluationReport, SampleRow
from twin_assets.evidently_page import save_page

_FIGURES = ("bits_per_byte", "answer_words", "overlap_words", "words_in_sentence")


def write_html(report: EvaluationReport, file: Path) -> Path:
    """Write the page and return its path. Evidently sends nothing: its telemetry is off.

    Raises EvaluationError: there are no rows, or the file cannot be written.
    """
    if not report.base_rows or not report.twin_rows:
        raise EvaluationError("there is no measured sample to report on", "evaluate on at least one held-out sample")
    reference, current = _frame(report.base_rows), _frame(report.twin_rows)
    figures = [name for name in _FIGURES if reference[name].notna().any() and current[name].notna().any()]
    title = f"Evaluation of {report.recipe}: base (reference) and twin (current)"
    try:
        save_page(file, title, current, reference, numbers=figures)
    except OSError as error:
        raise EvaluationError(
            f"the report could not be written to {str(file)!r}: {error}",
            "free disk space or mend the folder's rights",
        ) from error
    return file


def _frame(rows: Sequence[SampleRow]) -> Any:
    import pandas as pd

    figures = [row.model_dump(include=set(_FIGURES)) for row in rows]
    return pd.DataFrame(figures, columns=list(_FIGURES), dtype="float64")
