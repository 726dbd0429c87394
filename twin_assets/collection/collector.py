"""What the collectors of all kinds share: the protocol, and how documents and exclusions are written down.

Reasons for setting something aside, the same in `RawDocument.excluded` and `Exclusion.reason`:

    draft         never published                       repost        another person's post, passed on
    guest         written by someone else               coauthored    written with someone else
    private       not meant for the public              not_a_post    not a piece of writing of its own (thread, page)
    empty         no words                              orphan_body   a body that no row of the export accounts for
    unreadable    a row or file that cannot be read     missing_body  a row whose body is not in the export
    too_large     beyond the limit on sizes             paywalled     only the beginning is shown to the public
    deleted       gone from its source                  fork          a copy of another person's repository
    vendored      other people's code beside one's own  generated     written by a program
    others_code   mostly written by other people        robots        its site asks not to fetch it
    system        a line that the chat program wrote    duplicate_id  the same document again in one source

What has words is a document, with its reason; what has none is an exclusion only.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from twin_assets.collection.archive import Files
from twin_assets.collection.text import storable
from twin_assets.digests import document_id, row_id, text_digest
from twin_assets.progress import Report
from twin_assets.records import Exclusion, Kind, RawDocument, Scope
from twin_assets.settings import SourceConfig

if TYPE_CHECKING:
    from twin_assets.collection.web.fetch import Fetcher

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
        identity = document_id(self.kind, native_id)
        return RawDocument(
            row_id=row_id(self.source.name, identity),
            document_id=identity,
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


@dataclass(frozen=True, slots=True)
class Gone:
    """A document collected before that its source does not have any more."""

    document_id: str
    detail: str


@dataclass
class Visit:
    """One run of a live source: how to fetch, what is stored already, and what it noted for itself.

    `known` holds the source's stored documents by id. `notes` is JSON that the collector keeps between runs (cursors,
    revisions of what it has seen); it is stored together with the documents yielded up to then, so a run that is cut
    off goes on from there.
    """

    origin: Origin
    fetcher: "Fetcher"
    known: Mapping[str, RawDocument]
    notes: dict[str, Any]
    report: Report


class LiveCollector(Protocol):
    """One kind of source that is fetched. Like `Collector`, but what it yields is added to what is stored: a document
    that is not yielded again stays as it is, so nothing is fetched twice without need.

    A collector raises FetchError only when the source as a whole cannot be had (its listing, its account); all that it
    yielded before is kept. One page that fails is an exclusion.
    """

    kind: Kind
    title: str
    """What a person calls this kind."""

    def recognizes(self, address: str) -> bool:
        """Whether this address (a URL, a handle, an id) is one of this kind, by its form alone."""
        ...

    def collect(self, visit: Visit) -> Iterator[Item | Gone]:
        """Every document that is new or changed, every exclusion, and every document that is gone."""
        ...


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


DETAILS = {
    "draft": "was never published; `include_drafts: true` collects drafts",
    "repost": "passed on from {by}",
    "guest": "by {by}; if that is the author, add the name to `own_names`",
    "coauthored": "by {by}; `include_coauthored: true` takes it as own",
    "not_a_post": "is a page, a thread or boilerplate, not a piece of writing",
    "orphan_body": "no row of the export accounts for it, so it may never have been published",
    "paywalled": "only its beginning is public: the export has the whole",
    "private": "is not public",
    "deleted": "is not in its source any more",
}
"""What is said of a document that is set aside, by its reason."""


def set_aside(document: RawDocument, origin: Origin) -> Exclusion:
    """The exclusion of a document that has a reason to be one."""
    detail = DETAILS.get(document.excluded, document.excluded).format(by=document.by)
    return exclusion_of(document, origin, document.excluded, detail)


def exclusion_of(document: RawDocument, origin: Origin, reason: str, detail: str) -> Exclusion:
    """An exclusion of a document, where it was found."""
    return Exclusion.of(
        STAGE,
        origin.source.name,
        reason,
        detail,
        file=document.file,
        row=document.row,
        document_id=document.document_id,
    )


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
