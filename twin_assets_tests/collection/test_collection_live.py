"""A source as a whole: collected into what is stored of it, run after run."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from twin_assets.collection import Keep, collect_into, fingerprint
from twin_assets.collection.git_blame import Authorship
from twin_assets.errors import ConfigError, FetchError, SourceError
from twin_assets.records import Exclusion
from twin_assets.settings import CollectionSettings, SourceConfig
from twin_assets.storage import Change, TableStore
from twin_assets_tests.collection.git_repositories import MAX, Repository
from twin_assets_tests.loopback import Loopback, Request, Response, loopback

SETTINGS = CollectionSettings(allow_hosts=("127.0.0.1",), delay_s=0, attempts=1)
HTML = {"Content-Type": "text/html; charset=utf-8"}


class Blog:
    """A blog with a feed that says when it has not changed."""

    def __init__(self, site: Loopback) -> None:
        self.site = site
        self.posts: dict[str, str] = {}
        self.full = True
        """Whether the feed holds whole texts, or only how they begin."""
        site.routes |= {"/": self._home, "/feed.xml": self._feed}

    def post(self, name: str, text: str) -> None:
        """Publish a post, or edit it."""
        self.posts[name] = text
        page = f"<html><head><title>{name}</title></head><body><article><h1>{name}</h1><p>{text}</p></article></body>"
        self.site.routes[f"/{name}"] = Response(page, headers=HTML)

    def _home(self, request: Request) -> Response:
        links = "<link rel=alternate type=application/rss+xml href=/feed.xml>"
        return Response(f"<html><head>{links}</head><body><p>Welcome.</p></body></html>", headers=HTML)

    def _feed(self, request: Request) -> Response:
        etag = f'"{hash(tuple(self.posts.items()))}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status=304, headers={"ETag": etag})
        items = "".join(
            f"<item><title>{name}</title><link>{self.site.url}/{name}</link><guid>{self.site.url}/{name}</guid>"
            f"<pubDate>Mon, 06 May 2024 10:00:00 GMT</pubDate>"
            f"<description>{text[:60]}...</description>"
            f"{f'<content:encoded><![CDATA[<p>{text}</p>]]></content:encoded>' if self.full else ''}</item>"
            for name, text in self.posts.items()
        )
        content = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        feed = f'<?xml version="1.0"?><rss version="2.0" {content}><channel><title>Jo</title>{items}</channel></rss>'
        return Response(feed, headers={"Content-Type": "application/rss+xml", "ETag": etag})


@pytest.fixture
def blog() -> Iterator[Blog]:
    """A blog with two posts."""
    with loopback() as site:
        found = Blog(site)
        found.post("fog", "The fog came in at four and did not leave before the relief did. " * 5)
        found.post("ink", "We write the log in ink so that nobody can rub out what was heard. " * 5)
        yield found


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[], Keep]:
    """Opens what is stored of the source."""
    return lambda: Keep(TableStore(str(tmp_path / "lance")), "blog", tmp_path / "collection" / "blog.json")


def collect(keep: Keep, blog: Blog, **config: Any) -> Change:
    source = SourceConfig(name="blog", url=blog.site.url, **config)
    return collect_into(keep, source, "Jo", SETTINGS)


def texts(keep: Keep) -> dict[str, str]:
    return {document.native_id.rsplit("/", 1)[-1]: document.text for document in keep.own}


def test_a_second_run_with_nothing_new_does_one_conditional_request_and_no_document_work(
    blog: Blog, keep: Callable[[], Keep]
) -> None:
    first = collect(keep(), blog)
    assert (first.added, sorted(texts(keep()))) == (2, ["fog", "ink"])
    blog.site.requests.clear()
    again = collect(keep(), blog)
    assert (again.added, again.updated, again.removed, again.data_version) == (0, 0, 0, first.data_version)
    asked = [request.path for request in blog.site.requests if request.path != "/robots.txt"]
    assert asked == ["/feed.xml"]


def test_an_edited_post_is_a_new_version_and_a_new_one_is_added(blog: Blog, keep: Callable[[], Keep]) -> None:
    collect(keep(), blog)
    blog.post("fog", "There was no fog that night, whatever I wrote here before, and I was wrong to. " * 5)
    blog.post("buoy", "The bell buoy is the only thing out there that says what it is for. " * 5)
    change = collect(keep(), blog)
    assert (change.added, change.updated, change.removed) == (1, 1, 0)
    assert texts(keep())["fog"].count("no fog that night") == 5


def test_an_edit_that_shows_in_a_summary_only_is_noticed(blog: Blog, keep: Callable[[], Keep]) -> None:
    blog.full = False
    collect(keep(), blog)
    blog.post("fog", "There was no fog that night, whatever I wrote here before, and I was wrong to. " * 5)
    change = collect(keep(), blog)
    assert (change.added, change.updated) == (0, 1)
    assert "no fog that night" in texts(keep())["fog"]


def test_a_source_that_fails_keeps_what_it_has(blog: Blog, keep: Callable[[], Keep]) -> None:
    collect(keep(), blog)
    for path in ("/", "/feed.xml", "/fog", "/ink"):
        blog.site.routes[path] = Response("overloaded", 503)
    with pytest.raises(FetchError, match="503"):
        collect(keep(), blog)
    assert sorted(texts(keep())) == ["fog", "ink"]


def test_what_came_before_a_failure_is_kept_and_the_next_run_goes_on(
    blog: Blog, keep: Callable[[], Keep], monkeypatch: pytest.MonkeyPatch
) -> None:
    from twin_assets.collection.web.site import Site

    whole = Site.collect

    def cut_off(self: Site, visit: Any) -> Iterator[Any]:
        found = whole(self, visit)
        yield next(found)
        raise FetchError("the line went dead", "collect again later", reason="network")

    monkeypatch.setattr(Site, "collect", cut_off)
    with pytest.raises(FetchError, match="the line went dead"):
        collect(keep(), blog)
    assert len(keep().own) == 1
    monkeypatch.undo()
    change = collect(keep(), blog)
    assert (change.added, change.updated, len(keep().own)) == (1, 0, 2)


def test_an_address_with_nothing_to_collect_is_an_error_that_says_what_was_set_aside(
    blog: Blog, keep: Callable[[], Keep]
) -> None:
    blog.site.routes["/robots.txt"] = Response("User-agent: *\nDisallow: /\n", headers={"Content-Type": "text/plain"})
    with pytest.raises(SourceError, match="robots"):
        collect(keep(), blog)
    assert keep().own == []


def test_a_kind_that_has_no_live_side_is_an_error(blog: Blog, keep: Callable[[], Keep]) -> None:
    with pytest.raises(SourceError, match="'whatsapp' cannot be collected from an address") as caught:
        collect(keep(), blog, kind="whatsapp")
    assert "`path`" in caught.value.remedy


def test_exclusions_of_a_live_source_are_stored_with_it(blog: Blog, keep: Callable[[], Keep], tmp_path: Path) -> None:
    blog.post("no-words", "")
    collect(keep(), blog)
    rows = TableStore(str(tmp_path / "lance")).read(Exclusion)
    assert [(row.source, row.reason) for row in rows] == [("blog", "not_a_post")]


def test_a_live_source_is_due_again_when_its_schedule_says(blog: Blog) -> None:
    source = SourceConfig(name="blog", url=blog.site.url, schedule="0 6 * * *")
    days = [fingerprint(source, datetime(2026, 5, day, 12, tzinfo=UTC)) for day in (1, 1, 2)]
    assert days[0] == days[1] != days[2]
    never = source.model_copy(update={"schedule": "never"})
    assert fingerprint(never, datetime(2026, 5, 1, tzinfo=UTC)) == fingerprint(never, datetime(2027, 5, 1, tzinfo=UTC))
    with pytest.raises(ConfigError):
        fingerprint(source.model_copy(update={"schedule": "at tea time"}))


def test_an_unchanged_file_of_a_repository_is_not_blamed_again(
    keep: Callable[[], Keep], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository.create(tmp_path / "lighthouse")
    code = "\n".join(f"lamp_{n} = {n}" for n in range(20))
    for name in ("lamp.py", "horn.py"):
        repository.commit({name: code}, by=MAX)
        repository.commit({name: "\n".join(f"tower_{n} = {n}" for n in range(40)) + f"\n{code}\n# {name}"})
    source = SourceConfig(name="blog", path=repository.path, own_names=("Jo Doe",))
    assert collect_into(keep(), source, "Jo", SETTINGS).added == 2
    repository.commit({"lamp.py": None})
    blamed: list[str] = []
    monkeypatch.setattr(Authorship, "_blame", lambda self, path: blamed.append(path) or 1.0)
    change = collect_into(keep(), source, "Jo", SETTINGS)
    assert (blamed, change.added, change.updated, change.removed) == ([], 0, 1, 0)
    assert {document.native_id.rsplit("/", 1)[-1] for document in keep().own} == {"horn.py"}
