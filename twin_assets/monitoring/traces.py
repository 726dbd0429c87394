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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from twin_assets.deployment.records import Deployment
from twin_assets.errors import StorageError
from twin_assets.records import Scope
from twin_assets.storage.sqlite import Database

FILE = "traces/traces.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS traces (
    trace_id TEXT PRIMARY KEY, kind TEXT NOT NULL, asked_at TEXT NOT NULL, model TEXT NOT NULL, scope TEXT NOT NULL,
    question TEXT NOT NULL, answers TEXT NOT NULL, documents TEXT NOT NULL, citations TEXT NOT NULL, deployment TEXT
) STRICT;
"""
_COLUMNS = "trace_id, kind, asked_at, model, scope, question, answers, documents, citations, deployment"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trace:
    """One answer or draft. `citations` are as the client was given them, without their text."""

    trace_id: str
    kind: Literal["chat", "draft"]
    asked_at: str
    model: str
    scope: Scope
    question: str
    answers: tuple[str, ...]
    citations: tuple[dict[str, Any], ...]
    deployment: Deployment | None

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
        self._db = Database(home / FILE, _SCHEMA, "the traces", durable=False)

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
        )
        try:
            self._db.write(f"INSERT INTO traces ({_COLUMNS}) VALUES ({', '.join('?' * 10)})", values)  # noqa: S608
        except StorageError as error:
            logger.warning("trace %s was not kept: %s", trace.trace_id, error.what)
            return False
        return True

    def get(self, trace_id: str) -> Trace | None:
        """The trace of an id. Raises StorageError."""
        rows = self._db.read(f"SELECT {_COLUMNS} FROM traces WHERE trace_id = ?", (trace_id,))  # noqa: S608
        if not rows:
            return None
        identity, kind, asked_at, model, scope, question, answers, _, citations, deployment = rows[0]
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
        )

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


def forget_traces(home: Path, document_ids: Collection[str]) -> int:
    """`TraceStore.forget` in an author's home."""
    with closing(TraceStore(home)) as store:
        return store.forget(document_ids)


def prune_traces(home: Path, before: datetime) -> int:
    """`TraceStore.prune` in an author's home."""
    with closing(TraceStore(home)) as store:
        return store.prune(before)
