"""Drafts on disk, in the author's home: as they are shown, and what a revision of them needs."""

import json
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin_assets.records import Scope
from twin_assets.storage.sqlite import Database

FILE = "drafts/drafts.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS drafts (
    number INTEGER PRIMARY KEY AUTOINCREMENT, draft_id TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL,
    scope TEXT NOT NULL, asked TEXT NOT NULL, documents TEXT NOT NULL, body TEXT NOT NULL, sources TEXT NOT NULL
) STRICT;
"""
_COLUMNS = "draft_id, created_at, scope, asked, documents, body, sources"


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """A draft. `body` is what clients are shown; `asked` is what the model was asked without material and passages.

    `sources` holds what a revision is written from: `own` passages and `material`, each with title and text, and the
    request. `scope` is `private` where private passages may be in it; `documents` are those of the passages.
    """

    draft_id: str
    created_at: str
    scope: Scope
    asked: str
    documents: tuple[str, ...]
    body: dict[str, Any]
    sources: dict[str, Any]

    @property
    def variants(self) -> list[str]:
        """The texts, in the order of the variants."""
        return [str(variant["text"]) for variant in self.body["variants"]]


class DraftStore:
    """The drafts of one author. Safe to use from several threads. Raises StorageError."""

    def __init__(self, home: Path) -> None:
        self._db = Database(home / FILE, _SCHEMA, "the drafts")

    def put(self, draft: StoredDraft) -> None:
        """Keep a draft, on disk when this returns."""
        self._db.write(
            f"INSERT INTO drafts ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (
                draft.draft_id,
                draft.created_at,
                draft.scope,
                draft.asked,
                json.dumps(draft.documents),
                json.dumps(draft.body, ensure_ascii=False),
                json.dumps(draft.sources, ensure_ascii=False),
            ),
        )

    def get(self, draft_id: str) -> StoredDraft | None:
        """The draft of an id."""
        rows = self._db.read(f"SELECT {_COLUMNS} FROM drafts WHERE draft_id = ?", (draft_id,))  # noqa: S608
        return _draft(rows[0]) if rows else None

    def newest(self, limit: int, before: str | None, scopes: Collection[Scope]) -> list[StoredDraft]:
        """Drafts, the newest first; with `before` (an id, or a time in ISO 8601) those made before it."""
        marks = ", ".join("?" * len(scopes))
        where, values = f"scope IN ({marks})", list[object](scopes)
        if before:
            where += (
                " AND (CASE WHEN EXISTS (SELECT 1 FROM drafts WHERE draft_id = ?)"
                " THEN number < (SELECT number FROM drafts WHERE draft_id = ?) ELSE created_at < ? END)"
            )
            values += [before, before, before]
        query = f"SELECT {_COLUMNS} FROM drafts WHERE {where} ORDER BY number DESC LIMIT ?"  # noqa: S608
        return [_draft(row) for row in self._db.read(query, [*values, limit])]

    def accept(self, draft_id: str, text: str) -> bool:
        """Note the text that was accepted; whether there is such a draft."""
        changed = self._db.write(
            "UPDATE drafts SET body = json_set(body, '$.status', 'accepted', '$.accepted_text', ?) WHERE draft_id = ?",
            (text, draft_id),
        )
        return changed > 0

    def forget(self, document_ids: Collection[str]) -> int:
        """Remove the drafts that were written from documents, from the file, too; how many there were."""
        return self._db.forget("drafts", "documents", document_ids)

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def forget_drafts(home: Path, document_ids: Collection[str]) -> int:
    """`DraftStore.forget` in an author's home."""
    with closing(DraftStore(home)) as store:
        return store.forget(document_ids)


def _draft(row: tuple[Any, ...]) -> StoredDraft:
    identity, created, scope, asked, documents, body, sources = row
    return StoredDraft(
        identity, created, scope, asked, tuple(json.loads(documents)), json.loads(body), json.loads(sources)
    )
