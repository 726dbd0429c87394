import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from twin_assets.collection.git import collect_repository, is_repository, repository_fingerprint
from twin_assets.collection.git_blame import Authorship
from twin_assets.collection.git_command import Repository as Read
from twin_assets.digests import document_id
from twin_assets.errors import SourceError
from twin_assets.features.clean import CleaningPolicy, clean
from twin_assets_tests.collection.git_repositories import JO, MAX, Repository, collected

CODE = "def add(a, b):\n    return a + b\n"
LINES = "".join(f"line_{number} = {number}\n" for number in range(10))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.create(tmp_path / "work")


def _day(day: int) -> datetime:
    return datetime(2024, 1, day, 12, tzinfo=UTC)


def test_readmes_documents_and_own_code_are_documents(repository: Repository) -> None:
    repository.commit(
        {
            "README.md": "# Adder\n\nIt adds two numbers.\n",
            "docs/guide.rst": "Guide\n=====\n\nAdd two numbers.\n",
            "docs/notes.txt": "A note on adding.\n",
            "notes/adding.md": "Just words on adding.\n",
            "src/add.py": CODE,
            "Makefile": "all:\n\techo add\n",
        }
    )
    found = collected(repository.path)
    assert {(d.file, d.media_type, d.title) for d in found.documents.values()} == {
        ("README.md", "text/markdown", "Adder"),
        ("docs/guide.rst", "text/plain", "docs/guide.rst"),
        ("docs/notes.txt", "text/plain", "docs/notes.txt"),
        ("notes/adding.md", "text/markdown", "notes/adding.md"),
        ("src/add.py", "text/markdown", "src/add.py"),
        ("Makefile", "text/markdown", "Makefile"),
    }
    assert found.documents["src/add.py"].text == f"```python\n{CODE}```"
    assert found.documents["Makefile"].text == "```make\nall:\n\techo add\n```"
    assert all(d.by == "Jo Doe" and d.published_at == _day(2) for d in found.documents.values())
    assert found.reasons == {}


def test_code_survives_cleaning_byte_for_byte(repository: Repository) -> None:
    code = '"""\n````\nfour\n````\n"""\n\n\n\n# <b>{{ x }}</b>   \n\tname = "ﬁ\u00a0\u200bx"  \n~~~\n![a](b)\n'
    repository.commit({"a.py": code})
    document = collected(repository.path).documents["a.py"]
    cleaned, _ = clean(document, CleaningPolicy(min_words=1))
    assert cleaned is not None
    assert cleaned.text == f"`````python\n{code}`````"


def test_only_what_is_checked_in_is_read(repository: Repository) -> None:
    repository.commit({"a.py": CODE})
    (repository.path / "a.py").write_text("changed = 1\n")
    (repository.path / "b.py").write_text("added = 1\n")
    (repository.path / ".mailmap").write_text("Max Roe <max@example.org> <jo@example.org>\n")
    found = collected(repository.path)
    assert list(found.documents) == ["a.py"]
    assert found.documents["a.py"].text == f"```python\n{CODE}```"


def test_files_are_the_authors_from_half_of_their_lines(repository: Repository) -> None:
    repository.commit({"own.py": LINES, "half.py": LINES[:44], "theirs.py": "one = 1\n"})
    repository.commit({"half.py": LINES[:44] + "four = 4\nfive = 5\nsix = 6\nseven = 7\n"}, by=MAX)
    repository.commit({"theirs.py": "one = 1\n" + LINES, "alone.py": LINES, "mostly.py": LINES}, by=MAX)
    repository.commit({"mostly.py": LINES + "ten = 10\n"})
    found = collected(repository.path)
    assert set(found.documents) == {"own.py", "half.py"}
    assert found.reasons == {"theirs.py": "others_code", "alone.py": "others_code", "mostly.py": "others_code"}
    assert found.details["theirs.py"] == "9% of its lines are the author's"
    assert found.details["alone.py"] == "0% of its lines are the author's"
    exclusion = next(i for i in found.items if i.file == "alone.py")
    native = f"local:{repository.git('rev-list', '--max-parents=0', 'HEAD')}/alone.py"
    assert exclusion.document_id == document_id("git", native)


def test_lines_that_another_person_only_indented_or_moved_stay_the_authors(repository: Repository) -> None:
    block = "".join(f"    value_{number} = compute({number}, 'some longer text')\n" for number in range(8))
    repository.commit({"a.py": f"def first():\n{block}"})
    indented = "".join(f"    {line}\n" for line in block.splitlines())
    repository.commit({"a.py": f"class A:\n    def first():\n{indented}"}, by=MAX)
    assert "a.py" in collected(repository.path).documents


def test_the_author_is_known_by_any_own_name_or_address(repository: Repository) -> None:
    repository.commit({"a.py": CODE}, by=("jd", "12345+jodoe@users.noreply.github.com"))
    repository.commit({"b.py": CODE}, by=("JO  DOE", "old@example.org"))
    repository.commit({"c.py": CODE}, by=("j", "J.Doe@Work.example"))
    repository.commit({"d.py": CODE}, by=MAX)
    found = collected(repository.path, own_names=("jodoe", "j.doe@work.example"))
    assert set(found.documents) == {"a.py", "b.py", "c.py"}


def test_a_mailmap_that_is_checked_in_says_who_is_who(repository: Repository) -> None:
    repository.commit({"a.py": CODE, ".mailmap": "Jo Doe <jo@example.org> <root@localhost>\n"}, by=MAX)
    repository.commit({"b.py": CODE}, by=("root", "root@localhost"))
    repository.commit({"b.py": f"{CODE}x = 1\n"}, by=MAX)
    assert set(collected(repository.path).documents) == {"b.py"}


def test_without_a_commit_of_the_author_the_committers_are_named_but_not_their_addresses(
    repository: Repository,
) -> None:
    people = [MAX, ("Ann", "ann@example.org"), ("Bo", "bo@example.org"), ("Cy", "cy@example.org")]
    for number, person in enumerate(people):
        for change in range(len(people) - number):
            repository.commit({f"{number}.py": f"x = {change}\n"}, by=person)
    with pytest.raises(SourceError) as raised:
        collected(repository.path)
    assert "'Max Roe', 'Ann', 'Bo' and others" in raised.value.what
    assert "`own_names` of source 'code'" in raised.value.remedy
    assert "@" not in str(raised.value)


def test_the_last_own_change_is_when_a_file_was_published(repository: Repository) -> None:
    repository.commit({"a.py": LINES, "b.py": LINES})
    repository.commit({"a.py": LINES + "ten = 10\n"})
    repository.commit({"a.py": LINES + "ten = 11\n", "b.py": LINES + "x = 1\n"}, by=MAX)
    found = collected(repository.path)
    assert {d.file: d.published_at for d in found.documents.values()} == {"a.py": _day(3), "b.py": _day(2)}


def test_a_renamed_file_keeps_its_author_and_its_date(repository: Repository) -> None:
    repository.commit({"old.py": LINES})
    repository.git("mv", "old.py", "new.py")
    repository.commit({}, by=MAX)
    repository.commit({"old.py": "another = 1\n"}, by=MAX)
    found = collected(repository.path)
    assert {d.file: d.published_at for d in found.documents.values()} == {"new.py": _day(2)}
    assert found.reasons == {"old.py": "others_code"}


def test_code_that_came_in_with_another_history_is_not_the_authors(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.py": CODE})
    other = Repository.create(tmp_path / "other")
    other.commit({"b.py": LINES}, by=MAX)
    repository.git("fetch", "--quiet", str(other.path), "main")
    repository.git("merge", "--quiet", "--allow-unrelated-histories", "-s", "ours", "--no-commit", "FETCH_HEAD")
    repository.git("read-tree", "--prefix=lib/", "-u", "FETCH_HEAD")
    repository.commit({})
    repository.commit({"lib/b.py": LINES + "ten = 10\n"})
    found = collected(repository.path)
    assert set(found.documents) == {"a.py"}
    assert found.reasons == {"lib/b.py": "others_code"}


def test_vendored_code_is_one_exclusion_for_each_top_folder(repository: Repository) -> None:
    repository.commit(
        {
            "a.py": CODE,
            **{f"vendor/pkg{i}/x.go": "package x\n" for i in range(12)},
            "web/node_modules/left-pad/index.js": "x\n",
            "web/node_modules/left-pad/vendor/y.js": "y\n",
            "dist/app.js": "z\n",
            "copied/lib/z.c": "int z;\n",
            "build/own.py": CODE,
            ".gitattributes": "copied/** linguist-vendored\nbuild/*.py -linguist-vendored\n",
        }
    )
    found = collected(repository.path)
    assert set(found.documents) == {"a.py", "build/own.py"}
    vendored = {file: detail for file, detail in found.details.items() if found.reasons[file] == "vendored"}
    assert vendored == {
        "vendor/": "12 files that are vendored or built (.go 12)",
        "web/node_modules/": "2 files that are vendored or built (.js 2)",
        "dist/": "1 files that are vendored or built (.js 1)",
        "copied/": "1 files that are vendored or built (.c 1)",
    }


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("api.pb.go", "package api\n"),
        ("api_pb2.py", "x = 1\n"),
        ("poetry.lock", "[[package]]\n"),
        ("package-lock.json", "{}\n"),
        ("site.min.js", "x=1\n"),
        ("site.js.map", "{}\n"),
        ("marked.py", CODE),
        ("bundle.js", f"{'var x=1;' * 200}\n"),
        ("api.go", "// Code generated by protoc-gen-go. DO NOT EDIT.\n\npackage api\n"),
        ("types.ts", "/**\n * @generated from schema.graphql\n */\nexport type A = string;\n"),
        ("0001_initial.py", "# Generated by Django 4.2 on 2024-01-01\n\nx = 1\n"),
        ("reference.md", "<!-- This file is generated by docs.py: do not edit it. -->\n\n# Reference\n"),
    ],
)
def test_what_a_program_wrote_is_set_aside(repository: Repository, name: str, content: str) -> None:
    repository.commit({"own.py": CODE, name: content, ".gitattributes": "marked.py linguist-generated=true\n"})
    found = collected(repository.path)
    assert set(found.documents) == {"own.py"}
    assert "generated" in found.reasons.values()


@pytest.mark.parametrize(
    "text",
    [
        "x = 1  # the name is generated\n",
        "# Ids are generated on demand\nx = 1\n",
        'MARK = "Code generated by us. DO NOT EDIT."\n',
    ],
)
def test_code_about_generating_is_the_authors_own(repository: Repository, text: str) -> None:
    repository.commit({"a.py": text, "README.md": "# A\n\n* This file is generated by nobody. Do not edit it.\n"})
    assert set(collected(repository.path).documents) == {"a.py", "README.md"}


def test_data_and_binaries_are_one_exclusion_for_each_folder(repository: Repository) -> None:
    repository.commit(
        {
            "a.py": CODE,
            **{f"data/{i}.csv": "a,b\n" for i in range(9)},
            "data/x.json": "{}",
            "img/a.png": b"\x89PNG\r\n\x1a\n\x00",
            "img/b.svg": "<svg/>",
            "strange.py": b"\x00\x01\x02" * 20,
            "LICENSE": "MIT\n",
            "CODE_OF_CONDUCT.md": "Be kind.\n",
            "security.py": CODE,
            "empty.py": "",
            "blank.md": " \n\n",
            "big.py": "x = 1\n" * 50_000,
            "weights.md": "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n",
        }
    )
    found = collected(repository.path)
    assert set(found.documents) == {"a.py", "security.py"}
    assert found.details["data/"] == "10 files of data or settings (.csv 9, .json 1)"
    assert found.reasons == {
        "data/": "not_a_post",
        "img/": "not_a_post",
        "strange.py": "not_a_post",
        "LICENSE": "not_a_post",
        "CODE_OF_CONDUCT.md": "not_a_post",
        "./": "empty",
        "blank.md": "empty",
        "big.py": "too_large",
        "weights.md": "not_a_post",
    }
    assert "300000 bytes" in found.details["big.py"]


def test_text_in_other_encodings_is_read(repository: Repository) -> None:
    latin = "# Die Größe der Straße ist für müde Füße groß genug.\nx = 'schön'\n"
    repository.commit({"latin.py": latin.encode("cp1252"), "wide.md": "# Größe\n\nWörter.\n".encode("utf-16")})
    found = collected(repository.path)
    assert found.documents["latin.py"].text == f"```python\n{latin}```"
    assert found.documents["wide.md"].text == "# Größe\n\nWörter.\n"


def test_any_file_name_is_collected(repository: Repository) -> None:
    names = ["ümlaut — and space.py", "-leading.py", 'quo"te\\.py', "tab\tand\nline.py", ":(top)magic.py", "*.py"]
    repository.commit(dict.fromkeys(names, LINES))
    repository.commit(dict.fromkeys(names, LINES + "x = 1\n"), by=MAX)
    raw = os.fsdecode(b"latin-\xe4.py")
    repository.commit({raw: LINES})
    repository.commit({raw: LINES + "x = 1\n"}, by=MAX)
    found = collected(repository.path, base_url="https://example.org")
    assert set(found.documents) == {*names, "latin-\ufffd.py"}
    assert found.reasons == {}


def test_a_script_without_suffix_is_known_by_its_first_line(repository: Repository) -> None:
    files = {
        "bin/deploy": "#!/usr/bin/env -S python3.11 -u\nprint(1)\n",
        "bin/up": "#!/bin/sh\necho up\n",
        "bin/odd": "no first line\n",
    }
    for name, text in files.items():
        file = repository.path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
    repository.commit({})
    found = collected(repository.path)
    assert {d.file: d.text.split("\n")[0] for d in found.documents.values()} == {
        "bin/deploy": "```python",
        "bin/up": "```bash",
    }
    assert found.reasons == {"bin/odd": "not_a_post"}


def test_a_notebook_is_its_cells_without_their_outputs(repository: Repository) -> None:
    notebook = """{"cells": [
        {"cell_type": "markdown", "source": ["# Lakes\\n", "Words."]},
        {"cell_type": "code", "source": "print(1)", "outputs": [{"text": ["secret output"]}]},
        {"cell_type": "raw", "source": "raw"}], "metadata": {"language_info": {"name": "julia"}}, "nbformat": 4}"""
    repository.commit({"a.ipynb": notebook, "b.ipynb": "{]", "c.ipynb": '{"worksheets": []}'})
    found = collected(repository.path)
    assert found.documents["a.ipynb"].text == "# Lakes\nWords.\n\n```julia\nprint(1)\n```"
    assert found.documents["a.ipynb"].title == "Lakes"
    assert found.reasons == {"a.ipynb": "generated", "b.ipynb": "unreadable", "c.ipynb": "unreadable"}


def test_posts_go_by_their_front_matter(repository: Repository) -> None:
    repository.commit(
        {
            "_posts/2020-03-04-lakes.md": "---\ntitle: On lakes\n---\nWords.\n",
            "_posts/draft.md": "---\ndraft: true\n---\nWords.\n",
            "_posts/guest.md": "---\nauthor: Max Roe\ndate: 2019-01-01\n---\nTheir words.\n",
            "_posts/broken.md": "---\ntitle: [\n---\nWords.\n",
        }
    )
    found = collected(repository.path)
    lakes = found.documents["_posts/2020-03-04-lakes.md"]
    assert (lakes.title, lakes.text, lakes.published_at) == ("On lakes", "Words.\n", datetime(2020, 3, 4, tzinfo=UTC))
    assert found.documents["_posts/draft.md"].excluded == "draft"
    assert found.reasons == {"_posts/guest.md": "guest", "_posts/broken.md": "unreadable"}
    drafts = collected(repository.path, include_drafts=True)
    assert drafts.documents["_posts/draft.md"].excluded == ""


def test_submodules_and_symbolic_links_are_not_followed(repository: Repository, tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("A secret.\n")
    (repository.path / "link.md").symlink_to(secret)
    other = Repository.create(tmp_path / "other")
    commit = other.commit({"b.py": CODE}, by=MAX)
    repository.commit({"a.py": CODE})
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},lib")
    repository.day += 1
    repository.git("commit", "--quiet", "--message=A submodule")
    found = collected(repository.path)
    assert set(found.documents) == {"a.py"}
    assert found.reasons == {"./": "not_a_post", "lib": "vendored"}


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
