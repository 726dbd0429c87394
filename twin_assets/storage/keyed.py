"""Tables compared by their keys as Arrow: an object for every row would take several times the memory."""

from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

Column: TypeAlias = pa.Array | pa.ChunkedArray


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
