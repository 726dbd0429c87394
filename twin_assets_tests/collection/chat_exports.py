"""Chat exports in memory, and what a collector makes of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from twin_assets.collection.archive import PROSE_BYTES, Refused
from twin_assets.collection.collector import Collector, Origin
from twin_assets.collection.text import Unreadable
from twin_assets.records import Exclusion, RawDocument
from twin_assets.settings import SourceConfig

AUTHOR = "Jo Doe"
GAP = timedelta(minutes=10)


class MemoryFiles:
    """Files by name, as an archive gives them."""

    refused: tuple[Refused, ...] = ()

    def __init__(self, contents: Mapping[str, str | bytes]) -> None:
        self._contents = {n: c if isinstance(c, bytes) else c.encode("utf-8") for n, c in contents.items()}
        self.names = tuple(sorted(contents))

    def read(self, name: str, limit: int = PROSE_BYTES) -> bytes:
        """Raises Unreadable for an empty file, as an archive does."""
        if not self._contents[name]:
            raise Unreadable("empty", "is empty (0 bytes)")
        return self._contents[name]


@dataclass(frozen=True)
class Result:
    """What was collected, and the lines reported on the way."""

    documents: list[RawDocument]
    exclusions: list[Exclusion]
    reports: list[str]

    @property
    def texts(self) -> list[str]:
        """The documents' texts in order."""
        return [d.text for d in self.documents]

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Reason and row of each exclusion in order."""
        return [(e.reason, e.row) for e in self.exclusions]

    def counted(self, reason: str) -> int:
        """How many messages the exclusions for a reason count together."""
        counts = (e.detail.partition(": ")[2].partition(": ")[2] for e in self.exclusions if e.reason == reason)
        return sum(int("".join(c for c in count.partition(";")[0] if c.isdigit()) or 0) for count in counts)

    def stored(self) -> str:
        """Everything that would be stored besides the names of files."""
        rows = [{**record.to_row(), "file": ""} for record in (*self.documents, *self.exclusions)]
        return repr(rows)


def collect_chats(collector: Collector, contents: Mapping[str, str | bytes], **config: Any) -> Result:
    """Run a collector; every row must fit its table and say what a person can act on."""
    source = SourceConfig(**{"name": "chats", "path": "x", "kind": collector.kind, "include_private": True, **config})
    reports: list[str] = []
    items = list(collector.collect(MemoryFiles(contents), Origin(source, collector.kind, AUTHOR), reports.append))
    documents = [item for item in items if isinstance(item, RawDocument)]
    exclusions = [item for item in items if isinstance(item, Exclusion)]
    pa.Table.from_pylist([d.to_row() for d in documents], schema=RawDocument.schema())
    pa.Table.from_pylist([e.to_row() for e in exclusions], schema=Exclusion.schema())
    assert len({d.document_id for d in documents}) == len(documents)
    assert len({e.exclusion_id for e in exclusions}) == len(exclusions)
    assert all(d.text.strip() and not d.excluded and (d.url, d.title) == ("", "") for d in documents)
    assert all(e.detail and e.file for e in exclusions)
    return Result(documents, exclusions, reports)


def expected_turns(said: Iterable[tuple[str, datetime, str]]) -> list[tuple[datetime, str]]:
    """When each turn begins and what it says, in a list of (who, when, text), who being `own`, `other` or neither."""
    turns: list[tuple[datetime, str]] = []
    last: datetime | None = None
    for who, when, text in said:
        if who == "other":
            last = None
        elif who == "own":
            if last is None or when - last > GAP:
                turns.append((when, text))
            else:
                turns[-1] = (turns[-1][0], f"{turns[-1][1]}\n{text}")
            last = when
    return turns
