"""What teachers have answered, on disk: a question that was asked once costs nothing again.

One SQLite file in the author's home. An answer is stored as it arrives, so that an interrupted run goes on where it
was; each names the document that its question was made of, so that it can be forgotten with it.
"""

import sqlite3
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from twin_assets.errors import StorageError

FILE = "teacher/responses.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS responses (
    key TEXT PRIMARY KEY, sample_id TEXT NOT NULL, document_id TEXT NOT NULL, model TEXT NOT NULL, reply TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, cost_usd REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS of_document ON responses (document_id);
"""


class Spent(NamedTuple):
    """Calls of a teacher, their tokens, and what they cost by LiteLLM's price list (0 where it has no price)."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float


class Response(NamedTuple):
    """An answer, by the digest of its question, and what it took."""

    key: str
    sample_id: str
    document_id: str
    model: str
    reply: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0


class ResponseCache:
    """The answers of all teachers of one author. To be closed, or used as a context manager; for one thread.

    Raises StorageError where the file cannot be opened, is no database, or the disk is full.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(file, timeout=60.0)
            # A crash leaves what was committed; what is deleted is overwritten with zeros.
            self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON; " + _SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise self._failed(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def get(self, key: str) -> str | None:
        """The answer to a question, or None."""
        row = self._run("SELECT reply FROM responses WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def put(self, response: Response) -> None:
        """Keep an answer, on disk when this returns."""
        with self._db:
            self._run("INSERT OR REPLACE INTO responses VALUES (?, ?, ?, ?, ?, ?, ?, ?)", response)

    def spent(self, sample_id: str | None = None) -> Spent:
        """What all kept answers took, or those for one sample."""
        where, values = ("", ()) if sample_id is None else (" WHERE sample_id = ?", (sample_id,))
        query = "SELECT count(*), sum(prompt_tokens), sum(completion_tokens), sum(cost_usd) FROM responses"
        calls, asked, answered, cost = self._run(query + where, values).fetchone()
        return Spent(calls, asked or 0, answered or 0, cost or 0.0)

    def forget(self, document_ids: Collection[str]) -> int:
        """Remove the answers to questions that were made of documents, from the file, too; how many there were."""
        removed = 0
        with self._db:
            for document_id in document_ids:
                removed += self._run("DELETE FROM responses WHERE document_id = ?", (document_id,)).rowcount
        if removed:
            self._run("VACUUM", ())
            self._run("PRAGMA wal_checkpoint(TRUNCATE)", ()).fetchall()
        return removed

    def _run(self, query: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        try:
            return self._db.execute(query, values)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> StorageError:
        return StorageError(
            f"the teacher's answers in {str(self._file)!r} cannot be read or written: {error}",
            "free disk space, or remove the file: the teacher is asked again then",
        )


def forget_responses(home: Path, document_ids: Collection[str]) -> int:
    """`ResponseCache.forget` in an author's home; 0 where no teacher was ever asked."""
    file = home / FILE
    if not file.is_file():
        return 0
    with ResponseCache(file) as cache:
        return cache.forget(document_ids)
