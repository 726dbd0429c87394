"""What was answered, by which adapter and from what: kept in the author's home, so that an answer leads back.

A trace holds the question and the answer, because feedback on an answer is a preference between texts. It is a table
of the author's, and no log: nothing of it is written anywhere else, and forgetting a document removes its traces.
"""

import json
import logging
import uuid
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from twin_assets.deployment.records import Deployment
from twin_assets.errors import StorageError
from twin_assets.records import Scope
from twin_assets.storage.sqlite import Database

FILE = "traces/traces.sqlite"
AWAY = "engine_unavailable"
"""The `error` of a trace whose answer the engine did not give, or not to its end."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS traces (
    trace_id TEXT PRIMARY KEY, kind TEXT NOT NULL, asked_at TEXT NOT NULL, model TEXT NOT NULL, scope TEXT NOT NULL,
    question TEXT NOT NULL, answers TEXT NOT NULL, documents TEXT NOT NULL, citations TEXT NOT NULL, deployment TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS traces_by_time ON traces (asked_at);
"""
_MEASURED = {"seconds": "REAL", "first_token_s": "REAL", "error": "TEXT NOT NULL DEFAULT ''"}
"""Columns that files from before answers were measured lack."""
_COLUMNS = (
    "trace_id, kind, asked_at, model, scope, question, answers, documents, citations, deployment, "
    "seconds, first_token_s, error"
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trace:
    """One answer or draft. `citations` are as the client was given them, without their text.

    `seconds` is from the request to the last word, `first_token_s` to the first one, which is not known of an answer
    that was not streamed; None in traces from before they were measured. `error` is the code of the fault that ended
    it, empty for none.
    """

    trace_id: str
    kind: Literal["chat", "draft"]
    asked_at: str
    model: str
    scope: Scope
    question: str
    answers: tuple[str, ...]
    citations: tuple[dict[str, Any], ...]
    deployment: Deployment | None
    seconds: float | None = None
    first_token_s: float | None = None
    error: str = ""

    @property
    def documents(self) -> tuple[str, ...]:
        """The documents that it was written from."""
        return tuple(dict.fromkeys(str(one["document_id"]) for one in self.citations))


def new_id(prefix: str) -> str:
    """An id that cannot be guessed."""
    return f"{prefix}-{uuid.uuid4().hex}"


def cited(citations: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Citations without their text: the document has it."""
    return tuple({key: value for key, value in one.items() if key != "text"} for one in citations)


class TraceStore:
    """The traces of one author, kept until they are old or forgotten. Safe to use from several threads."""

    def __init__(self, home: Path) -> None:
        self._db = Database(home / FILE, _SCHEMA, "the traces", durable=False, added={"traces": _MEASURED})

    def add(self, trace: Trace) -> bool:
        """Keep a trace. An answer is not held back by a full disk: whether it was kept is returned, and logged."""
        values = (
            trace.trace_id,
            trace.kind,
            trace.asked_at,
            trace.model,
            trace.scope,
            trace.question,
            json.dumps(trace.answers, ensure_ascii=False),
            json.dumps(trace.documents),
            json.dumps(trace.citations, ensure_ascii=False),
            trace.deployment.model_dump_json() if trace.deployment else None,
            trace.seconds,
            trace.first_token_s,
            trace.error,
        )
        try:
            self._db.write(f"INSERT INTO traces ({_COLUMNS}) VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608
        except StorageError as error:
            logger.warning("trace %s was not kept: %s", trace.trace_id, error.what)
            return False
        return True

    def get(self, trace_id: str) -> Trace | None:
        """The trace of an id. Raises StorageError."""
        rows = self._db.read(f"SELECT {_COLUMNS} FROM traces WHERE trace_id = ?", (trace_id,))  # noqa: S608
        return _trace(rows[0]) if rows else None

    def between(self, first: date, last: date, most: int | None = None) -> list[Trace]:
        """What was asked from the first day to the last, in UTC and both included, newest first; at most `most`.

        Costs as much as there is in these days, however many traces there are. Raises StorageError.
        """
        # Times are ISO 8601 in UTC, so that a day's come right after its date as a text.
        days = (first.isoformat(), (last + timedelta(days=1)).isoformat())
        rows = self._db.read(
            f"SELECT {_COLUMNS} FROM traces WHERE asked_at >= ? AND asked_at < ? "  # noqa: S608
            "ORDER BY asked_at DESC LIMIT ?",
            (*days, -1 if most is None else most),
        )
        return [_trace(row) for row in rows]

    def days(self, first: date, last: date) -> list[date]:
        """The days from the first to the last on which anything was asked. Raises StorageError."""
        found = self._db.read(
            "SELECT DISTINCT substr(asked_at, 1, 10) FROM traces WHERE asked_at >= ? AND asked_at < ?",
            (first.isoformat(), (last + timedelta(days=1)).isoformat()),
        )
        return sorted(date.fromisoformat(day) for (day,) in found)

    def forget(self, document_ids: Collection[str]) -> int:
        """Remove the traces of answers from documents, from the file, too; how many there were. Raises StorageError."""
        return self._db.forget("traces", "documents", document_ids)

    def prune(self, before: datetime) -> int:
        """Remove the traces of what was asked before a time; how many there were. Raises StorageError.

        The file keeps its size, and new traces take the room: making it smaller would lock the service out meanwhile.
        """
        if not self._db.read("SELECT 1 FROM traces LIMIT 1"):
            return 0
        return self._db.write("DELETE FROM traces WHERE asked_at < ?", (before.astimezone(UTC).isoformat(),))

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _trace(row: tuple[Any, ...]) -> Trace:
    identity, kind, asked_at, model, scope, question, answers, _, citations, deployment, *measured = row
    return Trace(
        identity,
        kind,
        asked_at,
        model,
        scope,
        question,
        tuple(json.loads(answers)),
        tuple(json.loads(citations)),
        Deployment.model_validate_json(deployment) if deployment else None,
        *measured,
    )


def forget_traces(home: Path, document_ids: Collection[str]) -> int:
    """`TraceStore.forget` in an author's home."""
    with closing(TraceStore(home)) as store:
        return store.forget(document_ids)


def prune_traces(home: Path, before: datetime) -> int:
    """`TraceStore.prune` in an author's home."""
    with closing(TraceStore(home)) as store:
        return store.prune(before)
