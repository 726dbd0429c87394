"""Tables compared by their keys as Arrow: an object for every row would take several times the memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from twin_assets.digests import digest_sorted
from twin_assets.storage.sql import one_of

_PART = 1024
"""Values of a column that are Python objects at a time."""
Column: TypeAlias = pa.Array | pa.ChunkedArray


@dataclass(frozen=True)
class Among:
    """The rows that have one of these values in a column, and that the SQL filter `also` selects.

    For many values. Lance keeps a copy of an SQL filter for each of a table's files, 0.35 MB of a thousand values;
    these are looked up in what is read.
    """

    column: str
    values: Sequence[str] | Column
    also: str | None = None

    def of(self, read: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Those of the rows read by `also` that have one of the values."""
        wanted = self.values if isinstance(self.values, Column) else pa.array(self.values, pa.string())
        wanted = wanted.combine_chunks() if isinstance(wanted, pa.ChunkedArray) else wanted
        for batch in read:
            yield batch.filter(pc.is_in(batch[self.column], wanted))

    def sql(self) -> str:
        """The same as an SQL filter."""
        values = self.values.to_pylist() if isinstance(self.values, Column) else self.values
        return " AND ".join(filter(None, (self.also, one_of(self.column, values))))


def looked_up(keys: Column, table: pa.Table, key: str, name: str) -> Column:
    """A column of a table in the order of these keys, which its column `key` holds; null where it has none."""
    return table[name].take(pc.index_in(keys, table[key].combine_chunks()))


def differ(left: Column, right: Column) -> Column:
    """Whether two columns differ in each row; what is null differs."""
    return pc.invert(pc.fill_null(pc.equal(left, right), False))


def absent(keys: Column, others: pa.ChunkedArray) -> list[str]:
    """The keys that are not among the others, in order and each once."""
    found: list[str] = keys.filter(pc.invert(pc.is_in(keys, others.combine_chunks()))).unique().sort().to_pylist()
    return found


def digest_column(column: pa.ChunkedArray) -> str:
    """What `digest_set` gives of these values, which are strings."""
    values = column.combine_chunks()
    order = pc.array_sort_indices(values)

    def in_order() -> Iterator[str]:
        for start in range(0, len(order), _PART):
            yield from values.take(order[start : start + _PART]).to_pylist()

    return digest_sorted(in_order())
