"""Many rows of a table in parts: each row is read once, by where it lies, and no other row with it."""

from collections.abc import Iterator
from typing import TypeVar

import numpy as np

from twin_assets.batches import one_by_one
from twin_assets.records import Record
from twin_assets.storage.keyed import Among
from twin_assets.storage.tables import TableStore

R = TypeVar("R", bound=Record)


def in_parts(tables: TableStore, record: type[R], among: Among, size: int) -> Iterator[list[R]]:
    """The rows as records, `size` at a time, of the table as it is now.

    They come in the order in which they are stored: rows next to each other are read together. A table that does not
    exist yet has none. Raises StorageError.
    """
    table = tables.find(record)
    if table is None:
        return
    with tables.reading(record):
        query = table.search().select([among.column]).with_row_id(True)
        query = query.where(among.also) if among.also else query
        found = among.of(query.limit(max(table.count_rows(), 1)).to_batches())
        places = np.sort(np.concatenate([np.empty(0, np.uint64), *(batch["_rowid"].to_numpy() for batch in found)]))
    for part in one_by_one(places[at : at + size] for at in range(0, len(places), size)):
        with tables.reading(record):
            rows = table.take_row_ids(part.tolist()).to_arrow().to_pylist()
        yield [record.from_row(row) for row in rows]
