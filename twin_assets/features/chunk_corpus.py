"""The chunks of the corpus kept in step with its documents: only what changed is read and cut."""

from dataclasses import dataclass

import pyarrow as pa

from twin_assets.batches import batches
from twin_assets.features.chunk import TokenCounter, chunk_documents, chunker_digest, input_digest
from twin_assets.progress import Meter, Report, silent
from twin_assets.records import Chunk, CorpusDocument
from twin_assets.storage import TableStore
from twin_assets.storage.keyed import Among, absent, differ, looked_up
from twin_assets.storage.parts import in_parts

_BATCH = 1_000
"""Documents in memory at a time."""


@dataclass(frozen=True)
class ChunkingChange:
    """What a run did: documents cut and documents whose chunks were taken out, and the data version afterwards."""

    cut: int
    removed: int
    data_version: str


def chunk_corpus(
    tables: TableStore, count_tokens: TokenCounter, window: int, report: Report = silent
) -> ChunkingChange:
    """Cut what is new or changed, or was cut by another chunker; take out chunks of what is not searched any more.

    All chunks of a batch of documents are written in one commit, so that a process killed at any point leaves no
    document with some of its chunks only. Raises StorageError.

    Args:
        tables: where the corpus is and the chunks go.
        count_tokens: the embedder's tokenizer.
        window: how many tokens the embedder reads, special tokens included.
        report: takes lines of progress.
    """
    chunker = chunker_digest(count_tokens, window)
    corpus = tables.columns(CorpusDocument, ["document_id", "row_digest"], "retrievable")
    wanted = pa.array((input_digest(chunker, row) for row in corpus["row_digest"].to_pylist()), pa.string())
    # All chunks of a document are of one commit: its first one tells what all were made from.
    stored = tables.columns(Chunk, ["document_id", "input_digest"], "position = 0")
    made_from = looked_up(corpus["document_id"], stored, "document_id", "input_digest")
    changed = corpus["document_id"].filter(differ(made_from, wanted))
    gone = absent(stored["document_id"], corpus["document_id"])
    meter = Meter("chunking", len(changed), report)
    for documents in in_parts(tables, CorpusDocument, Among("document_id", changed), _BATCH):
        of_documents = Among("document_id", [document.document_id for document in documents])
        tables.sync(Chunk, chunk_documents(documents, count_tokens, window), of_documents)
        meter.advance(len(documents))
    for ids in batches(gone, _BATCH):
        tables.sync(Chunk, [], Among("document_id", ids))
    return ChunkingChange(len(changed), len(gone), tables.data_version(Chunk))
