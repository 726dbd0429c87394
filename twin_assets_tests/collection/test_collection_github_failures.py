import json
import logging
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from twin_assets.collection.collector import Gone, Origin, Visit
from twin_assets.collection.keep import Keep
from twin_assets.collection.sources import collect_into
from twin_assets.collection.web.fetch import Fetcher
from twin_assets.collection.web.github import GitHub
from twin_assets.collection.web.page import Page
from twin_assets.errors import FetchError
from twin_assets.progress import silent
from twin_assets.records import Exclusion
from twin_assets.settings import CollectionSettings, SourceConfig
from twin_assets.storage import TableStore
from twin_assets_tests.collection.github_server import (
    CODE,
    FILES,
    TREE,
    Hub,
    blob_id,
    file_names,
    reasons,
)
from twin_assets_tests.collection.json_damage import damaged
from twin_assets_tests.collection.live_runs import SETTINGS, Kept
from twin_assets_tests.loopback import Request, Response, loopback

TOKEN = "ghp_walrus"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with loopback() as site:
        yield Hub(site)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(404, "unreadable"), (451, "unreadable"), (403, "unreadable"), (500, "unreadable"), (409, "empty")],
)
def test_a_repository_that_cannot_be_had_does_not_stop_the_others(hub: Hub, status: int, reason: str) -> None:
    for name in ("a", "adder", "z"):
        hub.put(f"jo/{name}", {"a.py": CODE})
    working = hub.site.routes[TREE]
    hub.site.routes[TREE] = Response('{"message": "no"}', status)
    source = hub.source()
    run = source.run()
    assert (file_names(run), run.error) == (["jo/a/a.py", "jo/z/a.py"], None)
    assert reasons(run) == {"jo/adder/": reason}
    hub.site.routes[TREE] = working
    assert file_names(source.run()) == ["jo/adder/a.py"]


def test_a_file_that_cannot_be_fetched_is_tried_again_and_its_older_version_stays(hub: Hub) -> None:
    hub.put("jo/adder", FILES)
    source = hub.source()
    source.run()
    hub.put("jo/adder", FILES | {"src/add.py": CODE + CODE})
    path = f"/repos/jo/adder/git/blobs/{blob_id(CODE + CODE)}"
    working, hub.site.routes[path] = hub.site.routes[path], Response("", 500)
    run = source.run()
    assert (reasons(run), run.gone, run.documents) == ({"jo/adder/src/add.py": "unreadable"}, [], {})
    hub.site.routes[path] = working
    assert file_names(source.run()) == ["jo/adder/src/add.py"]


def test_a_used_up_rate_limit_ends_the_run_and_the_next_one_goes_on(hub: Hub) -> None:
    for name in ("a", "adder", "z"):
        hub.put(f"jo/{name}", {"one.py": CODE, "two.md": f"Words of {name}.\n"})
    path = f"/repos/jo/adder/git/blobs/{blob_id('Words of adder.' + chr(10))}"
    reset = str(int(time.time()) + 3000)
    limit = Response("{}", 403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset})
    working, hub.site.routes[path] = hub.site.routes[path], limit
    source = hub.source()
    run = source.run()
    assert isinstance(run.error, FetchError)
    assert "rate limit is used up" in str(run.error)
    assert datetime.fromtimestamp(int(reset), UTC).strftime("%H:%M:%S") in run.error.remedy
    assert file_names(run) == ["jo/a/one.py", "jo/a/two.md", "jo/adder/one.py"]
    assert (hub.asked[-1], reasons(run)) == (path, {})
    hub.site.routes[path] = working
    hub.site.requests.clear()
    assert file_names(source.run()) == ["jo/adder/two.md", "jo/z/one.py", "jo/z/two.md"]
    assert not [asked for asked in hub.asked if asked.startswith("/repos/jo/a/")]


def test_refusals_in_a_row_are_a_limit_though_github_gives_no_time(hub: Hub) -> None:
    for number in range(6):
        hub.put(f"jo/r{number}", {"a.py": CODE})
        hub.site.routes[f"/repos/jo/r{number}/git/trees/main"] = Response("secondary rate limit", 403)
    run = hub.source().run()
    assert isinstance(run.error, FetchError)
    assert len(hub.asked) == 4


def test_a_history_that_is_too_long_to_be_counted_is_asked_file_by_file(hub: Hub) -> None:
    hub.put("jo/adder", {"a.py": CODE})
    hub.site.routes["/repos/jo/adder/contributors"] = Response("too large", 403)
    hub.history("jo/adder", {"a.py": ["jo"]})
    assert file_names(hub.source().run()) == ["jo/adder/a.py"]


def test_a_request_to_wait_is_waited_for(hub: Hub) -> None:
    hub.put("jo/adder", {"a.py": CODE})
    working = hub.site.routes[TREE]

    def busy(request: Request) -> Response:
        hub.site.routes[TREE] = working
        return Response("", 429, {"Retry-After": "7"})

    hub.site.routes[TREE] = busy
    kept = Kept()
    kept.run(GitHub(api=hub.site.url), "github:jo")
    assert len(kept.documents) == 1
    assert sum(kept.waited) >= 6


@pytest.mark.parametrize("status", [401, 429])
def test_a_wrong_token_or_a_limit_is_about_the_whole_source(hub: Hub, status: int) -> None:
    for name in ("adder", "z"):
        hub.put(f"jo/{name}", {"a.py": CODE})
    hub.site.routes[TREE] = Response("{}", status)
    run = hub.source().run()
    assert isinstance(run.error, FetchError)
    assert (run.error.status, run.items, hub.asked[-1]) == (status, [], TREE)


def test_an_account_that_is_not_there_is_an_error(hub: Hub) -> None:
    error = hub.source("github:nobody").run().error
    assert isinstance(error, FetchError)
    assert error.status == 404


def test_no_more_pages_than_allowed_are_fetched_and_the_next_runs_go_on(hub: Hub) -> None:
    for name in ("a", "b", "c"):
        hub.put(f"jo/{name}", {f"{number}.md": f"Words {number}.\n" for number in range(3)})
    source = hub.source(max_pages=5)
    found: list[str] = []
    for _ in range(6):
        hub.site.requests.clear()
        run = source.run()
        found += file_names(run)
        assert len(hub.asked) <= 5
        assert run.error is None
    assert found == [f"jo/{name}/{number}.md" for name in "abc" for number in range(3)]
    assert source.run().reports == []


def test_a_run_that_is_killed_loses_nothing(hub: Hub) -> None:
    hub.put("jo/adder", FILES)
    source = hub.source()
    source.run(most=2)
    assert file_names(source.run()) == ["jo/adder/docs/guide.rst", "jo/adder/src/add.py"]
    assert len(source.documents) == 3
    assert source.run().items == []


def test_a_repository_that_is_never_finished_does_not_keep_the_others_waiting(hub: Hub) -> None:
    hub.put("jo/adder", {})
    hub.answer(TREE, {"sha": "a" * 40, "truncated": True, "tree": []})
    hub.tree("jo/adder", "a" * 40, {}, {"one": "b" * 40, "two": "c" * 40})
    hub.put("jo/z", {"a.py": CODE})
    source = hub.source(max_pages=4)
    assert source.run().documents == {}
    assert file_names(source.run()) == ["jo/z/a.py"]


@pytest.mark.parametrize(
    ("answer", "message"), [({"message": "odd"}, "as GitHub's API does"), ("elsewhere", "does not lie below")]
)
def test_a_listing_that_cannot_be_read_is_an_error_and_marks_nothing_as_gone(
    hub: Hub, answer: Any, message: str
) -> None:
    hub.put("jo/adder", {"a.py": CODE})
    source = hub.source()
    source.run()
    link = {"Link": '<http://elsewhere.example/user/7/repos?page=2>; rel="next"'} if answer == "elsewhere" else {}
    hub.site.routes["/users/jo/repos"] = Response("[]" if link else json.dumps(answer), headers=link)
    run = source.run()
    assert isinstance(run.error, FetchError)
    assert message in str(run.error)
    assert run.items == []


def test_entries_of_a_listing_that_say_nothing_are_counted_and_mark_nothing_as_gone(hub: Hub) -> None:
    hub.put("jo/adder", {"a.py": CODE})
    source = hub.source()
    source.run()
    hub.answer("/users/jo/repos", [None, {"full_name": "../.."}])
    run = source.run()
    assert (run.gone, reasons(run)) == ([], {"jo/": "unreadable"})
    assert run.exclusions[0].detail == "2 repositories of the listing say nothing"


@pytest.mark.parametrize("answer", [{}, {"tree": None}, {"tree": [{"path": "a.py", "type": "blob", "sha": 1}]}, []])
def test_a_tree_that_makes_no_sense_marks_nothing_as_gone(hub: Hub, answer: Any) -> None:
    hub.put("jo/adder", {"a.py": CODE})
    source = hub.source()
    source.run()
    hub.put("jo/adder", {"a.py": CODE + CODE})
    working = hub.site.routes[TREE]
    hub.answer(TREE, answer)
    run = source.run()
    assert (run.gone, reasons(run)) == ([], {"jo/adder/": "unreadable"})
    hub.site.routes[TREE] = working
    assert file_names(source.run()) == ["jo/adder/a.py"]


def test_the_token_goes_to_the_api_alone_and_shows_nowhere(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    hub.put("jo/adder", FILES)
    hub.put("jo/away", FILES)
    memory = tmp_path / "code.json"
    reports: list[str] = []
    source = SourceConfig(name="code", url="github:jo", kind="git")
    limits = CollectionSettings(allow_hosts=("127.0.0.1",), delay_s=0, attempts=1, endpoints={"git": hub.site.url})

    def collect() -> Keep:
        keep = Keep(TableStore(str(tmp_path / "lance")), "code", memory)
        collect_into(keep, source, "Jo Doe", limits, reports.append)
        return keep

    with loopback() as other:
        away = Response("", 302, {"Location": f"{other.url}/tree"})
        hub.site.routes["/repos/jo/away/git/trees/main"] = away
        keep = collect()
        assert [r.headers.get("authorization") for r in other.requests] == [None]
    assert {r.headers["authorization"] for r in hub.site.requests} == {f"Bearer {TOKEN}"}
    assert all(r.headers["x-github-api-version"] for r in hub.site.requests)
    hub.site.routes["/users/jo/repos"] = Response(TOKEN, 401)
    with pytest.raises(FetchError) as raised:
        collect()
    assert len(keep.own) == 3
    said = (repr(raised.getrepr(style="long")), caplog.text, *reports, memory.read_text(), repr(GitHub(token=TOKEN)))
    assert not [text for text in said if TOKEN in text]
    assert not [e for e in keep.exclusions.values() if TOKEN in repr(e)]


def _answers() -> dict[str, Any]:
    """What the API says of an account with a repository of the author's and one that is shared."""
    with loopback() as site:
        hub = Hub(site)
        files = {"README.md": "# Adder\n", ".gitattributes": "x linguist-vendored\n", "src/add.py": CODE}
        hub.put("jo/adder", files)
        hub.put("jo/shared", {"a.py": CODE}, commits={"jo": 1, "max": 1})
        hub.history("jo/shared", {"a.py": ["jo", "max"]})
        asked: dict[str, Any] = {}
        for path, route in site.routes.items():
            if callable(route) and not path.startswith("/user/"):
                request = Request("GET", path, {"page": "1", "path": "a.py"}, {})
                asked[path] = json.loads(route(request).body)  # type: ignore[arg-type]
        return asked


class _Damaged(Fetcher):
    """A fetcher that answers without a server, by path."""

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__(SETTINGS)
        self._answers = answers

    def get(self, url: str, **_: Any) -> Page:
        path = re.sub(r"^https://api\.github\.com|\?.*", "", url)
        if path not in self._answers:
            raise FetchError(f"no {path}", reason="status", status=404)
        return Page(url, 200, {}, json.dumps(self._answers[path]).encode(), asked=url)


@settings(deadline=None)
@given(damaged(_answers()))
def test_no_repository_is_lost_whatever_the_api_answers(answers: dict[str, Any]) -> None:
    origin = Origin(SourceConfig(name="code", url="github:jo"), "git", "Jo Doe")
    notes: dict[str, Any] = {}
    try:
        items = list(GitHub().collect(Visit(origin, _Damaged(answers), {}, notes, silent)))
    except FetchError:
        assert not isinstance(answers.get("/users/jo/repos"), list)
        return
    json.dumps(notes)
    files = [item.file for item in items if not isinstance(item, Gone)]
    unreadable = sum(
        int(item.detail.split()[0]) for item in items if isinstance(item, Exclusion) and item.file == "jo/"
    )
    repositories = {"/".join(file.split("/")[:2]) for file in files if file != "jo/"}
    assert len(repositories) + unreadable >= len(answers["/users/jo/repos"])
