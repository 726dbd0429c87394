"""LanceDB tables of records, kept in step with what a stage computed: only rows that differ are written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from twin_assets.digests import digest_set
from twin_assets.errors import StorageError
from twin_assets.records import Record

if TYPE_CHECKING:
    from lancedb.table import Table

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Change:
    """What a sync wrote: counts of rows, and the data version of the table (or of the part synced) afterwards."""

    added: int
    updated: int
    removed: int
    unchanged: int
    data_version: str

    @property
    def total(self) -> int:
        """Rows afterwards."""
        return self.added + self.updated + self.unchanged


class TableStore:
    """Tables of records below one URI, local or `s3://`.

    A write is one Lance commit: a process killed at any point leaves the last version readable.
    """

    def __init__(self, uri: str, options: Mapping[str, str] | None = None) -> None:
        self._uri = uri
        self._options = dict(options or {})

    def table(self, record: type[R], schema: pa.Schema | None = None) -> "Table":
        """The LanceDB table of a record, made empty when there is none. Raises StorageError."""
        import lancedb

        try:
            connection = lancedb.connect(self._uri, storage_options=self._options or None)
            return connection.create_table(record.TABLE, schema=schema or record.schema(), exist_ok=True)
        except (OSError, RuntimeError, ValueError) as error:
            raise StorageError(
                f"table {record.TABLE!r} at {self._uri!r} cannot be opened: {error}",
                "check that the place exists, is writable and has room (`twin doctor`)",
            ) from error

    def read(self, record: type[R], where: str | None = None, version: int | str | None = None) -> list[R]:
        """All rows as records, in the order of their keys; `where` is an SQL filter, `version` a number or a tag."""
        table = self.table(record)
        if version is not None:
            table.checkout(version)
        query = table.search()
        rows = (query.where(where) if where else query).limit(max(table.count_rows(), 1)).to_list()
        rows.sort(key=lambda row: str(row[record.KEY]))
        return [record.from_row(row) for row in rows]

    def digests(self, record: type[R], where: str | None = None) -> dict[str, str]:
        """The row digest of each key."""
        table = self.table(record)
        query = table.search().select([record.KEY, "row_digest"])
        rows = (query.where(where) if where else query).limit(max(table.count_rows(), 1)).to_list()
        return {str(row[record.KEY]): str(row["row_digest"]) for row in rows}

    def data_version(self, record: type[R], where: str | None = None) -> str:
        """Digest of what the rows say: the same rows give the same version, whenever they were written."""
        return digest_set(self.digests(record, where).values())

    def sync(
        self, record: type[R], rows: Iterable[R], where: str | None = None, schema: pa.Schema | None = None
    ) -> Change:
        """Make the table (or the part that `where` selects) hold exactly `rows`; of two with one key the last counts.

        Rows that are already there in the same words are not written again. Raises StorageError.
        """
        wanted = {str(getattr(row, record.KEY)): row for row in rows}
        table = self.table(record, schema)
        stored = self.digests(record, where)
        changed = [row for key, row in wanted.items() if stored.get(key) != row.row_digest()]
        vanished = [key for key in stored if key not in wanted]
        try:
            if changed:
                batch = pa.Table.from_pylist([row.to_row() for row in changed], schema=table.schema)
                merge = table.merge_insert(record.KEY).when_matched_update_all().when_not_matched_insert_all()
                merge.execute(batch)
            for some in _batches(vanished, 500):
                table.delete(f"{record.KEY} IN ({', '.join(map(_quoted, some))})")
        except (OSError, RuntimeError) as error:
            raise StorageError(
                f"{len(changed)} rows could not be written to table {record.TABLE!r} at {self._uri!r}: {error}",
                "free disk space or mend the storage, then run again: the last good version is still readable",
            ) from error
        updated = sum(1 for row in changed if str(getattr(row, record.KEY)) in stored)
        return Change(
            added=len(changed) - updated,
            updated=updated,
            removed=len(vanished),
            unchanged=len(wanted) - len(changed),
            data_version=digest_set(row.row_digest() for row in wanted.values()),
        )

    def tag(self, record: type[R], name: str) -> int:
        """Tag the current version of a table, moving the tag when it exists; returns the version's number."""
        table = self.table(record)
        version = int(table.version)
        if name in table.tags.list():
            table.tags.update(name, version)
        else:
            table.tags.create(name, version)
        return version


def equals(column: str, value: str) -> str:
    """An SQL filter `column = value`, quoted."""
    return f"{column} = {_quoted(value)}"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _batches(items: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    return (items[i : i + size] for i in range(0, len(items), size))
