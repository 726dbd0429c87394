"""Removing rows from a table for good, its old versions included."""

import warnings
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

import pyarrow as pa

from twin_assets.records import Record
from twin_assets.storage.sql import quoted
from twin_assets.storage.tables import TableStore


@dataclass(frozen=True)
class Purged:
    """What was removed: rows of the newest version, and the tags of the versions that held any of it."""

    rows: int
    tags: tuple[str, ...]


def purge(store: TableStore, record: type[Record], document_ids: Collection[str]) -> Purged:
    """Remove every row of the documents from a table, from all its versions and from the files on disk.

    A delete alone only marks rows, and old versions keep them; so what is left is written anew, all older versions are
    removed, and with them the tags of those that held such rows. A row is of a document, too, when that is among its
    `context_documents`. Tags of other versions are moved to the newest one.
    Indexes are dropped: the asset that keeps the table builds them again. Raises StorageError.
    """
    table = store.find(record)
    if table is None or not document_ids:
        return Purged(0, ())
    with store.writing(record):
        tags = {str(name): int(tag["version"]) for name, tag in table.tags.list().items()}
        holding = []
        for name, version in tags.items():
            table.checkout(version)
            if table.count_rows(_held(record, document_ids, table.schema.names)):
                holding.append(name)
        table.checkout_latest()
        held = _held(record, document_ids, table.schema.names)
        rows = table.count_rows(held)
        table.delete(held)
        left = table.to_arrow()
        table = store.overwrite(record, left)
        for name in tags:
            table.tags.delete(name)
            if name not in holding:
                table.tags.create(name, int(table.version))
        with warnings.catch_warnings():
            # LanceDB warns that readers of older versions will fail: that they cannot read them is what is wanted.
            warnings.simplefilter("ignore", UserWarning)
            table.optimize(cleanup_older_than=timedelta(0), delete_unverified=True)
    return Purged(rows, tuple(sorted(holding)))


def _held(record: type[Record], document_ids: Collection[str], columns: Collection[str]) -> str:
    """An SQL filter for the rows made of any of the documents; an old version may lack a column."""
    ids = ", ".join(quoted(i) for i in sorted(document_ids))
    lists = {field.name for field in record.schema() if pa.types.is_list(field.type)}
    conditions = [
        f"array_has_any({name}, make_array({ids}))" if name in lists else f"{name} IN ({ids})"
        for name in record.OF_DOCUMENTS
        if name in columns
    ]
    return " OR ".join(conditions) or "false"
