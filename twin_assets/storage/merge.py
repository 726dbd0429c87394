"""Rows written and rows deleted as one Lance commit, so that no reader sees one without the other."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from twin_assets.storage.keyed import Among

if TYPE_CHECKING:
    from lancedb.table import Table


def merge(table: "Table", key: str, rows: pa.Table, gone: str = "") -> None:
    """Write rows in the place of those with their keys, and delete those that `gone` selects, an SQL filter or ""."""
    if not rows.num_rows:
        if gone:
            table.delete(gone)
        return
    if not gone and not _has_any(table, key, rows[key]):
        # A merge has the keys of the whole table in memory, with a filter for each of its files.
        table.add(rows)
        return
    insert = table.merge_insert(key).when_matched_update_all().when_not_matched_insert_all()
    if gone:
        insert = insert.when_not_matched_by_source_delete(gone)
    insert.execute(rows)


def _has_any(table: "Table", key: str, keys: pa.ChunkedArray) -> bool:
    """Whether the table has a row with one of these keys."""
    read = table.search().select([key]).limit(max(table.count_rows(), 1)).to_batches()
    return any(batch.num_rows for batch in Among(key, keys).of(read))


def to_arrow(rows: Iterable[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows in the columns of the schema; a column that an older row lacks gets its type's empty value."""
    empty: dict[str, Any] = {field.name: _empty(field.type) for field in schema}
    return pa.Table.from_pylist([{**empty, **row} for row in rows], schema=schema)


def _empty(kind: pa.DataType) -> Any:
    if pa.types.is_string(kind):
        return ""
    if pa.types.is_binary(kind):
        return b""
    if pa.types.is_list(kind):
        return []
    if pa.types.is_timestamp(kind):
        return None
    return 0 if pa.types.is_integer(kind) or pa.types.is_floating(kind) else False
