"""LanceDB tables of records, kept in step with what a stage computed: only rows that differ are written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import pyarrow as pa

from twin_assets.digests import digest_set
from twin_assets.errors import StorageError
from twin_assets.records import Record
from twin_assets.settings import Settings
from twin_assets.storage.keyed import Among, digest_column
from twin_assets.storage.merge import merge, to_arrow
from twin_assets.storage.sql import one_of

if TYPE_CHECKING:
    from lancedb.table import Table

R = TypeVar("R", bound=Record)

_FAULTS = (OSError, RuntimeError, ValueError)
"""What LanceDB raises: I/O errors, its own, and a wrong name, version, tag or filter."""
_SCANNED = 8192
"""Rows of a batch."""


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

    A sync is one Lance commit: a process killed at any point leaves the last version readable, whole.
    """

    def __init__(self, uri: str, options: Mapping[str, str] | None = None) -> None:
        self._uri = uri
        self._options = dict(options or {})

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The tables that the settings name."""
        return cls(settings.lance_uri, settings.storage.options)

    def table(self, record: type[R], schema: pa.Schema | None = None) -> "Table":
        """The LanceDB table of a record, made empty when there is none. Raises StorageError."""
        found = self.find(record)
        if found is not None:
            return found
        with self.writing(record), self._alone(record):
            # Two writers that create one table at once would overwrite what the first has written into it since.
            try:
                return self.connection().create_table(record.TABLE, schema=schema or record.schema())
            except ValueError:
                # Another process made it in the meantime.
                return self.connection().open_table(record.TABLE)

    def open(self, record: type[R]) -> "Table":
        """The LanceDB table of a record. Raises StorageError when there is none yet."""
        found = self.find(record)
        if found is None:
            raise StorageError(
                f"there is no table {record.TABLE!r} at {self._uri!r} yet",
                f"materialize the asset {record.TABLE!r} first (`twin run`)",
            )
        return found

    def read(self, record: type[R], where: str | None = None, version: int | str | None = None) -> list[R]:
        """All rows as records, in the order of their keys; `where` is an SQL filter, `version` a number or a tag.

        A table that does not exist yet has no rows. Raises StorageError.
        """
        rows = self._rows(record, where, version)
        rows.sort(key=lambda row: str(row[record.KEY]))
        return [record.from_row(row) for row in rows]

    def columns(self, record: type[R], names: Sequence[str], where: str | None = None) -> pa.Table:
        """The named columns of the rows, as Arrow. A table that does not exist yet has no rows. Raises StorageError."""
        table = self.find(record)
        if table is None:
            return pa.schema([record.schema().field(name) for name in names]).empty_table()
        with self.reading(record):
            return _all(table, table.search().select(list(names)), where).to_arrow()

    def scan(self, record: type[R], names: Sequence[str], where: str | None = None) -> Iterator[pa.RecordBatch]:
        """The named columns in batches, of which only one need be in memory. A table that does not exist yet has none.
        Raises StorageError."""
        table = self.find(record)
        if table is None:
            return
        with self.reading(record):
            yield from _all(table, table.search().select(list(names)), where).to_batches(_SCANNED)

    def digests(self, record: type[R], where: str | Among | None = None) -> dict[str, str]:
        """The row digest of each key."""
        names = [record.KEY, "row_digest"]
        if isinstance(where, Among):
            found = where.of(self.scan(record, list(dict.fromkeys([*names, where.column])), where.also))
        else:
            found = iter(self.columns(record, names, where).to_batches())
        return {k: d for batch in found for k, d in zip(*(batch[n].to_pylist() for n in names), strict=True)}

    def data_version(self, record: type[R], where: str | None = None) -> str:
        """Digest of what the rows say: the same rows give the same version, whenever they were written."""
        return digest_column(self.columns(record, ["row_digest"], where)["row_digest"])

    def sync(
        self, record: type[R], rows: Iterable[R], where: str | Among | None = None, schema: pa.Schema | None = None
    ) -> Change:
        """Make the table (or the part that `where` selects) hold exactly `rows`; of two with one key the last counts.

        Rows that are already there in the same words are not written again. A table whose columns are not those of
        `schema`, because the record or the number of dimensions has changed, is written anew with the rows that
        `where` does not select. Raises StorageError.
        """
        wanted = {str(getattr(row, record.KEY)): row for row in rows}
        digests = {key: row.row_digest() for key, row in wanted.items()}
        table = self.table(record, schema)
        stored = self.digests(record, where)
        vanished = [key for key in stored if key not in wanted]
        expected = schema or record.schema()
        if table.schema.equals(expected):
            changed = [key for key, row_digest in digests.items() if stored.get(key) != row_digest]
            batch = to_arrow((wanted[key].to_row() for key in changed), expected)
            with self.writing(record):
                merge(table, record.KEY, batch, one_of(record.KEY, vanished) if vanished else "")
        else:
            changed = list(wanted)
            part = where.sql() if isinstance(where, Among) else where
            kept = self._rows(record, f"NOT ({part})" if part else "false")
            batch = to_arrow([*kept, *(row.to_row() for row in wanted.values())], expected)
            with self.writing(record):
                self.overwrite(record, batch)
        updated = sum(key in stored for key in changed)
        return Change(
            added=len(changed) - updated,
            updated=updated,
            removed=len(vanished),
            unchanged=len(wanted) - len(changed),
            data_version=digest_set(digests.values()),
        )

    def overwrite(self, record: type[R], rows: pa.Table) -> "Table":
        """Write a table anew as its next version, in the columns of `rows`."""
        return self.connection().create_table(record.TABLE, data=rows, mode="overwrite")

    def tag(self, record: type[R], name: str) -> int:
        """Tag the current version of a table, moving the tag when it exists; returns the version's number."""
        table = self.open(record)
        with self.writing(record):
            version = int(table.version)
            if name in table.tags.list():
                table.tags.update(name, version)
            else:
                table.tags.create(name, version)
        return version

    @contextmanager
    def reading(self, record: type[R]) -> Iterator[None]:
        """Turns what LanceDB raises while it reads a record's table into StorageError."""
        try:
            yield
        except _FAULTS as error:
            raise StorageError(
                f"table {record.TABLE!r} at {self._uri!r} cannot be read: {_reason(error)}",
                "check that the place exists and can be reached (`twin doctor`)",
            ) from error

    @contextmanager
    def writing(self, record: type[R]) -> Iterator[None]:
        """Turns what LanceDB raises while it writes a record's table into StorageError."""
        try:
            yield
        except _FAULTS as error:
            raise StorageError(
                f"table {record.TABLE!r} at {self._uri!r} cannot be written: {_reason(error)}",
                "free disk space or mend the storage, then run again: the last good version is still readable",
            ) from error

    @contextmanager
    def _alone(self, record: type[R]) -> Iterator[None]:
        """Held by one writer at a time; on object storage it is Dagster's pool `lance_write` that sees to it."""
        if "://" in self._uri:
            yield
            return
        from filelock import FileLock

        Path(self._uri).mkdir(parents=True, exist_ok=True)
        with FileLock(Path(self._uri) / f".{record.TABLE}.lock"):
            yield

    def connection(self) -> Any:
        """The LanceDB connection, for what is about tables by name; records go through the methods above and below."""
        import lancedb

        return lancedb.connect(self._uri, storage_options=self._options or None)

    def find(self, record: type[R]) -> "Table | None":
        """The LanceDB table of a record, if there is one. Raises StorageError."""
        with self.reading(record):
            try:
                return self.connection().open_table(record.TABLE)
            except ValueError as error:
                if "was not found" not in str(error):
                    raise
                return None

    def is_current(self, record: type[R]) -> bool:
        """Whether there is a table in the columns of the record as it is now. Raises StorageError."""
        table = self.find(record)
        return table is not None and bool(table.schema.equals(record.schema()))

    def _rows(self, record: type[R], where: str | None, version: int | str | None = None) -> list[dict[str, Any]]:
        table = self.find(record)
        if table is None:
            return []
        with self.reading(record):
            if version is not None:
                table.checkout(version)
            rows: list[dict[str, Any]] = _all(table, table.search(), where).to_list()
            return rows


def _all(table: "Table", query: Any, where: str | None) -> Any:
    """A query without LanceDB's limit of ten rows, filtered."""
    return (query.where(where) if where else query).limit(max(table.count_rows(), 1))


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:500]
