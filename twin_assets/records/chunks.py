"""Rows of chunks and their vectors."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import ClassVar

import pyarrow as pa

from twin_assets.records.record import Kind, Record, Scope


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
