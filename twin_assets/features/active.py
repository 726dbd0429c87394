"""Which table of embeddings is searched: one row of `active_store`, written last, moves every reader at once."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from twin_assets.digests import digest
from twin_assets.records import ActiveStore, ChunkEmbedding, RetiredVector, embeddings_table, retired_table
from twin_assets.storage import TableStore
from twin_assets.storage.maintenance import drop, table_names, written_at

if TYPE_CHECKING:
    from lancedb.table import Table

KEY = "chunk_embeddings"
STORE_VERSION = 1
"""Raised when the same chunks make other rows or columns: the store is then built beside the old one."""
ABANDONED = timedelta(days=1)
"""How long a table that is not pointed to is kept."""


def table_of(embedder: str) -> type[ChunkEmbedding]:
    """The table of an embedder, by its full name: vectors of two embedders never meet in one table."""
    return embeddings_table(f"{ChunkEmbedding.TABLE}_{digest(STORE_VERSION, embedder)[:12]}")


def active(store: TableStore) -> ActiveStore | None:
    """What is searched now; None before the first build, and in a home older than the pointer. Raises StorageError."""
    return next(iter(store.read(ActiveStore)), None)


def active_table(store: TableStore) -> type[ChunkEmbedding]:
    """The table that is searched now; `chunk_embeddings` in a home older than the pointer."""
    pointed = active(store)
    return embeddings_table(pointed.table) if pointed else ChunkEmbedding


def activate(store: TableStore, embedder: str, model: str) -> bool:
    """Let readers follow the table of an embedder, in one commit. Returns whether it was another one before.

    Call it when the table and its indexes are whole. Raises StorageError.
    """
    pointed = ActiveStore(key=KEY, table=table_of(embedder).TABLE, embedder=embedder, model=model)
    return store.sync(ActiveStore, [pointed]).unchanged == 0


class Following:
    """The active table for a long-lived reader: asks for the pointer's newest version, reads it when that changed."""

    def __init__(self, store: TableStore) -> None:
        self._store = store
        self._pointer: Table | None = None
        self._version = -1
        self._record: type[ChunkEmbedding] = ChunkEmbedding

    def record(self) -> type[ChunkEmbedding]:
        """The table to search. Raises StorageError."""
        if self._pointer is None:
            self._pointer = self._store.find(ActiveStore)
        if self._pointer is not None:
            with self._store.reading(ActiveStore):
                self._pointer.checkout_latest()
                version = int(self._pointer.version)
            if version != self._version:
                self._record = active_table(self._store)
                self._version = version
        return self._record


def all_tables(store: TableStore) -> list[type[ChunkEmbedding] | type[RetiredVector]]:
    """Every table with vectors: active, being built, given up, from before the pointer, and retired vectors."""
    found: list[type[ChunkEmbedding] | type[RetiredVector]] = []
    for name in table_names(store):
        if name == ChunkEmbedding.TABLE or name.startswith(f"{ChunkEmbedding.TABLE}_"):
            found.append(embeddings_table(name))
        elif name.startswith(f"{RetiredVector.TABLE}_"):
            found.append(retired_table(name))
    return found


def retired_of(record: type[ChunkEmbedding]) -> type[RetiredVector]:
    """The retired vectors that belong to a table of embeddings."""
    return retired_table(record.TABLE.replace(ChunkEmbedding.TABLE, RetiredVector.TABLE))


def drop_abandoned(store: TableStore, now: datetime, age: timedelta = ABANDONED) -> list[str]:
    """Drop the tables of vectors that the pointer does not name and that nobody has written to for a day, once the
    pointer itself is as old: what is being built stays, and going back to the model of this morning costs nothing.

    Returns the names of the dropped tables. Raises StorageError.
    """
    if active(store) is None or now - written_at(store, ActiveStore.TABLE) < age:
        return []
    in_use = active_table(store)
    kept = {in_use.TABLE, retired_of(in_use).TABLE}
    dropped = [
        record.TABLE
        for record in all_tables(store)
        if record.TABLE not in kept and now - written_at(store, record.TABLE) >= age
    ]
    for name in dropped:
        drop(store, name)
    return dropped
