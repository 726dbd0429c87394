"""Drafts on disk: kept through a crash, listed, accepted, and forgotten without a trace."""

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from twin_assets.drafting.store import FILE, DraftStore, StoredDraft, forget_drafts
from twin_assets.errors import StorageError


def draft(number: int, text: str = "A text", scope: Any = "public", documents: tuple[str, ...] = ()) -> StoredDraft:
    body = {"draft_id": f"draft-{number}", "variants": [{"text": text}], "status": "draft", "accepted_text": None}
    created = f"2026-01-{number + 1:02}T00:00:00+00:00"
    return StoredDraft(f"draft-{number}", created, scope, "asked", documents, body, {"own": []})


def put_and_die(home: Path) -> None:
    store = DraftStore(home)
    for number in range(20):
        store.put(draft(number, "what was written before the crash"))
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_was_put_is_there_after_the_process_was_killed(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=put_and_die, args=(tmp_path,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    store = DraftStore(tmp_path)
    assert len(store.newest(100, None, ["public"])) == 20
    store.put(draft(20))
    assert store.get("draft-20") == draft(20)
    store.close()


def test_drafts_come_newest_first_page_by_page_and_by_scope(tmp_path: Path) -> None:
    store = DraftStore(tmp_path)
    assert store.newest(5, None, ["public"]) == []
    assert not (tmp_path / FILE).exists()
    for number in range(5):
        store.put(draft(number, scope="private" if number == 3 else "public"))

    def ids(limit: int, before: str | None, *scopes: Any) -> list[str]:
        return [one.draft_id[-1] for one in store.newest(limit, before, scopes)]

    assert ids(2, None, "public") == ["4", "2"]
    assert ids(9, "draft-2", "public") == ["1", "0"]
    assert ids(9, "2026-01-03T00:00:00+00:00", "public") == ["1", "0"]
    assert ids(9, None, "public", "private") == ["4", "3", "2", "1", "0"]
    store.close()


def test_accepting_keeps_the_text_as_it_is_typed(tmp_path: Path) -> None:
    store = DraftStore(tmp_path)
    store.put(draft(1))
    typed = 'He said "no";\n\'); DROP TABLE drafts; -- 你好 \\'
    assert store.accept("draft-1", typed)
    found = store.get("draft-1")
    assert found is not None
    assert (found.body["status"], found.body["accepted_text"]) == ("accepted", typed)
    assert not store.accept("draft-9", typed)
    store.close()


def test_a_forgotten_document_takes_its_drafts_along_from_the_file_too(tmp_path: Path) -> None:
    store = DraftStore(tmp_path)
    secret = "the zebrafinch in the radio room"
    store.put(draft(1, secret, documents=("a", "b")))
    store.put(draft(2, "something else", documents=("c",)))
    store.close()
    assert forget_drafts(tmp_path, ["b", "x"]) == 1
    files = b"".join(file.read_bytes() for file in (tmp_path / FILE).parent.iterdir())
    assert secret.encode() not in files
    assert b"something else" in files
    assert forget_drafts(tmp_path / "nowhere", ["a"]) == 0


def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_bytes(b"this is no database" * 100)
    store = DraftStore(tmp_path)
    with pytest.raises(StorageError, match=r"drafts\.sqlite") as caught:
        store.get("draft-1")
    assert "move it away" in caught.value.remedy
