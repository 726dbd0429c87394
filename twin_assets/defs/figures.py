"""Tables and plots for asset metadata: what a person looks at in Dagster's catalog."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import dagster as dg

from twin_assets.text_tables import clip, table


class Dated(Protocol):
    """A document as the tables here show it."""

    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def published_at(self) -> datetime | None: ...


def counts_table(what: str, values: Iterable[str]) -> dg.MarkdownMetadataValue:
    """How often each value occurs, the commonest first."""
    rows = [[value, count] for value, count in Counter(values).most_common()]
    return dg.MetadataValue.md(table([what, "count"], rows) if rows else "none")


def figures_table(figures: Mapping[str, object]) -> dg.MarkdownMetadataValue:
    """Named figures, one a row."""
    return dg.MetadataValue.md(table(["figure", "value"], list(figures.items())))


def samples_table(documents: Sequence[Dated], count: int = 5) -> dg.MarkdownMetadataValue:
    """A few documents spread over all of them."""
    step = max(1, len(documents) // count)
    rows = [[d.published_at, clip(d.title, 40), clip(d.text, 160), d.url] for d in documents[::step][:count]]
    return dg.MetadataValue.md(table(["date", "title", "text", "URL"], rows) if rows else "none")


def timeline(documents: Sequence[Dated]) -> dg.MarkdownMetadataValue:
    """Documents by year as bars of text."""
    years = Counter(d.published_at.year for d in documents if d.published_at)
    if not years:
        return dg.MetadataValue.md("no dated documents")
    longest = max(years.values())
    rows = [[year, years[year], "█" * max(1, round(30 * years[year] / longest))] for year in sorted(years)]
    return dg.MetadataValue.md(table(["year", "documents", ""], rows))
