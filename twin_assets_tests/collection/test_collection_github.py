from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from twin_assets.collection.web.github import GitHub
from twin_assets.errors import SourceError
from twin_assets.records import RawDocument
from twin_assets_tests.collection.git_repositories import Repository, collected
from twin_assets_tests.collection.github_server import (
    CODE,
    FILES,
    TREE,
    Hub,
    blob_id,
    entries,
    file_names,
    identity,
    reasons,
)
from twin_assets_tests.loopback import Response, loopback

TOKEN = "ghp_walrus"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with loopback() as site:
        yield Hub(site)


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/jo",
        "github:jo",
        "http://www.github.com/jo/",
        "https://github.com/jo/a.b.git",
        "github:jo_x/a",
    ],
)
def test_accounts_and_repositories_are_recognized(address: str) -> None:
    assert GitHub().recognizes(address)


@pytest.mark.parametrize(
    "address",
    ["https://github.com/", "https://github.com/settings", "https://github.com/jo/a/issues", "https://gitlab.com/jo",
     "github:", "jo", "https://github.com/jo/..", "http://[github.com/jo"],
)  # fmt: skip
def test_other_addresses_are_not_recognized(address: str) -> None:
    assert not GitHub().recognizes(address)


def test_an_address_where_the_api_is_counts_as_well() -> None:
    assert GitHub(api="https://git.corp.example/api/v3").recognizes("https://git.corp.example/jo/adder")


def test_a_repository_gives_the_documents_that_a_clone_of_it_gives(hub: Hub, tmp_path: Path) -> None:
    clone = Repository.create(tmp_path / "clone")
    clone.commit(FILES)
    clone.git("remote", "add", "origin", "git@github.com:jo/adder.git")
    hub.put("jo/adder", FILES)
    local = collected(clone.path, base_url="https://github.com/jo/adder").documents.values()
    live = hub.source().run().documents.values()

    def said(document: RawDocument) -> tuple[str, ...]:
        facts = (document.document_id, document.url, document.title, document.text)
        return (*facts, document.media_type, document.scope, document.by)

    assert {said(d) for d in live} == {said(d) for d in local}
    assert {d.file for d in live} == {f"jo/adder/{path}" for path in FILES}


def test_all_pages_of_the_listing_are_read_and_forks_are_left_out(hub: Hub) -> None:
    hub.per_page = 2
    for number in range(5):
        hub.put(f"jo/r{number}", {"README.md": f"Number {number}.\n"}, archived=number == 3)
    hub.put("jo/theirs", {"README.md": "Theirs.\n"}, fork=True)
    hub.put("jo/copy", {"README.md": "Theirs.\n"}, mirror_url="https://example.org/x")
    run = hub.source().run()
    assert file_names(run) == [f"jo/r{number}/README.md" for number in range(5)]
    assert reasons(run) == {"jo/theirs/": "fork", "jo/copy/": "fork"}
    assert not [path for path in hub.asked if "theirs" in path]


def test_a_second_run_with_nothing_new_asks_once_for_each_page_of_the_listing(hub: Hub) -> None:
    hub.per_page = 2
    for number in range(3):
        hub.put(f"jo/r{number}", FILES)
    source = hub.source()
    source.run()
    hub.site.requests.clear()
    assert source.run().items == []
    assert hub.asked == ["/users/jo/repos", "/user/7/repos"]
    assert all("if-none-match" in request.headers for request in hub.site.requests)


def test_a_push_to_another_branch_costs_one_more_conditional_request(hub: Hub) -> None:
    hub.put("jo/adder", FILES)
    hub.put("jo/other", {"a.py": CODE})
    source = hub.source()
    source.run()
    hub.put("jo/adder", FILES)
    hub.site.requests.clear()
    assert source.run().items == []
    assert hub.asked == ["/users/jo/repos", TREE]
    assert "if-none-match" in hub.site.requests[1].headers


def test_a_changed_file_is_a_new_version_and_a_deleted_one_is_gone(hub: Hub) -> None:
    hub.put("jo/adder", FILES)
    source = hub.source()
    first = source.run().documents
    hub.put("jo/adder", {"README.md": "# Adder\n\nIt subtracts.\n", "src/add.py": CODE})
    hub.site.requests.clear()
    run = source.run()
    (changed,) = run.documents.values()
    assert changed.document_id == identity("README.md")
    assert changed.content_digest != first[changed.native_id].content_digest
    assert run.gone == [identity("docs/guide.rst")]
    assert sum("/blobs/" in path for path in hub.asked) == 1


def test_a_repository_without_a_file_is_said_to_be_empty(hub: Hub) -> None:
    hub.put("jo/adder", {})
    assert reasons(hub.source().run()) == {"jo/adder/": "empty"}


def test_a_repository_that_is_not_listed_any_more_is_gone(hub: Hub) -> None:
    hub.put("jo/adder", {"a.py": CODE})
    hub.put("jo/adder-2", {"a.py": CODE})
    source = hub.source()
    source.run()
    del hub.facts["jo/adder"]
    assert source.run().gone == [identity("a.py")]


def test_what_is_not_the_authors_writing_is_set_aside_with_its_reason(hub: Hub) -> None:
    files: dict[str, str | bytes] = {
        "a.py": CODE,
        "node_modules/x/index.js": "x = 1\n",
        "legacy/old.py": CODE + "# old\n",
        ".gitattributes": "legacy/** linguist-vendored\n",
        "yarn.lock": "x\n",
        "made.py": "# Code generated by make. DO NOT EDIT.\n",
        "logo.png": b"\x89PNG\0",
        "blob.py": b"x = 1\0\n",
        "huge.md": "long " * 60_000,
        "huge.ipynb": "{" + " " * (5 << 20),
        "odd.md": b"\x81\x01\x02\x03\x04\xff\xfe\x05" * 40,
        "damaged.md": "Caf\u00e9 \u00fcber \u00e4ll.\n".encode() + b"\xff \n",
        "empty.md": "",
    }
    hub.put("jo/adder", files)
    run = hub.source().run()
    assert {(e.file.removeprefix("jo/adder/"), e.reason) for e in run.exclusions} == {
        ("node_modules/", "vendored"), ("legacy/", "vendored"), ("", "generated"), ("", "not_a_post"), ("", "empty"),
        ("made.py", "generated"), ("blob.py", "not_a_post"), ("huge.md", "too_large"), ("huge.ipynb", "too_large"),
        ("odd.md", "unreadable"),
    }  # fmt: skip
    assert file_names(run) == ["jo/adder/a.py", "jo/adder/damaged.md"]
    assert "Café über äll.\n\ufffd" in next(d.text for d in run.documents.values() if d.file.endswith("damaged.md"))
    unread = (files["huge.md"], files["huge.ipynb"], files["legacy/old.py"], files["logo.png"])
    assert not [content for content in unread if f"/repos/jo/adder/git/blobs/{blob_id(content)}" in hub.asked]


def test_private_repositories_are_collected_only_where_wanted_and_only_the_authors(hub: Hub) -> None:
    hub.put("jo/adder", {"a.py": CODE})
    hub.put("jo/diary", {"b.py": CODE}, private=True)
    hub.put("max/diary", {"c.py": CODE}, private=True)
    source = hub.source(token=TOKEN)
    assert file_names(source.run()) == ["jo/adder/a.py"]
    source.config = source.config.model_copy(update={"include_private": True})
    (diary,) = source.run().documents.values()
    assert (diary.file, diary.scope) == ("jo/diary/b.py", "private")
    hub.put("jo/diary", {"b.py": CODE}, private=False)
    hub.site.requests.clear()
    assert [(d.file, d.scope) for d in source.run().documents.values()] == [("jo/diary/b.py", "public")]
    hub.put("jo/diary", {"b.py": CODE}, private=True)
    source.config = source.config.model_copy(update={"include_private": False})
    assert source.run().gone == [identity("b.py", "jo/diary")]
    assert not [path for path in hub.asked if "max" in path or "/blobs/" in path]


def test_a_repository_whose_listing_calls_it_private_is_set_aside(hub: Hub) -> None:
    hub.put("jo/adder", {"a.py": CODE})
    hub.answer("/users/jo/repos", [{**hub.facts["jo/adder"], "private": None}])
    run = hub.source().run()
    assert (reasons(run), run.documents) == ({"jo/adder/": "private"}, {})


def test_a_private_repository_that_is_asked_for_is_collected_and_stays_private(hub: Hub) -> None:
    hub.put("jo/diary", {"a.py": CODE}, private=True)
    run = hub.source("https://github.com/jo/diary", TOKEN, own_names=("jo",)).run()
    assert [d.scope for d in run.documents.values()] == ["private"]


def test_a_tree_that_is_cut_off_is_read_folder_by_folder(hub: Hub) -> None:
    top, src, deep = "a" * 40, "b" * 40, "c" * 40
    inner = {"add.py": CODE, "sub/README.md": "# Below\n"}
    hub.put("jo/adder", {"README.md": "# Adder\n", **inner})
    hub.answer(TREE, {"sha": top, "truncated": True, "tree": entries({"README.md": "# Adder\n"})})
    hub.tree("jo/adder", top, {"README.md": "# Adder\n"}, {"src": src, "node_modules": deep})
    hub.tree("jo/adder", src, inner)
    source = hub.source()
    run = source.run()
    assert file_names(run) == [f"jo/adder/{path}" for path in ("README.md", "src/add.py", "src/sub/README.md")]
    assert reasons(run) == {"jo/adder/": "too_large", "jo/adder/node_modules/": "vendored"}
    assert f"/repos/jo/adder/git/trees/{deep}" not in hub.asked
    assert source.run().items == []
    hub.put("jo/adder", {})
    hub.answer(TREE, {"sha": top, "truncated": True, "tree": []})
    source.config = source.config.model_copy(update={"max_pages": 4})
    shortened = source.run()
    assert shortened.gone == []
    assert "raise `max_pages`" in shortened.exclusions[0].detail


def test_a_renamed_repository_is_followed_to_its_new_name(hub: Hub) -> None:
    hub.put("jo/adder", {"a.py": CODE})
    source = hub.source("https://github.com/jo/adder", own_names=("jo",))
    source.run()
    hub.put("jo/summer", {"a.py": CODE})
    hub.site.routes["/repos/jo/adder"] = Response("", 301, {"Location": f"{hub.site.url}/repositories/1"})
    hub.answer("/repositories/1", hub.facts["jo/summer"])
    run = source.run()
    assert ([d.document_id for d in run.documents.values()], run.gone) == (
        [identity("a.py", "jo/summer")],
        [identity("a.py")],
    )
    assert source.run().items == []


def test_going_back_to_an_earlier_default_branch_is_noticed(hub: Hub) -> None:
    hub.put("jo/adder", {"a.py": CODE})
    source = hub.source()
    source.run()
    hub.put("jo/adder", {"b.py": CODE}, default_branch="next")
    run = source.run()
    assert (run.documents["https://github.com/jo/adder/b.py"].url, run.gone) == (
        "https://github.com/jo/adder/blob/next/b.py",
        [identity("a.py")],
    )
    hub.put("jo/adder", {"a.py": CODE}, default_branch="main")
    run = source.run()
    assert run.gone == [identity("b.py")]
    assert set(source.documents) == {identity("a.py")}


def test_files_of_a_shared_repository_are_the_authors_by_their_own_commits(hub: Hub) -> None:
    hub.put(
        "jo/adder", {"own.py": CODE, "half.py": CODE + "#\n", "theirs.py": CODE + "##\n"}, commits={"jo": 90, "max": 10}
    )
    hub.history("jo/adder", {"own.py": ["jo", "jo"], "half.py": ["max", "jo"], "theirs.py": ["max", "max", "jo"]})
    run = hub.source().run()
    assert {d.file: d.published_at for d in run.documents.values()} == {
        "jo/adder/own.py": datetime(2023, 5, 2, 12, tzinfo=UTC),
        "jo/adder/half.py": datetime(2023, 5, 1, 12, tzinfo=UTC),
    }
    assert reasons(run) == {"jo/adder/theirs.py": "others_code"}
    assert f"/repos/jo/adder/git/blobs/{blob_id(CODE + '##' + chr(10))}" not in hub.asked


def test_a_repository_without_a_commit_of_the_author_is_others_until_a_name_is_added(hub: Hub) -> None:
    hub.put("jo/adder", {"a.py": CODE}, commits={"max": 3, "mm": 1})
    source = hub.source()
    run = source.run()
    assert (reasons(run), run.documents) == ({"jo/adder/": "others_code"}, {})
    source.config = source.config.model_copy(update={"own_names": ("max", "mm")})
    assert file_names(source.run()) == ["jo/adder/a.py"]
    asked_for = hub.source("github:jo/adder").run()
    assert isinstance(asked_for.error, SourceError)
    assert "its commits are by 'max', 'mm'" in str(asked_for.error)


def test_drafts_are_collected_once_they_are_wanted(hub: Hub) -> None:
    hub.put("jo/adder", {"a.md": "---\ndraft: true\n---\nNot yet.\n"})
    source = hub.source()
    assert [d.excluded for d in source.run().documents.values()] == ["draft"]
    source.config = source.config.model_copy(update={"include_drafts": True})
    assert [d.excluded for d in source.run().documents.values()] == [""]
