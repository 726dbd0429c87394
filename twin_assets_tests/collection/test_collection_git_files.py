"""What counts as prose, code, vendored or generated, and where a repository lies: for any path and any content."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from twin_assets.collection.collector import Origin
from twin_assets.collection.git_address import Address, canonical_repository
from twin_assets.collection.git_attributes import Attributes
from twin_assets.collection.git_documents import file_items
from twin_assets.collection.git_files import LARGEST, Aside, Chosen, Entry, classify, sort_files
from twin_assets.collection.git_languages import script_language
from twin_assets.collection.text import decode
from twin_assets.records import Exclusion, RawDocument
from twin_assets.settings import SourceConfig
from twin_assets_tests.collection.git_repositories import Repository

NOTHING = Attributes()
BLOB = "0" * 40


def entry(path: str, mode: str = "100644", size: int = 10) -> Entry:
    return Entry(path, mode, BLOB, size)


def sort_of(path: str, **facts: object) -> str:
    """`prose`, `code python`, or the reason for which a file is not read."""
    what = classify(entry(path, **facts), NOTHING)  # type: ignore[arg-type]
    return what.reason if isinstance(what, Aside) else f"{what.sort} {what.language}".strip()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("README", "prose"),
        ("README.md", "prose"),
        ("src/pkg/readme.txt", "prose"),
        ("ReadMe.de.rst", "prose"),
        ("docs/a/b.adoc", "prose"),
        ("Documentation/x.txt", "prose"),
        ("docs/requirements.txt", "not_a_post"),
        ("requirements.txt", "not_a_post"),
        ("docs/CNAME", "not_a_post"),
        ("CHANGELOG.md", "prose"),
        ("_posts/2020-1-2-a.md", "prose"),
        ("LICENSE", "not_a_post"),
        ("LICENSE-MIT.txt", "not_a_post"),
        ("COPYING.LESSER", "not_a_post"),
        (".github/ISSUE_TEMPLATE/bug.md", "not_a_post"),
        ("notice.py", "code python"),
        ("src/main.RS", "code rust"),
        ("src/a.tsx", "code typescript"),
        ("include/a.h", "code c"),
        ("CMakeLists.txt", "code cmake"),
        ("docker/Dockerfile", "code dockerfile"),
        ("a/b.ipynb", "notebook"),
        ("data/x.csv", "not_a_post"),
        ("logo.svg", "not_a_post"),
        ("paper.pdf", "not_a_post"),
        ("no_suffix", "not_a_post"),
        (".gitignore", "not_a_post"),
        ("vendor/x.go", "vendored"),
        ("a/Third_Party/x.c", "vendored"),
        ("node_modules/a/README.md", "vendored"),
        ("builder/x.py", "code python"),
        ("vendor.py", "code python"),
        ("Cargo.lock", "generated"),
        ("go.sum", "generated"),
        ("lock.py", "code python"),
        ("x.min.css", "generated"),
        ("x.js.map", "generated"),
        ("map.js", "code javascript"),
        ("a_pb2_grpc.py", "generated"),
        ("a.g.dart", "generated"),
        ("schema.generated.ts", "generated"),
        ("regenerated.ts", "code typescript"),
    ],
)
def test_a_path_says_what_a_file_is(path: str, expected: str) -> None:
    assert sort_of(path) == expected


def test_size_and_mode_say_what_is_not_read() -> None:
    assert sort_of("a.py", size=0) == "empty"
    assert sort_of("a.py", size=LARGEST) == "code python"
    assert sort_of("a.py", size=LARGEST + 1) == "too_large"
    assert sort_of("a.ipynb", size=LARGEST + 1) == "notebook"
    assert sort_of("a.csv", size=LARGEST + 1) == "not_a_post"
    assert sort_of("a.md", mode="120000") == "not_a_post"
    assert sort_of("lib", mode="160000") == "vendored"
    assert sort_of("run", mode="100755") == "code"


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("#!/usr/bin/env python3.11", "python"),
        ("#! /usr/bin/env -S FOO=1 node --harmony", "javascript"),
        ("#!/bin/bash -e", "bash"),
        ("#!/usr/bin/perl5.30", "perl"),
        ("#!", ""),
        ("#!/usr/bin/env", ""),
        ("#!/opt/`x`", ""),
        ("python", ""),
    ],
)
def test_the_first_line_of_a_script_says_its_language(line: str, language: str) -> None:
    assert script_language(f"{line}\nx\n") == language


def test_attributes_go_by_the_nearest_file_and_its_last_line() -> None:
    attributes = Attributes(
        {
            "lib/.gitattributes": "*.js -linguist-vendored\n!x linguist-vendored\n",
            ".gitattributes": (
                "\ufeff# a remark\n[attr]mine linguist-vendored\n"
                "*.js text linguist-vendored\nlib/** linguist-generated\nlib/own.py !linguist-generated\n"
                '"with space.py" linguist-generated=true\nout.py linguist-generated=false\nold/ linguist-vendored\n'
            ),
        }
    )
    assert attributes.vendored("a.js") is True
    assert attributes.vendored("deep/er/a.js") is True
    assert attributes.vendored("lib/a.js") is False
    assert attributes.vendored("old/a/b.py") is True
    assert attributes.generated("lib/x/y.py") is True
    assert attributes.generated("lib/own.py") is None
    assert attributes.generated("with space.py") is True
    assert attributes.generated("out.py") is False
    assert attributes.vendored("a.py") is None


PARTS = st.sampled_from(["a", "b.py", "ab", "lib", "*", "**", "*.py", "a*", "?", "[ab]", "[!a]", "\\*"])
PATHS = st.lists(st.sampled_from(["a", "b.py", "ab", "lib", "c", "*"]), min_size=1, max_size=4).map("/".join)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Repository.create(tmp_path_factory.mktemp("attributes")).path


@given(st.booleans(), st.lists(PARTS, min_size=1, max_size=3), st.lists(PATHS, min_size=1, max_size=6, unique=True))
def test_patterns_match_what_git_says_that_they_match(
    empty: Path, rooted: bool, parts: list[str], paths: list[str]
) -> None:
    pattern = ("/" if rooted else "") + "/".join(parts)
    line = f"{pattern} linguist-vendored\n"
    (empty / ".git" / "info").mkdir(exist_ok=True)
    (empty / ".git" / "info" / "attributes").write_text(line)
    command = ["git", "-C", str(empty), "check-attr", "-z", "--stdin", "linguist-vendored"]
    asked = "".join(f"{path}\0" for path in paths)
    answer = subprocess.run(command, input=asked.encode(), capture_output=True, check=True).stdout.decode()
    said = {path: value == "set" for path, _, value in zip(*[iter(answer.split("\0")[:-1])] * 3, strict=True)}
    attributes = Attributes({".gitattributes": line})
    assert {path: attributes.vendored(path) is True for path in paths} == said


NAMES = st.text(st.characters(blacklist_characters="/\0", blacklist_categories=()), min_size=1, max_size=12)
KNOWN = st.sampled_from(
    [
        "README.md",
        "vendor",
        "docs",
        "a.py",
        "x.lock",
        "LICENSE",
        "a.csv",
        ".gitattributes",
        "build",
        "c.ipynb",
        "Makefile",
    ]
)
ANY_PATH = st.lists(st.one_of(NAMES, KNOWN), min_size=1, max_size=4).map("/".join)
MODES = st.sampled_from(["100644", "100755", "120000", "160000", "", "junk"])
ENTRIES = st.lists(
    st.builds(entry, ANY_PATH, MODES, st.integers(0, 1 << 24)), max_size=20, unique_by=lambda found: found.path
)


@settings(deadline=None)
@given(ENTRIES, st.text(max_size=60))
def test_every_file_is_read_or_counted_with_a_reason(entries: list[Entry], attributes: str) -> None:
    chosen, aside = sort_files(entries, Attributes({".gitattributes": attributes, "docs/.gitattributes": "*"}))
    counted = [int(group.detail.split()[0]) for group in aside if group.file.endswith("/")]
    single = [group for group in aside if not group.file.endswith("/")]
    assert len(chosen) + sum(counted) + len(single) == len(entries)
    assert all(group.reason and group.detail for group in aside)
    assert [c.entry.path for c in chosen] == sorted(c.entry.path for c in chosen)


@settings(deadline=None)
@given(st.lists(st.tuples(ANY_PATH, st.integers(0, 9)), max_size=10), st.randoms(use_true_random=False))
def test_the_order_in_which_files_are_listed_changes_nothing(facts: list[tuple[str, int]], random: object) -> None:
    entries = [entry(path, size=size) for path, size in dict(facts).items()]
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert sort_files(shuffled, NOTHING) == sort_files(entries, NOTHING)


ORIGIN = Origin(SourceConfig(name="code", path=Path("x")), "git", "Jo")
CONTENT = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.text(st.sampled_from('`~\n #-+{}[]":,ab*@'), max_size=80).map(str.encode),
    st.sampled_from(
        [b'{"cells": [{"cell_type": "markdown", "source": [1, "a"]}, 3]}', b"---\ntitle: [\n---\na", b"[" * 5000]
    ),
)
FILES = st.sampled_from(
    [
        ("a.py", "code", "python"),
        ("run", "code", ""),
        ("a.md", "prose", ""),
        ("a.txt", "prose", ""),
        ("a.ipynb", "notebook", ""),
    ]
)


@settings(deadline=None)
@given(FILES, CONTENT)
def test_no_content_of_a_file_stops_the_collector_or_is_lost(facts: tuple[str, str, str], content: bytes) -> None:
    path, sort, language = facts
    chosen = Chosen(entry(path), sort, language)  # type: ignore[arg-type]
    items = list(file_items(chosen, content, Address("local:1"), ORIGIN, published_at=None, scope="private"))
    documents = [item for item in items if isinstance(item, RawDocument)]
    assert len(documents) + sum(isinstance(item, Exclusion) for item in items) >= 1
    assert all(document.text.strip() and document.native_id == f"local:1/{path}" for document in documents)
    if path == "a.py" and documents:
        fence, _, rest = documents[0].text.partition("\n")
        assert rest.endswith(f"\n{fence.removesuffix('python')}")
        assert fence.removesuffix("python") not in rest.removesuffix(fence.removesuffix("python"))
        assert rest[: -len(fence.removesuffix("python"))].rstrip("\n") == decode(content).replace("\0", "").rstrip("\n")


@pytest.mark.parametrize(
    "remote",
    [
        "git@github.com:Jo/Words.git",
        "git@GitHub.com:Jo/Words",
        "github.com:/Jo/Words.git/",
        "ssh://git@github.com/Jo/Words.git",
        "ssh://git@ssh.github.com:443/Jo/Words.git",
        "https://github.com/Jo/Words.git",
        "https://jo:token@www.GitHub.com:443/Jo/Words/",
        "http://github.com/Jo/Words",
        "git://github.com/Jo/Words.git",
        "git+ssh://git@github.com/Jo/Words.git",
    ],
)
def test_every_way_to_reach_a_repository_has_one_address(remote: str) -> None:
    assert canonical_repository(remote) == "https://github.com/Jo/Words"


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("https://git.example.org:8443/team/sub/repo.git", "https://git.example.org:8443/team/sub/repo"),
        ("ssh://git@git.example.org:2222/~jo/repo.git", "https://git.example.org/~jo/repo"),
        ("/srv/git/repo.git", ""),
        ("../repo", ""),
        ("file:///srv/git/repo.git", ""),
        ("C:\\repos\\repo", ""),
        ("C:/repos/repo", ""),
        ("ext::sh -c evil", ""),
        ("https://github.com/", ""),
        ("https://[broken", ""),
        ("https://host:port/a", ""),
        ("", ""),
    ],
)
def test_what_lies_on_this_machine_has_no_address(remote: str, expected: str) -> None:
    assert canonical_repository(remote) == expected


WORD = st.text(st.sampled_from("abcXYZ019-_."), min_size=1, max_size=8)
REMOTES = st.one_of(
    st.text(max_size=40),
    st.tuples(
        st.sampled_from(["https://", "ssh://", "git@", "", "http://u:p@", "file://"]),
        WORD,
        st.sampled_from(["/", ":", ":22/", "//", ":443/"]),
        st.text(max_size=20),
        st.sampled_from(["", ".git", ".git/", "/", ".git.git"]),
    ).map("".join),
)


@settings(deadline=None)
@given(REMOTES)
def test_an_address_is_stable_and_holds_no_password(remote: str) -> None:
    address = canonical_repository(remote)
    assert canonical_repository(address) == address
    if address:
        assert address.startswith("https://")
        assert not address.endswith((".git", "/"))
        host = address.removeprefix("https://").partition("/")[0]
        assert host == host.lower()
        assert "@" not in host


@settings(deadline=None)
@given(
    st.sampled_from(["Jo", "jo", "Max_1", "a.b"]),
    WORD,
    st.sampled_from(["https://{}/{}/{}", "git@{}:{}/{}", "ssh://{}/{}/{}"]),
)
def test_owner_and_name_of_a_repository_keep_their_case(owner: str, name: str, form: str) -> None:
    assume(name.strip(".") and not name.endswith(".git"))
    assert canonical_repository(form.format("GitHub.com", owner, name) + ".git") == f"https://github.com/{owner}/{name}"


def test_links_lead_to_the_page_of_the_host() -> None:
    path = "docs/a b#ü.md"
    quoted = "docs/a%20b%23%C3%BC.md"
    assert Address("https://github.com/jo/x", "main").link(path) == f"https://github.com/jo/x/blob/main/{quoted}"
    assert Address("https://gitlab.com/jo/x", "a/b").link(path) == f"https://gitlab.com/jo/x/-/blob/a/b/{quoted}"
    assert Address("https://codeberg.org/jo/x", "m").link(path) == f"https://codeberg.org/jo/x/src/branch/m/{quoted}"
    assert Address("https://git.example.org/jo/x").link(path) == ""
    assert Address("local:abc").link(path) == ""
