"""Rows of documents, from what was collected to the corpus."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from twin_assets.digests import digest
from twin_assets.records.record import Kind, Record, Scope


@dataclass(frozen=True, slots=True)
class RawDocument(Record):
    """A piece of writing as it was collected, own or not; `excluded` says why it is not the author's to train on.

    Two sources may hold the same document (an export and the live side): each has a row of its own.
    """

    TABLE: ClassVar[str] = "raw_documents"
    KEY: ClassVar[str] = "row_id"

    row_id: str
    document_id: str
    source: str
    kind: Kind
    native_id: str
    url: str
    title: str
    text: str
    media_type: Literal["text/html", "text/markdown", "text/plain"]
    published_at: datetime | None
    scope: Scope
    by: str
    excluded: str
    file: str
    row: int
    content_digest: str


@dataclass(frozen=True, slots=True)
class Exclusion(Record):
    """Something that was set aside at a stage, with what a person needs to find it again."""

    TABLE: ClassVar[str] = "exclusions"
    KEY: ClassVar[str] = "exclusion_id"

    exclusion_id: str
    stage: str
    source: str
    file: str
    row: int
    reason: str
    detail: str
    document_id: str

    @classmethod
    def of(
        cls, stage: str, source: str, reason: str, detail: str, *, file: str = "", row: int = 0, document_id: str = ""
    ) -> "Exclusion":
        """An exclusion whose id follows from what it says, so that a second run writes the same row."""
        identity = digest("exclusion", stage, source, file, row, reason, detail, document_id)
        return cls(identity, stage, source, file, row, reason, detail, document_id)


@dataclass(frozen=True, slots=True)
class CleanedDocument(Record):
    """A document as Markdown, structure kept, personal data masked.

    `language` is an ISO 639-1 code, empty where there is too little to tell; `language_confidence` lies in 0..1.
    `input_digest` names the raw row, the cleaner and the boilerplate that made it.
    """

    TABLE: ClassVar[str] = "cleaned_documents"
    KEY: ClassVar[str] = "row_id"

    row_id: str
    document_id: str
    source: str
    kind: Kind
    url: str
    title: str
    text: str
    published_at: datetime | None
    scope: Scope
    words: int
    language: str
    language_confidence: float
    content_digest: str
    input_digest: str


@dataclass(frozen=True, slots=True)
class CleaningState(Record):
    """What is known of a raw document that was cleaned, kept or not: cleaning compares it, so that little is read.

    `candidates` are the digests of its parts that could be boilerplate of its source, `boilerplate` those that were.
    `input_digest` is that of the cleaned document, empty where there is none.
    """

    TABLE: ClassVar[str] = "cleaning_state"
    KEY: ClassVar[str] = "row_id"

    row_id: str
    document_id: str
    source: str
    raw_digest: str
    policy_digest: str
    input_digest: str
    candidates: tuple[int, ...]
    boilerplate: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fingerprint(Record):
    """All that folding and scoring need of a cleaned document, so that its text is read once.

    `made_from` names the cleaned row and the code, `piece_digest` what the corpus takes over from the row,
    `words_digest` the sequence of its words. `shingles` are sorted 32-bit hashes of its runs of 8 words and `minhash`
    is their signature, both little-endian; empty for a text of fewer words. The parts of `quality` are those of
    CorpusDocument.
    """

    TABLE: ClassVar[str] = "fingerprints"
    KEY: ClassVar[str] = "row_id"
    DIGEST_EXCLUDES: ClassVar[frozenset[str]] = frozenset({"shingles", "minhash"})

    row_id: str
    document_id: str
    made_from: str
    piece_digest: str
    words_digest: str
    shingle_count: int
    shingles: bytes
    minhash: bytes
    quality: float
    length_score: float
    prose_share: float
    link_share: float
    repetition: float
    language_confidence: float


@dataclass(frozen=True, slots=True)
class CorpusDocument(Record):
    """One piece of the author's own writing; cross-posts are folded into it and named in `urls` and `sources`.

    `quality` and its parts lie in 0..1; more of `link_share` and `repetition` is worse. A document that is not
    `retrievable` gets no chunks, one that is not `trainable` no samples. `input_digest` names the pieces and the
    thresholds that it was made from.
    """

    TABLE: ClassVar[str] = "corpus"
    KEY: ClassVar[str] = "document_id"

    document_id: str
    kind: Kind
    url: str
    urls: tuple[str, ...]
    sources: tuple[str, ...]
    folded_ids: tuple[str, ...]
    title: str
    text: str
    published_at: datetime | None
    scope: Scope
    words: int
    language: str
    content_digest: str
    quality: float
    length_score: float
    prose_share: float
    link_share: float
    repetition: float
    language_confidence: float
    retrievable: bool
    trainable: bool
    input_digest: str
