"""One frozen record per stage, with its Arrow schema.

A record names the table it is kept in (`TABLE`) and the field that identifies a row (`KEY`). Times are UTC.
Spans are half-open ranges of characters `[start, end)` into the text of the corpus document.
"""

from twin_assets.records.chunks import (
    ActiveStore,
    Chunk,
    ChunkEmbedding,
    MadeFrom,
    RetiredVector,
    embeddings_table,
    retired_table,
)
from twin_assets.records.documents import (
    CleanedDocument,
    CleaningState,
    CorpusDocument,
    Exclusion,
    Fingerprint,
    RawDocument,
)
from twin_assets.records.record import Kind, Record, Scope, Split
from twin_assets.records.samples import DatasetVersion, FeedbackEvent, InstructionSample, PreferenceSample

__all__ = [
    "ActiveStore",
    "Chunk",
    "ChunkEmbedding",
    "CleanedDocument",
    "CleaningState",
    "CorpusDocument",
    "DatasetVersion",
    "Exclusion",
    "FeedbackEvent",
    "Fingerprint",
    "InstructionSample",
    "Kind",
    "MadeFrom",
    "PreferenceSample",
    "RawDocument",
    "Record",
    "RetiredVector",
    "Scope",
    "Split",
    "embeddings_table",
    "retired_table",
]
