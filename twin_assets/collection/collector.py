"""What the collectors of all kinds share: the protocol, and how documents and exclusions are written down.

Reasons for setting something aside, the same in `RawDocument.excluded` and `Exclusion.reason`:

    draft         never published                       repost        another person's post, passed on
    guest         written by, or with, someone else     not_a_post    not a piece of writing of its own (thread, page)
    private       not meant for the public              orphan_body   a body that no row of the export accounts for
    empty         no words                              missing_body  a row whose body is not in the export
    unreadable    a row or file that cannot be read     too_large     beyond the limit on sizes
    duplicate_id  the same document again in one source; the last one of a kind counts

What has words is a document, with its reason; what has none is an exclusion only.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from twin_assets.collection.archive import Files
from twin_assets.collection.text import storable
from twin_assets.digests import document_id, text_digest
from twin_assets.progress import Report
from twin_assets.records import Exclusion, Kind, RawDocument, Scope
from twin_assets.settings import SourceConfig

STAGE = "collection"
MediaType = Literal["text/html", "text/markdown", "text/plain"]
Item = RawDocument | Exclusion


@dataclass(frozen=True, slots=True)
class Collected:
    """All that one source holds; every document with a reason in `excluded` is among the exclusions, too."""

    documents: list[RawDocument]
    exclusions: list[Exclusion]


@dataclass(frozen=True, slots=True)
class Origin:
    """The source that is being collected, and whose words are own: writes documents and exclusions for collectors."""

    source: SourceConfig
    kind: Kind
    author: str

    def is_own(self, name: str) -> bool:
        """Whether a name in a byline is the author's, whatever its case, accents' encoding and spacing."""
        return _folded(name) in {_folded(own) for own in (self.author, *self.source.own_names)}

    def document(
        self,
        native_id: str,
        text: str,
        media_type: MediaType,
        *,
        file: str,
        row: int = 0,
        url: str = "",
        title: str = "",
        published_at: datetime | None = None,
        scope: Scope = "public",
        by: str = "",
        excluded: str = "",
    ) -> RawDocument:
        """A document of this source; `by` is the author unless it is said."""
        native_id, text = storable(native_id), storable(text)
        return RawDocument(
            document_id=document_id(self.kind, native_id),
            source=self.source.name,
            kind=self.kind,
            native_id=native_id,
            url=storable(url),
            title=" ".join(storable(title).split()),
            text=text,
            media_type=media_type,
            published_at=published_at,
            scope=scope,
            by=" ".join(storable(by).split()) or self.author,
            excluded=excluded,
            file=storable(file),
            row=row,
            content_digest=text_digest(text),
        )

    def exclusion(self, reason: str, detail: str, *, file: str, row: int = 0, native_id: str = "") -> Exclusion:
        """Something that was set aside without becoming a document. `detail` never quotes the author's text."""
        identity = document_id(self.kind, storable(native_id)) if native_id else ""
        return Exclusion.of(
            STAGE, self.source.name, reason, storable(detail), file=storable(file), row=row, document_id=identity
        )


class Collector(Protocol):
    """One kind of source. Collecting yields every document and exclusion in a stable order, and never raises for
    what it finds inside: a row or file that cannot be read is an exclusion."""

    kind: Kind
    title: str
    """What a person calls this kind."""
    suffixes: frozenset[str]
    """The file name suffixes that can matter, in lower case: what a fingerprint and refused files are limited to."""
    looked_for: str
    """What to do when a source of this kind holds nothing: names the files that are looked for."""

    def recognizes(self, names: Sequence[str]) -> bool:
        """Whether files of these names make up a source of this kind."""
        ...

    def collect(self, files: Files, origin: Origin, report: Report) -> Iterator[Item]:
        """Every document and exclusion of the source."""
        ...


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
