"""What a person sees of a day in Dagster's catalog."""

import math
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from twin_assets.pictures import new_figure, picture
from twin_assets.text_tables import table

if TYPE_CHECKING:
    from twin_assets.monitoring.alerts import Alert
    from twin_assets.monitoring.drift import ColumnDrift
    from twin_assets.monitoring.metrics import Metrics


def alerts_table(alerts: "Sequence[Alert]") -> dg.MarkdownMetadataValue:
    """Rules that are broken, each with what to do."""
    rows = [[alert.severity, alert.what, alert.remedy] for alert in alerts]
    return dg.MetadataValue.md(table(["severity", "what", "what to do"], rows) if rows else "none")


def drift_table(drift: "Sequence[ColumnDrift]") -> dg.MarkdownMetadataValue:
    """The verdict on each figure."""
    rows = [[d.column, d.verdict, d.mean_before, d.mean, d.test, d.score, d.rows_before, d.rows] for d in drift]
    heads = ["figure", "verdict", "mean before", "mean", "test", "score", "rows before", "rows"]
    return dg.MetadataValue.md(table(heads, rows))


def traffic_plot(days: Sequence[date], history: "Sequence[Metrics]") -> dg.MarkdownMetadataValue:
    """Questions and drafts by day as bars, and the 95th percentile of seconds as a line; newest day first."""
    oldest_first, positions = list(history)[::-1], range(len(days))
    figure = new_figure()
    axes = figure.add_subplot()
    questions, drafts = ([one.get(name) or 0 for one in oldest_first] for name in ("questions", "drafts"))
    axes.bar(positions, questions, label="questions")
    axes.bar(positions, drafts, bottom=questions, label="drafts")
    axes.set_xticks(positions, [f"{day:%d %b}" for day in reversed(days)], rotation=90)
    axes.legend(loc="upper left")
    slowest = [one.get("latency_p95_s") for one in oldest_first]
    seconds = axes.twinx()
    seconds.plot(positions, [math.nan if value is None else value for value in slowest], "k.-")
    seconds.set_ylabel("seconds, 95 of 100")
    return dg.MetadataValue.md(picture(figure, f"traffic and latency from {days[-1]} to {days[0]}"))
