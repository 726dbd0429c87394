"""Repositories that are empty, shallow, damaged or hostile."""

import subprocess
from pathlib import Path

import pytest

from twin_assets.collection.git import collect_repository, is_repository, repository_fingerprint
from twin_assets.collection.git_command import Repository as Read
from twin_assets.errors import SourceError
from twin_assets_tests.collection.git_repositories import JO, MAX, Repository, collected

CODE = "def add(a, b):\n    return a + b\n"
LINES = "".join(f"line_{number} = {number}\n" for number in range(10))


def test_a_repository_without_commits_says_so(repository: Repository) -> None:
    assert collected(repository.path).reasons == {".": "empty"}


def test_a_head_that_leads_nowhere_is_an_error(repository: Repository) -> None:
    repository.commit({"a.py": CODE})
    (repository.path / ".git" / "HEAD").write_text("ref: refs/heads/gone\n")
    with pytest.raises(SourceError, match=r"leads to no commit(.|\n)*check out a branch"):
        collected(repository.path)


def test_a_shallow_clone_is_refused_because_it_forgot_who_wrote_what(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.py": LINES}, by=MAX)
    repository.commit({"b.py": CODE})
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.path}", str(tmp_path / "shallow"))
    with pytest.raises(SourceError, match=r"shallow clone(.|\n)*--unshallow"):
        collected(tmp_path / "shallow")


def test_a_blob_that_a_partial_clone_left_out_is_an_exclusion_and_nothing_is_fetched(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit({"a.py": CODE, "b.py": "x = 1\n"})
    lost = repository.git("rev-parse", "HEAD:b.py")
    (repository.path / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    marker = tmp_path / "ran"
    repository.git("config", "remote.origin.url", f"ext::sh -c touch% {marker}")
    repository.git("config", "remote.origin.promisor", "true")
    repository.git("config", "remote.origin.partialclonefilter", "blob:none")
    repository.git("config", "protocol.ext.allow", "always")
    repository.git("config", "core.repositoryformatversion", "1")
    repository.git("config", "extensions.partialClone", "origin")
    found = collected(repository.path)
    assert set(found.documents) == {"a.py"}
    assert found.reasons == {"b.py": "unreadable"}
    assert not marker.exists()


def test_bare_repositories_worktrees_and_submodules_are_read(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.py": CODE, ".gitattributes": "b.py linguist-generated\n", "b.py": CODE})
    bare, tree, parent = tmp_path / "bare.git", tmp_path / "tree", Repository.create(tmp_path / "parent")
    repository.git("clone", "--quiet", "--bare", str(repository.path), str(bare))
    repository.git("worktree", "add", "--quiet", "-b", "side", str(tree))
    parent.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repository.path), "sub")
    for path in (bare, tree, parent.path / "sub"):
        assert is_repository(path)
        assert set(collected(path).documents) == {"a.py"}
        assert len(repository_fingerprint(path)) == 32


def test_what_is_no_repository_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "export.zip").write_bytes(b"PK")
    for path in (tmp_path, tmp_path / "export.zip", tmp_path / "gone"):
        assert not is_repository(path)
        with pytest.raises(SourceError, match=r"is no git repository\n  -> give the folder"):
            collected(path)
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")
    with pytest.raises(SourceError, match="cannot be read as a git repository"):
        repository_fingerprint(tmp_path)


def test_nothing_that_the_repositorys_config_names_is_run(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.py": LINES, ".gitattributes": "*.py diff=evil filter=evil\n"})
    repository.commit({"a.py": LINES + "x = 1\n"}, by=MAX)
    marker = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
    program.chmod(0o755)
    for hook in ("post-index-change", "pre-auto-gc", "reference-transaction", "fsmonitor-watchman"):
        file = repository.path / ".git" / "hooks" / hook
        file.parent.mkdir(exist_ok=True)
        file.write_text(program.read_text())
        file.chmod(0o755)
    included = tmp_path / "included"
    included.write_text(f"[core]\n\tfsmonitor = {program}\n\tpager = {program}\n\thooksPath = {tmp_path}\n")
    keys = ("diff.evil.textconv", "diff.evil.command", "diff.external", "filter.evil.smudge", "filter.evil.clean")
    programs = ("core.sshCommand", "core.gitProxy", "core.editor", "gpg.program", "core.askPass", "pager.log")
    for key in (*keys, *programs, "core.fsmonitor", "pager.blame", "core.alternateRefsCommand"):
        repository.git("config", key, str(program))
    for key, value in {
        "include.path": str(included),
        "log.showSignature": "true",
        "blame.ignoreRevsFile": str(tmp_path / "gone"),
        "diff.orderFile": str(tmp_path / "gone"),
        "core.attributesFile": str(tmp_path / "gone"),
        "core.worktree": str(tmp_path),
        "log.diffMerges": "separate",
        "diff.renames": "false",
        "core.quotePath": "true",
        "log.date": "relative",
    }.items():
        repository.git("config", key, value)
    signed = repository.git("cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\n", 1
    )
    object_file = tmp_path / "commit"
    object_file.write_text(signed + "\n")
    commit = repository.git("hash-object", "-t", "commit", "-w", str(object_file))
    (repository.path / ".git" / "refs" / "heads" / "main").write_text(commit + "\n")
    marker.unlink(missing_ok=True)
    found = collected(repository.path)
    assert (set(found.documents), found.details) == ({"a.py"}, {"./": "1 files of data or settings (.gitattributes 1)"})
    assert found.documents["a.py"].text.endswith("x = 1\n```")
    assert not marker.exists()
    subprocess.run(["git", "-C", repository.path, "log", "-1"], capture_output=True, check=False)
    assert marker.exists(), "this config does run a program where nothing forbids it"


def test_the_environment_of_whoever_runs_it_changes_nothing(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"a.py": CODE})
    expected = collected(repository.path).items
    config = tmp_path / "config"
    config.write_text(
        '[log]\n\tdate = relative\n\tshowSignature = true\n[remote "origin"]\n\turl = https://x.org/a/b\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_TRACE", "1")
    assert collected(repository.path).items == expected


def test_a_damaged_history_is_an_error_with_a_remedy(repository: Repository) -> None:
    first = repository.commit({"a.py": CODE})
    repository.commit({"b.py": CODE})
    (repository.path / ".git" / "objects" / first[:2] / first[2:]).unlink()
    with pytest.raises(SourceError, match=r"history of .* cannot be read(.|\n)*git fsck"):
        collected(repository.path)


def test_without_git_the_error_says_to_install_it(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SourceError, match=r"cannot be started(.|\n)*install git"):
        repository_fingerprint(repository.path)


def test_reading_may_stop_half_way_and_leaves_no_process(repository: Repository) -> None:
    repository.commit({f"{number}.py": CODE for number in range(20)})
    from twin_assets.collection.collector import Origin
    from twin_assets.settings import SourceConfig

    origin = Origin(SourceConfig(name="code", path=repository.path), "git", JO[0])
    items = collect_repository(repository.path, origin, lambda _: None)
    next(items)
    items.close()  # type: ignore[attr-defined]
    with Read(repository.path).blobs() as blobs:
        process = blobs._process
    assert process.returncode is not None


def test_control_characters_in_a_committers_name_confuse_nothing(repository: Repository) -> None:
    repository.commit({"a.py": CODE})
    repository.commit({"b.py": CODE}, by=("Max\x01Jo Doe\x01jo@example.org\x01", "max@example.org"))
    found = collected(repository.path)
    assert set(found.documents) == {"a.py"}
    assert found.reasons == {"b.py": "others_code"}
