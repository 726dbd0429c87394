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
    """A document as Markdown, structure kept; `input_digest` names the raw row and the cleaner that made it."""

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
    content_digest: str
    input_digest: str


@dataclass(frozen=True, slots=True)
class CorpusDocument(Record):
    """One piece of the author's own writing; cross-posts are folded into it and named in `urls` and `sources`."""

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
    content_digest: str


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
    """A chunk with its vector; what the service searches. `embedder` names the model and its digest."""

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

    @classmethod
    def schema_for(cls, dimensions: int) -> pa.Schema:
        """The schema with vectors of a fixed number of dimensions in 32-bit floats, as LanceDB's index wants them."""
        schema = cls.schema()
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
    """The author's text preferred over another answer to the same instruction."""

    TABLE: ClassVar[str] = "preference_dataset"
    KEY: ClassVar[str] = "sample_id"

    sample_id: str
    document_id: str
    start: int
    end: int
    instruction: str
    chosen: str
    rejected: str
    origin: str
    """`base:<model digest>`: what wrote the rejected answer."""
    split: Split
    input_digest: str
