"""Feeds in all their forms, on a real server: what their entries and their pages say together."""

import contextlib
import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.collection.text import Unreadable
from twin_assets.collection.web.feeds import read_feed
from twin_assets.collection.web.page import Page
from twin_assets.collection.web.sitemaps import read_sitemap
from twin_assets_tests.collection.blogs import (
    html_page,
    paths_asked,
    paths_of,
    post_page,
    rss_feed,
    rss_item,
    serve_blog,
    site_source,
    xml_page,
)
from twin_assets_tests.collection.visits import prose
from twin_assets_tests.loopback import Answer, Loopback, Response, loopback


def _atom(site: Loopback, *entries: str, more: str = "") -> Response:
    head = f'<title>Letters</title><link href="{site.url}/"/>{more}'
    return xml_page(f'<feed xmlns="http://www.w3.org/2005/Atom">{head}{"".join(entries)}</feed>')


def _entry(url: str, inner: str) -> str:
    return f'<entry><id>{url}</id><link href="{url}"/><title>On bells</title>{inner}</entry>'


def test_a_feed_by_its_url_is_collected_alone_and_conditionally(site: Loopback) -> None:
    serve_blog(site)
    source = site_source(site, "/posts.xml")
    assert paths_of(source.run(), site) == {"/bells", "/ropes"}
    assert paths_asked(site) == ["/posts.xml", "/ropes"]
    assert source.run().items == []
    assert paths_asked(site) == ["/posts.xml"]


def test_a_json_feed_is_a_feed(site: Loopback) -> None:
    feed = (
        '{"version": "https://jsonfeed.org/version/1.1", "title": "L", "authors": [{"name": "Jo Doe"}], "items": ['
        f'{{"id": "1", "url": "{site.url}/bells", "title": "Bells", "content_text": "'
        + "They ring at noon. "
        * 20
        + '", '
        '"date_published": "2024-05-06T07:08:09+02:00"}]}'
    )
    site.routes["/feed.json"] = Response(feed, headers={"Content-Type": "application/feed+json"})
    (document,) = site_source(site, "/feed.json").run().documents.values()
    assert document.published_at == datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC)
    assert "<p>They ring at noon." in document.text


def test_the_entrys_words_count_when_its_page_says_no_more(site: Loopback) -> None:
    item = rss_item(f"{site.url}/short", "short", "<p>They ring at noon, and that is all there is to say.</p>")
    excerpt = rss_item(f"{site.url}/long", "long", "<p>They ring at noon and then they […]</p>")
    site.routes |= {
        "/feed": xml_page(rss_feed(site.url, item, excerpt)),
        "/short": html_page("<article><p>They ring at noon, and that is all there is to say.</p></article>"),
        "/long": post_page("bells"),
    }
    run = site_source(site, "/feed").run()
    assert paths_of(run, site) == {"/short", "/long"}
    assert "that is all" in run.documents[f"{site.url}/short"].text
    assert "Sentence 9" in run.documents[f"{site.url}/long"].text


def test_a_link_blogs_words_are_its_own_and_what_it_links_to_is_never_fetched(site: Loopback) -> None:
    with loopback({"/theirs": post_page("theirs")}) as other:
        link = f"{other.url}/theirs"
        own = f"<item><title>A</title><link>{link}</link><guid>{site.url}/a</guid><description>x</description>"
        own += f"<content:encoded><![CDATA[{prose('what I think')}]]></content:encoded></item>"
        apart = f"<item><title>B</title><link>{link}?b</link><guid isPermaLink='false'>b</guid></item>"
        site.routes["/feed"] = xml_page(rss_feed(site.url, own, apart))
        run = site_source(site, "/feed").run()
        assert other.requests == []
    assert paths_of(run, site) == {"/a"}
    assert [exclusion.reason for exclusion in run.exclusions] == ["not_a_post"]


def test_an_entry_without_link_and_id_is_reported(site: Loopback) -> None:
    site.routes["/feed"] = xml_page(
        rss_feed(site.url, "<item><title>A</title></item>", rss_item(f"{site.url}/b", "b", prose("b")))
    )
    run = site_source(site, "/feed").run()
    assert [(exclusion.reason, exclusion.row) for exclusion in run.exclusions] == [("unreadable", 1)]
    assert paths_of(run, site) == {"/b"}


def test_a_paged_feed_is_followed_until_nothing_is_new(site: Loopback) -> None:
    def paged(number: int, following: str) -> Response:
        content = f"<content type='html'><![CDATA[{prose(str(number))}]]></content>"
        return _atom(site, _entry(f"{site.url}/{number}", content), more=following)

    site.routes |= {
        "/feed": paged(1, '<link rel="next" href="/feed/2"/>'),
        "/feed/2": paged(2, '<link rel="next" href="/feed/3"/>'),
        "/feed/3": paged(3, '<link rel="next" href="/feed/3"/>'),
    }
    source = site_source(site, "/feed")
    assert paths_of(source.run(), site) == {"/1", "/2", "/3"}
    paths_asked(site)
    source.run()
    assert paths_asked(site) == ["/feed"]


@pytest.mark.parametrize("form", ["rss", "atom"])
@pytest.mark.parametrize("full", [True, False])
def test_a_page_is_fetched_only_when_its_feed_has_no_more_than_a_summary(site: Loopback, form: str, full: bool) -> None:
    url = f"{site.url}/bells"
    content = f"<content type='html'><![CDATA[{prose('bells')}]]></content>" if full else "<summary>Bells</summary>"
    feeds = {
        "rss": xml_page(rss_feed(site.url, rss_item(url, "bells", prose("bells") if full else ""))),
        "atom": _atom(site, _entry(url, f"<published>2024-05-06T07:08:09Z</published>{content}")),
    }
    site.routes |= {"/feed": feeds[form], "/bells": post_page("bells")}
    (document,) = site_source(site, "/feed").run().documents.values()
    assert "Sentence 9 about bells" in document.text
    assert (document.title, document.published_at) == ("On bells", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC))
    assert paths_asked(site) == (["/feed"] if full else ["/feed", "/bells"])


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("Mon, 06 May 2024 09:08:09 +0200", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06T07:08:09.5Z", datetime(2024, 5, 6, 7, 8, 9, 500000, tzinfo=UTC)),
        ("6 May 2024 07:08:09 EST", datetime(2024, 5, 6, 12, 8, 9, tzinfo=UTC)),
        ("2024-05-06", datetime(2024, 5, 6, tzinfo=UTC)),
        ("May 6, 2024", datetime(2024, 5, 6, tzinfo=UTC)),
        ("Mon, 06 May 2199 07:08:09 GMT", None),
        ("0000-00-00 00:00:00", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Fri, 99 May 2024 07:08:09 GMT", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_are_read_in_all_forms_and_impossible_ones_cost_the_date_only(
    site: Loopback, written: str, found: datetime | None
) -> None:
    site.routes["/feed"] = xml_page(rss_feed(site.url, rss_item(f"{site.url}/b", "b", prose("b"), day=written)))
    (document,) = site_source(site, "/feed").run().documents.values()
    assert document.published_at == found
    assert "Sentence 9" in document.text


def test_bylines_of_guests_and_co_authors_are_read_from_the_feed(site: Loopback) -> None:
    authors = {"own": "jo doe", "guest": "Ann Roe", "both": "Jo Doe and Ann Roe", "site": ""}
    items = (rss_item(f"{site.url}/{name}", name, prose(name), author=author) for name, author in authors.items())
    site.routes["/feed"] = xml_page(rss_feed(site.url, "<managingEditor>Letters</managingEditor>", *items))
    run = site_source(site, "/feed").run()
    assert {path.rpartition("/")[2]: (d.by, d.excluded) for path, d in run.documents.items()} == {
        "own": ("Jo Doe", ""),
        "guest": ("Ann Roe", "guest"),
        "both": ("Jo Doe, Ann Roe", "coauthored"),
        "site": ("Jo Doe", ""),
    }


def test_all_authors_of_an_atom_entry_count(site: Loopback) -> None:
    people = "<author><name>Jo Doe</name></author><author><name>Ann Roe</name></author>"
    content = f"<content type='html'><![CDATA[{prose('bells')}]]></content>"
    site.routes["/feed"] = _atom(site, _entry(f"{site.url}/bells", people + content))
    (document,) = site_source(site, "/feed").run().documents.values()
    assert (document.by, document.excluded) == ("Jo Doe, Ann Roe", "coauthored")


def test_an_entry_without_a_page_is_what_its_description_says(site: Loopback) -> None:
    note = "<item><guid isPermaLink='false'>7</guid><description>They ring at noon.</description></item>"
    site.routes["/feed"] = xml_page(rss_feed(site.url, note))
    source = site_source(site, "/feed")
    (document,) = source.run().documents.values()
    assert "They ring at noon." in document.text
    assert document.native_id == f"{site.url}/feed#7"
    assert source.run().items == []


def test_bytes_that_are_no_utf_8_cost_those_letters_only(site: Loopback) -> None:
    feed = rss_feed(site.url, rss_item(f"{site.url}/b", "b", prose("Grüße"))).encode().replace(b"noon", b"\xff")
    site.routes["/feed"] = Response(feed + b"\xfe", headers={"Content-Type": "text/xml; charset=utf-8"})
    (document,) = site_source(site, "/feed").run().documents.values()
    assert "Sentence 9 about Grüße" in document.text


def _pages_of_three(site: Loopback) -> None:
    """A feed in three pages, each with the summary of a post."""
    for number in (1, 2, 3):
        following = f'<link rel="next" href="/feed/{number + 1}"/>' if number < 3 else ""
        entry = _entry(f"{site.url}/{number}", "<summary>Short</summary>")
        site.routes |= {f"/feed/{number}": _atom(site, entry, more=following), f"/{number}": post_page(str(number))}


@pytest.mark.parametrize("most", [None, 1])
def test_what_is_behind_a_feeds_first_page_is_not_lost_when_a_run_ends_early(site: Loopback, most: int | None) -> None:
    _pages_of_three(site)
    source = site_source(site, "/feed/1", max_pages=1 if most is None else 500)
    for _ in range(3):
        source.run(most)
    assert {document.url.rpartition("/")[2] for document in source.documents.values()} == {"1", "2", "3"}


def test_a_feed_is_followed_to_a_bounded_number_of_pages_and_says_so(site: Loopback) -> None:
    class Endless(dict[str, Answer]):
        def get(self, path: str, default: Any = None) -> Any:
            number = path.removeprefix("/feed/")
            content = f"<content type='html'><![CDATA[{prose(number, 6)}]]></content>"
            following = f'<link rel="next" href="/feed/{int(number) + 1}"/>' if number.isdigit() else ""
            return _atom(site, _entry(f"{site.url}/{number}", content), more=following) if following else default

    site.routes = Endless()
    run = site_source(site, "/feed/1").run()
    assert len(run.documents) == len([path for path in paths_asked(site) if path.startswith("/feed")]) == 50
    assert any("goes on behind the 50 pages" in line for line in run.reports)


def test_a_second_page_that_fails_is_asked_for_again(site: Loopback) -> None:
    _pages_of_three(site)
    good = site.routes["/feed/2"]
    site.routes["/feed/2"] = Response("down", 500)
    source = site_source(site, "/feed/1")
    assert paths_of(source.run(), site) == {"/1"}
    site.routes["/feed/2"] = good
    assert paths_of(source.run(), site) == {"/2", "/3"}


PIECES = (
    "<item> </item> <entry> </entry> <link>http://[</link> <link>/a</link> <guid>b</guid> <title>&lt;b <![CDATA[ ]]> "
    "<pubDate>0</pubDate> <dc:creator/> <content:encoded> </content:encoded> &nbsp; &#0; <author> < \x00 é words"
)


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES.split(" ")), max_size=25).map("".join), st.integers(0, 20))
def test_no_damage_stops_the_reading_of_a_feed(inner: str, cut: int) -> None:
    body = rss_feed("https://jo.example", inner).encode()
    read = read_feed(Page("https://jo.example/feed", 200, {}, body[: len(body) - cut]))
    for entry in read.entries if read else ():
        assert entry.url == "" or entry.url.startswith("http")
        assert bool(entry.html) == bool(entry.words)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.text(max_size=20)), max_size=8))
def test_no_entry_of_a_json_feed_is_lost(facts: list[tuple[bool, bool, str]]) -> None:
    items = [
        {"id": str(i) if named else None, "url": f"https://jo.example/{i}" if linked else None, "content_html": text}
        for i, (named, linked, text) in enumerate(facts)
    ]
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [*items, "x"]}).encode()
    read = read_feed(Page("https://jo.example/feed", 200, {}, body))
    assert read is not None
    assert [bool(entry.native_id) for entry in read.entries] == [named or linked for named, linked, _ in facts]


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)), st.booleans(), st.integers(0, 30))
def test_a_sitemap_is_read_or_is_said_to_be_none(inner: bytes, packed: bool, cut: int) -> None:
    body = b"<urlset><url><loc>/a</loc></url>" + inner + b"</urlset>"
    body = (gzip.compress(body) if packed else body)[: -cut or None]
    with contextlib.suppress(Unreadable):
        found = read_sitemap(Page("https://jo.example/sitemap.xml", 200, {}, body))
        assert all(url.startswith("http") for url, _ in found.pages)
