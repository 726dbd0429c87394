"""A small SQLite file in the author's home: one connection, used by several threads in turn."""

import json
import sqlite3
import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from twin_assets.errors import StorageError


class Database:
    """A file that is made when it is first used. What was written is there after a crash; what is deleted is
    overwritten with zeros.

    Args:
        file: where it lies.
        schema: `CREATE ... IF NOT EXISTS` statements.
        what: what is in it, for messages.
        durable: each write is on disk when it returns; else the last ones may be lost in a power cut, never in a crash
            of the process.
        added: columns by table that files of an earlier version lack, with their declarations; they are added there.
    """

    def __init__(
        self,
        file: Path,
        schema: str,
        what: str,
        *,
        durable: bool = True,
        added: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self._file, self._schema, self._what = file, schema, what
        self._added = added or {}
        self._synchronous = "FULL" if durable else "NORMAL"
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def read(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query; none where nothing was ever written. Raises StorageError."""
        with self._lock:
            if self._connection is None and not self._file.is_file():
                return []
            try:
                return self._open().execute(query, values).fetchall()
            except (OSError, sqlite3.Error) as error:
                raise self._failed(error) from error

    def write(self, query: str, values: Sequence[object] = ()) -> int:
        """Do one statement as one transaction; how many rows it changed. Raises StorageError."""
        with self._lock:
            try:
                connection = self._open()
                with connection:
                    return connection.execute(query, values).rowcount
            except (OSError, sqlite3.Error) as error:
                raise self._failed(error) from error

    def forget(self, table: str, column: str, document_ids: Collection[str]) -> int:
        """Delete the rows whose `column`, a JSON list of document ids, holds any of these; from the file, too.

        Returns how many there were. Raises StorageError.
        """
        if not self._file.is_file():
            return 0
        held = f"EXISTS (SELECT 1 FROM json_each({column}) JOIN json_each(?) AS gone ON json_each.value = gone.value)"  # noqa: S608
        removed = self.write(f"DELETE FROM {table} WHERE {held}", (json.dumps(sorted(document_ids)),))  # noqa: S608
        if removed:
            with self._lock:
                try:
                    self._open().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                    self._open().execute("VACUUM")
                    self._open().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                except (OSError, sqlite3.Error) as error:
                    raise self._failed(error) from error
        return removed

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._file, timeout=60.0, check_same_thread=False)
            try:
                connection.executescript(
                    f"PRAGMA journal_mode = WAL; PRAGMA synchronous = {self._synchronous}; "
                    f"PRAGMA secure_delete = ON; {self._schema}"
                )
                self._add_columns(connection)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _add_columns(self, connection: sqlite3.Connection) -> None:
        """One process at a time looks and adds: of two that open an old file at once, the second finds it done."""
        for table, columns in self._added.items():
            known = f"SELECT name FROM pragma_table_info('{table}')"  # noqa: S608
            if {name for (name,) in connection.execute(known)} >= set(columns):
                continue
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                there = {name for (name,) in connection.execute(known)}
                for name, declaration in columns.items():
                    if name not in there:
                        connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {declaration}")

    def _failed(self, error: Exception) -> StorageError:
        return StorageError(
            f"{self._what} in {str(self._file)!r} cannot be read or written: {error}",
            "free disk space; if the file is damaged, move it away and start again without it",
        )
