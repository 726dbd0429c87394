"""Runs of a live collector, one after the other, with what is kept between them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from twin_assets.collection.collector import Gone, Item, LiveCollector, Origin, Visit
from twin_assets.collection.web.fetch import Fetcher
from twin_assets.errors import SourceError
from twin_assets.records import Exclusion, RawDocument
from twin_assets.settings import CollectionSettings, SourceConfig

SETTINGS = CollectionSettings(allow_hosts=("127.0.0.1",), delay_s=0, attempts=1, timeout_s=10)


@dataclass
class Run:
    """What one run yielded; `error` is what it ended with."""

    items: list[Item | Gone] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    error: SourceError | None = None

    @property
    def documents(self) -> dict[str, RawDocument]:
        """By native id."""
        return {item.native_id: item for item in self.items if isinstance(item, RawDocument)}

    @property
    def exclusions(self) -> list[Exclusion]:
        return [item for item in self.items if isinstance(item, Exclusion)]

    @property
    def gone(self) -> list[str]:
        return [item.document_id for item in self.items if isinstance(item, Gone)]


@dataclass
class Source:
    """A live source: its runs share documents, notes and validators, as JSON keeps them."""

    collector: LiveCollector
    config: SourceConfig
    author: str = "Jo Doe"
    documents: dict[str, RawDocument] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    validators: dict[str, dict[str, str]] = field(default_factory=dict)
    settings: CollectionSettings = SETTINGS
    waited: list[float] = field(default_factory=list)
    """Seconds that the fetcher would have waited."""

    def run(self, most: int | None = None) -> Run:
        """Collect; as a run that is killed after `most` items, if that is given."""
        run = Run()
        fetcher = Fetcher(self.settings, self.validators, sleep=self.waited.append)
        origin = Origin(self.config, self.collector.kind, self.author)
        visit = Visit(origin, fetcher, dict(self.documents), self.notes, run.reports.append)
        items = self.collector.collect(visit)
        try:
            for item in items:
                self._keep(item)
                run.items.append(item)
                if len(run.items) == most:
                    break
        except SourceError as error:
            run.error = error
        self.notes = json.loads(json.dumps(self.notes))
        return run

    def _keep(self, item: Item | Gone) -> None:
        if isinstance(item, RawDocument):
            self.documents[item.document_id] = item
        elif isinstance(item, Gone):
            self.documents.pop(item.document_id)


def page(body: str, head: str = "", title: str = "A page") -> str:
    """A page of a site."""
    return f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


def prose(topic: str, sentences: int = 12) -> str:
    """Paragraphs about a topic that are long enough to be taken for a text."""
    return "".join(_sentences(topic, sentences))


def _sentences(topic: str, sentences: int) -> Iterator[str]:
    for number in range(1, sentences + 1):
        yield f"<p>Sentence {number} about {topic} says a little more than the one before it did, as letters do.</p>\n"
