"""One frozen record per stage, with its Arrow schema.

A record names the table it is kept in (`TABLE`) and the field that identifies a row (`KEY`). Times are UTC.
Spans are half-open ranges of characters `[start, end)` into the text of the corpus document.
"""

import types
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Literal, Self, get_args, get_origin, get_type_hints

import pyarrow as pa

from twin_assets.digests import digest

Kind = Literal[
    "linkedin",
    "medium",
    "substack",
    "x",
    "bluesky",
    "mastodon",
    "whatsapp",
    "telegram",
    "wordpress",
    "markdown",
    "git",
    "paper",
    "site",
]
"""A platform or format. Its archive and its live side are of one kind, so that a piece has one id from both."""
Scope = Literal["public", "private"]
Split = Literal["train", "validation", "test"]

_SCALARS: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    bytes: pa.binary(),
    datetime: pa.timestamp("us", tz="UTC"),
}


def _arrow_type(annotation: Any) -> pa.DataType:
    origin = get_origin(annotation)
    if origin is Literal:
        return pa.string()
    if origin is types.UnionType:
        return _arrow_type(next(a for a in get_args(annotation) if a is not type(None)))
    if origin is tuple:
        return pa.list_(_arrow_type(get_args(annotation)[0]))
    return _SCALARS[annotation]


@dataclass(frozen=True, slots=True)
class Record:
    """What all records share: an Arrow schema derived from their fields, and a digest of a row."""

    TABLE: ClassVar[str]
    KEY: ClassVar[str]
    DIGEST_EXCLUDES: ClassVar[frozenset[str]] = frozenset()
    """Fields that are a function of the others, or say only when: they do not make a row a new one."""
    OF_DOCUMENTS: ClassVar[tuple[str, ...]] = ("document_id",)
    """Fields with the ids of the documents that a row was made of: one id, or a list of them."""

    @classmethod
    @cache
    def schema(cls) -> pa.Schema:
        """The Arrow schema of the table, with the `row_digest` column that storage adds last."""
        hints = get_type_hints(cls)
        columns = [pa.field(f.name, _arrow_type(hints[f.name])) for f in fields(cls)]
        return pa.schema([*columns, pa.field("row_digest", pa.string())])

    def row_digest(self) -> str:
        """Digest of what this row says."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in self.DIGEST_EXCLUDES}
        return digest(self.TABLE, values)

    def to_row(self) -> dict[str, Any]:
        """The row as stored."""
        return {**{f.name: getattr(self, f.name) for f in fields(self)}, "row_digest": self.row_digest()}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        """The record that a stored row holds; columns that are not fields are left out."""
        names = (f.name for f in fields(cls))
        return cls(**{n: tuple(row[n]) if isinstance(row[n], list) else row[n] for n in names})


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


@dataclass(frozen=True, slots=True)
class MadeFrom(Record):
    """What the last complete version of a table was made from: digests of its input and of its rows."""

    TABLE: ClassVar[str] = "made_from"
    KEY: ClassVar[str] = "asset"

    asset: str
    inputs: str
    data_version: str


@dataclass(frozen=True, slots=True)
class Chunk(Record):
    """A span of a corpus document that fits the embedder's window; `tokens` counts what is embedded."""

    TABLE: ClassVar[str] = "chunks"
    KEY: ClassVar[str] = "chunk_id"

    chunk_id: str
    document_id: str
    position: int
    start: int
    end: int
    text: str
    heading_path: str
    tokens: int
    title: str
    url: str
    kind: Kind
    published_at: datetime | None
    scope: Scope
    input_digest: str


@dataclass(frozen=True, slots=True)
class ChunkEmbedding(Record):
    """A chunk with its vector; what the service searches. `embedder` names the model, its digest and its precision.

    Each embedder has a table of its own (`embeddings_table`); `ActiveStore` says which one is searched. `text_digest`
    is that of what was embedded, `chunk_digest` that of the chunk's row: both are compared instead of the texts.
    """

    TABLE: ClassVar[str] = "chunk_embeddings"
    KEY: ClassVar[str] = "chunk_id"
    DIGEST_EXCLUDES: ClassVar[frozenset[str]] = frozenset({"vector"})

    chunk_id: str
    document_id: str
    position: int
    start: int
    end: int
    text: str
    heading_path: str
    title: str
    url: str
    kind: Kind
    published_at: datetime | None
    scope: Scope
    embedder: str
    vector: tuple[float, ...]
    text_digest: str = ""
    chunk_digest: str = ""

    @classmethod
    def schema_for(cls, dimensions: int) -> pa.Schema:
        """The schema with vectors of a fixed number of dimensions in 32-bit floats, as LanceDB's index wants them."""
        return _with_vectors(cls.schema(), dimensions)


@dataclass(frozen=True, slots=True)
class RetiredVector(Record):
    """The vector of words that are in no chunk any more: when they come back, they are not embedded again.

    A row belongs to one document, so that forgetting it removes just its rows. One table for each embedder.
    """

    TABLE: ClassVar[str] = "retired_vectors"
    KEY: ClassVar[str] = "row_id"
    DIGEST_EXCLUDES: ClassVar[frozenset[str]] = frozenset({"vector"})

    row_id: str
    document_id: str
    text_digest: str
    vector: tuple[float, ...]

    @classmethod
    def schema_for(cls, dimensions: int) -> pa.Schema:
        """The schema with vectors of a fixed number of dimensions in 32-bit floats."""
        return _with_vectors(cls.schema(), dimensions)


@dataclass(frozen=True, slots=True)
class ActiveStore(Record):
    """The one row that says which table of embeddings is searched; writing it is how a new one takes over."""

    TABLE: ClassVar[str] = "active_store"
    KEY: ClassVar[str] = "key"

    key: str
    table: str
    embedder: str
    model: str


@cache
def embeddings_table(name: str) -> type[ChunkEmbedding]:
    """The record of chunks with vectors as kept in the table `name`."""
    return type("ChunkEmbedding", (ChunkEmbedding,), {"TABLE": name, "__slots__": ()})


@cache
def retired_table(name: str) -> type[RetiredVector]:
    """The record of retired vectors as kept in the table `name`."""
    return type("RetiredVector", (RetiredVector,), {"TABLE": name, "__slots__": ()})


def _with_vectors(schema: pa.Schema, dimensions: int) -> pa.Schema:
    index = schema.get_field_index("vector")
    return schema.set(index, pa.field("vector", pa.list_(pa.float32(), dimensions)))


@dataclass(frozen=True, slots=True)
class InstructionSample(Record):
    """A request, and the author's own text that answers it: a verbatim span of a corpus document.

    Of the family `unanswerable` the answer is one fixed sentence, `start == end`, and `document_id` is the document of
    the first passage in its context.
    """

    TABLE: ClassVar[str] = "instruction_dataset"
    KEY: ClassVar[str] = "sample_id"
    OF_DOCUMENTS: ClassVar[tuple[str, ...]] = ("document_id", "context_documents")

    sample_id: str
    document_id: str
    start: int
    end: int
    instruction: str
    answer: str
    origin: str
    """`teacher:<model>` or `rules`: what wrote the instruction."""
    split: Split
    chunk_ids: tuple[str, ...]
    """The chunks that the answer overlaps: what retrieval should find for this instruction."""
    title: str
    url: str
    kind: Kind
    input_digest: str
    family: str
    """What kind of request it is: a name of `twin_assets.datasets.families`."""
    context: str
    """Retrieved passages as the model is shown them (`twin_assets.prompts.passages_block`); empty for most families."""
    edits: str
    """What was changed in the answer against its span; empty where it is verbatim."""
    context_documents: tuple[str, ...]
    """The documents that passages of `context` are from."""
    context_chunks: tuple[str, ...]
    """The chunks that they are, in their order."""


@dataclass(frozen=True, slots=True)
class PreferenceSample(Record):
    """The author's text, or a person's choice, preferred over another answer to the same instruction.

    Made of an instruction sample it has that sample's id; made of feedback `start == end`, and `document_id` is the
    first document that the draft was written from, empty where there was none.
    """

    TABLE: ClassVar[str] = "preference_dataset"
    KEY: ClassVar[str] = "sample_id"
    OF_DOCUMENTS: ClassVar[tuple[str, ...]] = ("document_id", "used_document_ids")

    sample_id: str
    document_id: str
    start: int
    end: int
    instruction: str
    chosen: str
    rejected: str
    origin: str
    """What the rejected answer is: `base:<model>`, `champion:<adapter>`, `plain:<rules>`, `ungrounded:<document>`; and
    of people `edit:<event>` and `thumb:<event>`."""
    split: Split
    input_digest: str
    family: str
    context: str
    """Retrieved passages as the model is shown them; empty where there were none."""
    used_document_ids: tuple[str, ...]
    """All other documents that text of this row is from: those of its context, and of the rejected answer."""


@dataclass(frozen=True, slots=True)
class FeedbackEvent(Record):
    """What a person said of a draft: an edit of it, or a thumb."""

    TABLE: ClassVar[str] = "feedback"
    KEY: ClassVar[str] = "event_id"
    OF_DOCUMENTS: ClassVar[tuple[str, ...]] = ("used_document_ids",)

    event_id: str
    draft_id: str
    """The trace or draft that it is about."""
    kind: Literal["edit", "thumb_up", "thumb_down"]
    instruction: str
    draft: str
    edited: str
    """The text after the edit; empty for a thumb."""
    created_at: datetime
    used_document_ids: tuple[str, ...]
    """The documents whose passages the draft was written from."""

    @classmethod
    def of(
        cls,
        draft_id: str,
        kind: Literal["edit", "thumb_up", "thumb_down"],
        instruction: str,
        draft: str,
        created_at: datetime,
        *,
        edited: str = "",
        used_document_ids: tuple[str, ...] = (),
    ) -> "FeedbackEvent":
        """An event whose id follows from what it says and when, so that one that is sent twice is one."""
        identity = digest("feedback", draft_id, kind, edited, created_at.isoformat())
        return cls(identity, draft_id, kind, instruction, draft, edited, created_at, used_document_ids)


@dataclass(frozen=True, slots=True)
class DatasetVersion(Record):
    """A version of a dataset: where it is, what it was made of and how, and what is in it. JSON in the last four."""

    TABLE: ClassVar[str] = "dataset_versions"
    KEY: ClassVar[str] = "version_id"
    OF_DOCUMENTS: ClassVar[tuple[str, ...]] = ()

    version_id: str
    dataset: str
    """The table: `instruction_dataset` or `preference_dataset`."""
    digest: str
    """The data version, which is also the tag of the Lance version."""
    lance_version: int
    previous: str
    """Digest of the version before it; empty for the first."""
    created_at: datetime
    settings_digest: str
    parents: str
    """Data versions of the assets that it was made from, by name; several where several gave the same rows."""
    settings: str
    """What decided its content besides its parents."""
    counts: str
    """Counts by name: samples, splits, families, origins, reasons."""
    moved: str
    """Documents whose split differs from the version before: `{"test -> train": [id, ...]}`."""
