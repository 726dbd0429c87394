"""Runs of a live collector that go on from one another, kept as a store would keep them."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from twin_assets.collection.collector import Gone, Item, LiveCollector, Origin, Visit
from twin_assets.collection.web.fetch import Fetcher
from twin_assets.collection.web.page import Page
from twin_assets.progress import silent
from twin_assets.records import Exclusion, RawDocument
from twin_assets.settings import CollectionSettings, SourceConfig

SETTINGS = CollectionSettings(allow_hosts=("127.0.0.1",), delay_s=0)


@dataclass
class Kept:
    """What is stored of a source: `stored` by id, `notes` as JSON; `items` are what the last run yielded."""

    stored: dict[str, RawDocument] = field(default_factory=dict)
    exclusions: dict[str, Exclusion] = field(default_factory=dict)
    notes: str = "{}"
    items: list[Item | Gone] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    def run(self, collector: LiveCollector, url: str, cut_off_after: int | None = None, **config: Any) -> None:
        """One run; what it yields is kept, even if it fails or is cut off after so many items."""
        origin = Origin(SourceConfig(name="live", url=url, **config), collector.kind, "Jo")
        notes: dict[str, Any] = json.loads(self.notes)
        known = dict(self.stored)
        self.items = []
        fetcher = Fetcher(SETTINGS, sleep=self._wait)
        items: Iterator[Item | Gone] = collector.collect(Visit(origin, fetcher, known, notes, silent))
        with closing(items):  # type: ignore[type-var]  # collectors are generators
            try:
                for item in items:
                    self.keep(item)
                    if len(self.items) == cut_off_after:
                        return
            finally:
                self.notes = json.dumps(notes)

    @property
    def documents(self) -> list[RawDocument]:
        """The documents that the last run yielded."""
        return [item for item in self.items if isinstance(item, RawDocument)]

    @property
    def texts(self) -> dict[str, str]:
        """The stored texts by native id."""
        return {document.native_id: document.text for document in self.stored.values()}

    @property
    def reasons(self) -> list[str]:
        """Why things were set aside, of all runs."""
        return sorted(exclusion.reason for exclusion in self.exclusions.values())

    def keep(self, item: Item | Gone) -> None:
        """Take in what a run yields."""
        self.items.append(item)
        if isinstance(item, Exclusion):
            self.exclusions[item.exclusion_id] = item
        elif isinstance(item, Gone):
            del self.stored[item.document_id]
        else:
            self.stored[item.document_id] = item

    def _wait(self, seconds: float) -> None:
        self.waited.append(seconds)


class Answers(Fetcher):
    """A fetcher that answers every request alike, without a server."""

    def __init__(self, value: Any) -> None:
        super().__init__(SETTINGS)
        self._page = Page("https://example.org/", 200, {}, json.dumps(value).encode())

    def get(self, url: str, **_: Any) -> Page:
        return self._page


def read_once(collector: LiveCollector, url: str, notes: dict[str, Any], answer: Any) -> Kept:
    """One run of a collector that knows its account already and gets this answer to whatever it asks."""
    kept = Kept()
    origin = Origin(SourceConfig(name="live", url=url, include_private=True), collector.kind, "Jo")
    for item in collector.collect(Visit(origin, Answers(answer), {}, notes, silent)):
        kept.keep(item)
    return kept
