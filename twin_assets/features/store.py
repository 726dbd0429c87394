"""The feature store kept in step with the chunks: streamed in batches, and nothing is embedded twice.

What is compared are digests, as Arrow columns; texts and vectors are read only of the rows that differ, one batch at a
time. Each batch is a commit, so an update that is cut off goes on where it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from twin_assets.batches import batches
from twin_assets.digests import digest
from twin_assets.features.active import retired_of, table_of
from twin_assets.features.chunk import embedded_text
from twin_assets.features.embed import EmbeddingModel
from twin_assets.features.encoders import Vectors
from twin_assets.progress import Meter, Report, silent
from twin_assets.records import Chunk, ChunkEmbedding
from twin_assets.storage import TableStore
from twin_assets.storage.keyed import digest_column
from twin_assets.storage.merge import merge
from twin_assets.storage.sql import one_of

if TYPE_CHECKING:
    from lancedb.table import Table

BATCH_ROWS = 2_048
"""Rows embedded and written at once: some 10 MB with their texts."""

_OF_CHUNK = tuple(f.name for f in fields(Chunk) if f.name in {g.name for g in fields(ChunkEmbedding)})


@dataclass(frozen=True)
class StoreUpdate:
    """What an update did: texts embedded, rows written and removed, rows afterwards, and their data version."""

    embedded: int
    written: int
    removed: int
    total: int
    data_version: str


def update_store(
    store: TableStore, embedder: EmbeddingModel, report: Report = silent, batch_rows: int = BATCH_ROWS
) -> StoreUpdate:
    """Make the embedder's table hold exactly the stored chunks.

    A vector depends on heading path and text only. It is reused wherever this embedder has embedded the same words: in
    a chunk that moved or belongs to another source now, or in one that was deleted and has come back.

    Raises:
        StorageError: a table cannot be read or written. What was written until then stays, and is not embedded again.
    """
    return _Update(store, embedder, batch_rows).run(report)


class _Update:
    def __init__(self, store: TableStore, embedder: EmbeddingModel, batch_rows: int) -> None:
        self._store, self._embedder, self._batch_rows = store, embedder, batch_rows
        self._record = table_of(embedder.name)
        self._retired = retired_of(self._record)
        self._schema = self._record.schema_for(embedder.dimensions)
        self._embedded = 0

    def run(self, report: Report) -> StoreUpdate:
        """Write what is new or changed, then take out what has vanished."""
        table = self._store.table(self._record, self._schema)
        wanted, chunks = self._listed()
        stored = self._store.columns(self._record, ["chunk_id", "chunk_digest", "row_digest"])
        pending = wanted.join(stored, ["chunk_id", "row_digest"], ["chunk_id", "chunk_digest"], "left anti")
        vanished = stored.join(wanted, "chunk_id", join_type="left anti")["chunk_id"].to_pylist()
        # In the order of the stored rows: neighbours are read together, and the batches are the same each time.
        pending = pending.sort_by("_rowid")
        meter = Meter("chunks", pending.num_rows, report)
        for row_ids in batches(pending["_rowid"].to_pylist(), self._batch_rows):
            with self._store.reading(Chunk):
                rows = chunks.take_row_ids(row_ids).select([*_OF_CHUNK, "row_digest"]).to_arrow()  # type: ignore[union-attr]
            self._write(table, rows)
            meter.advance(len(row_ids))
        for gone in batches(vanished, self._batch_rows):
            self._retire(self._known(table, one_of("chunk_id", gone)))
            with self._store.writing(self._record):
                table.delete(one_of("chunk_id", gone))
        if pending.num_rows or vanished:
            stored = self._store.columns(self._record, ["row_digest"])
        return StoreUpdate(
            embedded=self._embedded,
            written=pending.num_rows,
            removed=len(vanished),
            total=stored.num_rows,
            data_version=digest_column(stored["row_digest"]),
        )

    def _listed(self) -> tuple[pa.Table, "Table | None"]:
        """Id, digest and row address of each chunk, and the table at the version where these addresses hold."""
        table = self._store.find(Chunk)
        columns = ["chunk_id", "row_digest"]
        if table is None:
            schema = pa.schema([*(pa.field(name, pa.string()) for name in columns), pa.field("_rowid", pa.uint64())])
            return schema.empty_table(), None
        with self._store.reading(Chunk):
            query = table.search().select(columns).with_row_id(True)
            return query.limit(max(table.count_rows(), 1)).to_arrow(), table

    def _write(self, table: "Table", rows: pa.Table) -> None:
        """Embed a batch of chunks and merge it into the table; the words it replaces are retired."""
        texts = [
            embedded_text(path, text)
            for path, text in zip(rows["heading_path"].to_pylist(), rows["text"].to_pylist(), strict=True)
        ]
        digests = [digest(text) for text in texts]
        ids = rows["chunk_id"].to_pylist()
        replaced = self._known(table, one_of("chunk_id", ids))
        now = dict(zip(ids, digests, strict=True))
        other = [now[i] != d for i, d in zip(*_lists(replaced, "chunk_id", "text_digest"), strict=True)]
        self._retire(replaced.filter(pa.array(other, pa.bool_())))
        vectors = self._vectors(table, texts, digests)
        columns = {name: rows[name] for name in _OF_CHUNK}
        columns["embedder"] = pa.array([self._embedder.name] * len(ids))
        columns["vector"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), self._embedder.dimensions)
        columns["text_digest"] = pa.array(digests)
        columns["chunk_digest"] = rows["row_digest"]
        said = pa.table({name: column for name, column in columns.items() if name != "vector"}).to_pylist()
        columns["row_digest"] = pa.array([self._record(**row, vector=()).row_digest() for row in said])
        self._merge(self._record, table, _ordered(columns, self._schema))

    def _vectors(self, table: "Table", texts: Sequence[str], digests: Sequence[str]) -> Vectors:
        """The vectors of the texts: known ones from the tables, the others from the model."""
        position = {text_digest: i for i, text_digest in enumerate(dict.fromkeys(digests))}
        found = np.empty((len(position), self._embedder.dimensions), np.float32)
        missing = dict(zip(digests, texts, strict=True))
        for source in (table, self._store.find(self._retired)):
            if source is None or not missing:
                continue
            known = self._known(source, one_of("text_digest", missing))
            values = known["vector"].combine_chunks()
            matrix = values.flatten().to_numpy().reshape(-1, self._embedder.dimensions)
            for row, text_digest in enumerate(known["text_digest"].to_pylist()):
                if missing.pop(text_digest, None) is not None:
                    found[position[text_digest]] = matrix[row]
        if missing:
            found[[position[d] for d in missing]] = self._embedder.embed(list(missing.values()))
            self._embedded += len(missing)
        return found[[position[d] for d in digests]]

    def _known(self, table: "Table", where: str) -> pa.Table:
        """Document, digest and vector of the rows that match, `chunk_id` among them where the table has one."""
        names = [n for n in ("chunk_id", "document_id", "text_digest", "vector") if n in table.schema.names]
        with self._store.reading(self._record):
            return table.search().where(where).select(names).limit(max(table.count_rows(), 1)).to_arrow()

    def _retire(self, rows: pa.Table) -> None:
        """Keep the vectors of rows that are about to go, one for each text of a document."""
        if not rows.num_rows:
            return
        documents, texts = _lists(rows, "document_id", "text_digest")
        ids = [digest(document, text) for document, text in zip(documents, texts, strict=True)]
        first = list({row_id: row for row, row_id in enumerate(ids)}.values())
        schema = self._retired.schema_for(self._embedder.dimensions)
        columns = {
            "row_id": pa.array(ids),
            **{name: rows[name] for name in ("document_id", "text_digest", "vector")},
            "row_digest": pa.array(ids),
        }
        kept = _ordered(columns, schema).take(first)
        self._merge(self._retired, self._store.table(self._retired, schema), kept)

    def _merge(self, record: type[Any], table: "Table", rows: pa.Table) -> None:
        with self._store.writing(record):
            merge(table, record.KEY, rows)


def _ordered(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    return pa.table([columns[name] for name in schema.names], schema=schema)


def _lists(table: pa.Table, *names: str) -> list[list[str]]:
    return [table[name].to_pylist() for name in names]
