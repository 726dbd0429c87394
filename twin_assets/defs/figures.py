"""Tables and plots for asset metadata: what a person looks at in Dagster's catalog."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

import dagster as dg

from twin_assets.pictures import new_figure, picture
from twin_assets.text_tables import clip, table

T = TypeVar("T")

_BAR = 24


class Dated(Protocol):
    """As much of a document as a timeline shows."""

    @property
    def kind(self) -> str: ...
    @property
    def published_at(self) -> datetime | None: ...


class Shown(Dated, Protocol):
    """A document as the tables here show it."""

    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def url(self) -> str: ...


class Moment(NamedTuple):
    """When a document of a kind was published."""

    kind: str
    published_at: datetime | None


def counts_table(what: str, values: Iterable[str]) -> dg.MarkdownMetadataValue:
    """How often each value occurs, the commonest first."""
    rows = [[value, count] for value, count in Counter(values).most_common()]
    return dg.MetadataValue.md(table([what, "count"], rows) if rows else "none")


def figures_table(figures: Mapping[str, object]) -> dg.MarkdownMetadataValue:
    """Named figures, one a row."""
    return dg.MetadataValue.md(table(["figure", "value"], list(figures.items())))


def spread(members: Sequence[T], count: int = 5) -> Sequence[T]:
    """A few members spread over all of them."""
    step = max(1, len(members) // count)
    return members[::step][:count]


def samples_table(documents: Sequence[Shown], count: int = 5) -> dg.MarkdownMetadataValue:
    """A few documents spread over all of them."""
    chosen = spread(documents, count)
    rows = [[d.published_at, clip(d.title, 40), clip(d.text, 160), d.url] for d in chosen]
    return dg.MetadataValue.md(table(["date", "title", "text", "URL"], rows) if rows else "none")


def exclusions_table(reasons: Sequence[str], details: Sequence[str], count: int = 5) -> dg.MarkdownMetadataValue:
    """A few exclusions of each reason, told in full."""
    by_reason: dict[str, list[str]] = {}
    for reason, detail in sorted(zip(reasons, details, strict=True)):
        by_reason.setdefault(reason, []).append(detail)
    rows = [[reason, clip(one, 240)] for reason, those in by_reason.items() for one in spread(those, count)]
    return dg.MetadataValue.md(table(["reason", "what"], rows) if rows else "none")


def histogram(what: str, values: Iterable[float], bins: int = 10) -> dg.MarkdownMetadataValue:
    """How many values of 0..1 lie in each tenth, as bars."""
    counts = Counter(min(int(value * bins), bins - 1) for value in values)
    most = max(counts.values(), default=0)
    rows = [
        [f"{at / bins:.1f} to {(at + 1) / bins:.1f}", f"{'█' * math.ceil(_BAR * counts[at] / most)} {counts[at]}"]
        for at in range(bins)
        if counts
    ]
    return dg.MetadataValue.md(table([what, "count"], rows) if rows else "none")


def timeline(documents: Sequence[Dated]) -> dg.MarkdownMetadataValue:
    """Documents by month, stacked by kind: a plot, and how many have no date."""
    counts = Counter((d.published_at.strftime("%Y-%m"), d.kind) for d in documents if d.published_at)
    if not counts:
        return dg.MetadataValue.md("no dated documents")
    months = _months(min(month for month, _ in counts), max(month for month, _ in counts))
    figure = new_figure()
    axes = figure.add_subplot()
    below = [0] * len(months)
    for kind in sorted({kind for _, kind in counts}):
        bars = [counts[month, kind] for month in months]
        axes.bar(range(len(months)), bars, bottom=below, width=1.0, label=kind)
        below = [low + bar for low, bar in zip(below, bars, strict=True)]
    years = [position for position, month in enumerate(months) if month.endswith("-01")] or [0]
    axes.set_xticks(years, [months[position][:4] for position in years], rotation=90)
    axes.set_ylabel("documents a month")
    axes.legend()
    undated = len(documents) - sum(counts.values())
    note = f"\n\n{undated} without a date" if undated else ""
    return dg.MetadataValue.md(picture(figure, f"documents by month from {months[0]} to {months[-1]}") + note)


def _months(first: str, last: str) -> list[str]:
    """Every month from the first to the last, `YYYY-MM`."""
    start, end = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (first, last))
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in range(start, end + 1)]
