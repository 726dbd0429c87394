"""Ids, links and fingerprints of a repository, and what collecting again costs."""

from pathlib import Path
from typing import Any

import pytest

from twin_assets.collection.git import repository_fingerprint
from twin_assets.collection.git_blame import Authorship
from twin_assets_tests.collection.git_repositories import MAX, Repository, collected

CODE = "def add(a, b):\n    return a + b\n"
LINES = "".join(f"line_{number} = {number}\n" for number in range(10))


def test_ids_and_links_go_by_the_remote(repository: Repository) -> None:
    repository.commit({"docs/a b.md": "Words.\n"})
    root = repository.git("rev-list", "--max-parents=0", "HEAD")
    local = collected(repository.path).documents["docs/a b.md"]
    assert (local.native_id, local.url, local.scope) == (f"local:{root}/docs/a b.md", "", "private")
    repository.git("remote", "add", "origin", "git@GitHub.com:Jo/Words.git")
    hosted = collected(repository.path).documents["docs/a b.md"]
    assert hosted.native_id == "https://github.com/Jo/Words/docs/a b.md"
    assert hosted.url == "https://github.com/Jo/Words/blob/main/docs/a%20b.md"
    repository.git("update-ref", "refs/remotes/origin/trunk", "HEAD")
    repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert "/blob/trunk/" in collected(repository.path).documents["docs/a b.md"].url


def test_documents_are_public_only_where_the_source_says_where_they_are(repository: Repository) -> None:
    repository.commit({"a.md": "Words.\n"})
    repository.git("remote", "add", "origin", "https://github.com/jo/words")
    assert collected(repository.path).documents["a.md"].scope == "private"
    public = collected(repository.path, base_url="https://github.com/jo/words")
    assert public.documents["a.md"].scope == "public"


def test_a_secret_in_the_remote_appears_nowhere(repository: Repository) -> None:
    repository.commit({"a.md": "Words.\n"})
    repository.git("remote", "add", "origin", "https://jo:s3cret@github.com/jo/words.git")
    (document,) = collected(repository.path).items
    assert document.native_id == "https://github.com/jo/words/a.md"  # type: ignore[union-attr]
    assert "s3cret" not in repr(document)


def test_an_unchanged_file_is_not_blamed_again_unless_someone_else_counts_as_the_author(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"a.py": LINES, "b.py": LINES, "own.py": LINES})
    repository.commit({"a.py": LINES + "x = 1\n", "b.py": LINES + "x = 1\n"}, by=MAX)
    blamed: list[str] = []
    blame = Authorship._blame

    def spy(self: Authorship, path: str) -> float:
        blamed.append(path)
        return blame(self, path)

    monkeypatch.setattr(Authorship, "_blame", spy)
    notes: dict[str, Any] = {}
    first = collected(repository.path, notes=notes)
    assert blamed == ["a.py", "b.py"]
    assert collected(repository.path, notes=notes).items == first.items
    assert blamed == ["a.py", "b.py"]
    repository.commit({"b.py": LINES + "x = 2\n"})
    collected(repository.path, notes=notes)
    assert blamed == ["a.py", "b.py", "b.py"]
    both = collected(repository.path, notes=notes, own_names=("Max Roe",))
    assert set(both.documents) == {"a.py", "b.py", "own.py"}


def test_collecting_twice_gives_the_same_and_a_clone_gives_the_same_ids(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.py": CODE, "b.md": "Words.\n", "data/x.csv": "a\n"})
    first = collected(repository.path)
    assert collected(repository.path).items == first.items
    repository.git("clone", "--quiet", "--no-local", str(repository.path), str(tmp_path / "clone"))
    clone = collected(tmp_path / "clone")
    assert {d.document_id for d in clone.documents.values()} == {d.document_id for d in first.documents.values()}


def test_a_fingerprint_changes_with_the_commit_and_the_remote_only(repository: Repository) -> None:
    empty = repository_fingerprint(repository.path)
    repository.commit({"a.py": CODE})
    first = repository_fingerprint(repository.path)
    (repository.path / "a.py").write_text("changed = 1\n")
    repository.git("config", "user.name", "Someone")
    assert repository_fingerprint(repository.path) == first
    repository.commit({"b.py": CODE})
    second = repository_fingerprint(repository.path)
    repository.git("remote", "add", "origin", "git@github.com:jo/words")
    assert len({empty, first, second, repository_fingerprint(repository.path)}) == 4


def test_progress_names_the_source_and_quotes_nothing(repository: Repository) -> None:
    repository.commit({"a.py": "secret = 1\n", "b.py": "x = 1\n"})
    lines: list[str] = []
    collected(repository.path, report=lines.append)
    assert any("code: files: 2 of 2" in line for line in lines)
    assert not any("secret" in line for line in lines)
