"""Later runs of a site: what they ask for, what is new, changed or gone, and where a run was cut off."""

from typing import Any

import pytest

from twin_assets.digests import document_id
from twin_assets.errors import FetchError
from twin_assets_tests.collection.blogs import (
    html_page,
    paths_asked,
    paths_of,
    post_page,
    reasons_by_path,
    rss_feed,
    rss_item,
    serve_blog,
    site_source,
    sitemap_of,
    with_etag,
    xml_page,
)
from twin_assets_tests.collection.visits import page, prose
from twin_assets_tests.loopback import Answer, Loopback, Response


def test_a_run_without_news_asks_each_list_once_and_no_page(site: Loopback) -> None:
    serve_blog(site)
    source = site_source(site)
    source.run()
    paths_asked(site)
    run = source.run()
    assert (run.items, run.error) == ([], None)
    assert paths_asked(site) == ["/map.xml", "/posts.xml"]


def test_only_what_has_changed_is_fetched_again_and_keeps_its_id(site: Loopback) -> None:
    serve_blog(site)
    source = site_source(site)
    before = source.run().documents[f"{site.url}/soup"]
    urls = {f"{site.url}/bells": "2024-05-06", f"{site.url}/ropes": "2024-05-06", f"{site.url}/soup": "2024-06-01"}
    site.routes["/map.xml"] = with_etag(sitemap_of(urls), '"new"')
    site.routes["/soup"] = post_page("soup and bread")
    paths_asked(site)
    run = source.run()
    assert paths_asked(site) == ["/map.xml", "/posts.xml", "/soup"]
    (after,) = run.documents.values()
    assert after.document_id == before.document_id
    assert after.content_digest != before.content_digest
    assert source.run().items == []


def test_a_page_that_has_not_changed_after_all_is_not_read_again(site: Loopback) -> None:
    serve_blog(site)
    site.routes["/soup"] = with_etag(page(f"<article>{prose('soup')}</article>"), '"soup"', "text/html")
    source = site_source(site)
    source.run()
    serve_blog(site, "2024-07-07")
    site.routes["/soup"] = with_etag("would not be read", '"soup"', "text/html")
    run = source.run()
    assert f"{site.url}/soup" not in run.documents
    assert site.requests[-1].headers["if-none-match"] == '"soup"' or site.count("/soup") == 2


def test_an_entry_that_changes_in_the_feed_changes_its_document_without_a_request(site: Loopback) -> None:
    serve_blog(site)
    source = site_source(site)
    source.run()
    feed = rss_feed(site.url, rss_item(f"{site.url}/bells", "bells", prose("bells at night")))
    site.routes["/posts.xml"] = with_etag(feed, '"other"')
    paths_asked(site)
    run = source.run()
    assert paths_asked(site) == ["/map.xml", "/posts.xml"]
    assert "bells at night" in run.documents[f"{site.url}/bells"].text


def test_a_page_that_left_the_sitemap_is_gone_only_if_it_is_answered_so(site: Loopback) -> None:
    serve_blog(site)
    source = site_source(site)
    source.run()
    site.routes["/map.xml"] = with_etag(sitemap_of({f"{site.url}/bells": "2024-05-06"}), '"short"')
    site.routes["/soup"] = Response("gone", 410)
    run = source.run()
    assert run.gone == [document_id("site", f"{site.url}/soup")]
    paths_asked(site)
    assert source.run().items == []
    assert paths_asked(site) == ["/map.xml", "/posts.xml"]


@pytest.mark.parametrize("broken", ["<urlset><url><loc>", "<urlset></urlset", ""])
def test_nothing_is_gone_when_the_sitemap_is_damaged(site: Loopback, broken: str) -> None:
    serve_blog(site)
    source = site_source(site)
    source.run()
    site.routes["/map.xml"] = xml_page(broken)
    site.routes["/soup"] = Response("not found", 404)
    assert source.run().gone == []


def test_leaving_the_feed_is_not_leaving_the_site(site: Loopback) -> None:
    site.routes |= {"/feed.xml": xml_page(rss_feed(site.url, rss_item(f"{site.url}/bells", "bells", prose("bells"))))}
    source = site_source(site, "/feed.xml")
    assert paths_of(source.run(), site) == {"/bells"}
    site.routes["/feed.xml"] = xml_page(rss_feed(site.url, rss_item(f"{site.url}/soup", "soup", prose("soup"))))
    run = source.run()
    assert (paths_of(run, site), run.gone) == ({"/soup"}, [])


def test_history_of_a_site_with_a_short_feed_is_followed_once(site: Loopback) -> None:
    serve_blog(site)
    site.routes["/robots.txt"] = Response("")
    del site.routes["/map.xml"]
    site.routes["/"] = html_page(
        '<a href="/bells">bells</a><a href="/archive">older</a>',
        '<link rel="alternate" type="application/rss+xml" href="/posts.xml">',
    )
    site.routes["/archive"] = html_page('<ul><li><a href="/soup">soup</a></li></ul>')
    source = site_source(site)
    assert paths_of(source.run(), site) == {"/bells", "/ropes", "/soup"}
    paths_asked(site)
    assert source.run().items == []
    assert paths_asked(site) == ["/posts.xml"]


def test_a_crawled_site_is_looked_at_again_for_new_changed_and_gone_pages(site: Loopback) -> None:
    site.routes |= {"/": html_page('<a href="/a">a</a><a href="/b">b</a>')}
    site.routes |= {"/a": post_page("ants"), "/b": post_page("bells")}
    source = site_source(site)
    source.run()
    site.routes |= {"/": html_page('<a href="/c">c</a>'), "/a": post_page("ants and bees"), "/c": post_page("cats")}
    del site.routes["/b"]
    run = source.run()
    assert paths_of(run, site) == {"/a", "/c"}
    assert run.gone == [document_id("site", f"{site.url}/b")]


def test_a_calendar_without_end_is_bounded(site: Loopback) -> None:
    class Endless(dict[str, Answer]):
        def get(self, path: str, default: Any = None) -> Any:
            number = path.removeprefix("/calendar/")
            if number.isdigit():
                return html_page(f'<a rel="next" href="/calendar/{int(number) + 1}">next month</a>')
            return super().get(path, default)

    front = html_page('<a href="/calendar/1">c</a><a href="/bells">b</a>')
    site.routes = Endless({"/": front, "/bells": post_page("bells")})
    source = site_source(site, max_pages=3)
    run = source.run()
    assert paths_of(run, site) == {"/bells"}
    assert len([path for path in paths_asked(site) if path.startswith("/calendar") or path == "/bells"]) <= 3
    assert any("left for the next run" in line for line in run.reports)
    for _ in range(14):
        source.run()
    asked = {path for path in paths_asked(site) if path.startswith("/calendar")}
    assert 15 < len(asked) <= 30


def test_pages_that_one_run_may_not_fetch_are_left_for_the_next(site: Loopback) -> None:
    serve_blog(site)
    source = site_source(site, max_pages=1)
    first = source.run()
    assert paths_of(first, site) == {"/bells", "/ropes"}
    assert any("left for the next run" in line for line in first.reports)
    assert paths_of(source.run(), site) == {"/soup"}
    assert source.run().items == []
    paths_asked(site)
    source.run()
    assert paths_asked(site) == ["/map.xml", "/posts.xml"]


def test_a_run_that_is_killed_goes_on_where_it_was(site: Loopback) -> None:
    serve_blog(site)
    source = site_source(site)
    (first,) = paths_of(source.run(most=1), site)
    paths_asked(site)
    second = source.run()
    assert paths_of(second, site) == {"/bells", "/ropes", "/soup"} - {first}
    assert sorted(paths_asked(site)) == ["/map.xml", "/posts.xml", "/ropes", "/soup"]


def test_a_site_that_asks_to_stop_is_left_alone_and_what_came_is_kept(site: Loopback) -> None:
    serve_blog(site)
    site.routes["/soup"] = Response("slow down", 429)
    source = site_source(site)
    run = source.run()
    assert paths_of(run, site) == {"/bells", "/ropes"}
    assert isinstance(run.error, FetchError)
    assert run.error.status == 429
    site.routes["/soup"] = post_page("soup")
    assert paths_of(source.run(), site) == {"/soup"}


def test_a_site_that_is_away_in_the_middle_is_not_asked_for_each_page(site: Loopback) -> None:
    urls = {f"{site.url}/{number}": "" for number in range(40)}
    site.routes |= {"/": html_page(""), "/sitemap.xml": xml_page(sitemap_of(urls))}
    site.routes |= {f"/{number}": Response("down", 503) for number in range(40)}
    run = site_source(site).run()
    assert isinstance(run.error, FetchError)
    assert len(run.exclusions) < 10


def test_lists_that_cannot_be_had_are_an_error_only_if_none_can(site: Loopback) -> None:
    serve_blog(site)
    source = site_source(site)
    source.run()
    site.routes["/map.xml"] = Response("down", 500)
    run = source.run()
    assert (run.error, reasons_by_path(run, site)) == (None, {"/map.xml": "unreadable"})
    site.routes["/posts.xml"] = Response("down", 500)
    assert isinstance(source.run().error, FetchError)


def test_a_feed_is_asked_for_conditionally_beside_a_sitemap_that_always_answers(site: Loopback) -> None:
    serve_blog(site)
    urls = {f"{site.url}/{topic}": "2024-05-06" for topic in ("bells", "ropes", "soup")}
    site.routes["/map.xml"] = xml_page(sitemap_of(urls))
    source = site_source(site)
    source.run()
    site.requests.clear()
    run = source.run()
    assert (run.items, run.error) == ([], None)
    (asked,) = (request for request in site.requests if request.path == "/posts.xml")
    assert asked.headers["if-none-match"] == '"feed"'
    assert paths_asked(site) == ["/map.xml", "/posts.xml"]


def test_what_an_unchanged_feed_holds_of_a_changed_page_is_better_than_the_page(site: Loopback) -> None:
    serve_blog(site)
    source = site_source(site)
    source.run()
    serve_blog(site, "2024-07-07")
    paths_asked(site)
    assert source.run().error is None
    assert paths_asked(site) == ["/map.xml", "/posts.xml", "/ropes", "/soup"]


def test_a_listed_page_that_is_gone_is_gone_until_it_is_there_again(site: Loopback) -> None:
    serve_blog(site)
    soup = page(f"<article>{prose('soup')}</article>")
    site.routes["/soup"] = with_etag(soup, '"soup"', "text/html")
    source = site_source(site)
    source.run()
    serve_blog(site, "2024-07-07")
    site.routes["/soup"] = Response("gone", 410)
    assert source.run().gone == [document_id("site", f"{site.url}/soup")]
    paths_asked(site)
    assert source.run().items == []
    assert paths_asked(site) == ["/map.xml", "/posts.xml"]
    serve_blog(site, "2024-08-08")
    site.routes["/soup"] = with_etag(soup, '"soup"', "text/html")
    assert "/soup" in paths_of(source.run(), site)


def test_an_article_that_is_gone_is_gone_and_the_source_fails(site: Loopback) -> None:
    site.routes["/soup"] = post_page("soup")
    source = site_source(site, "/soup")
    source.run()
    site.routes["/soup"] = Response("away", 404)
    run = source.run()
    assert run.gone == [document_id("site", f"{site.url}/soup")]
    assert isinstance(run.error, FetchError)
    assert run.error.status == 404


def test_a_site_whose_feed_disappears_is_looked_at_anew(site: Loopback) -> None:
    serve_blog(site)
    del site.routes["/map.xml"]
    source = site_source(site)
    assert paths_of(source.run(), site) == {"/bells", "/ropes"}
    site.routes |= {"/": html_page('<a href="/new">new</a>'), "/posts.xml": Response("gone", 410)}
    site.routes["/new"] = post_page("new things")
    run = source.run()
    assert (run.gone, run.error) == ([], None)
    assert paths_of(run, site) == {"/new", "/bells"}
    assert paths_of(source.run(), site) == set()
    assert reasons_by_path(run, site)["/posts.xml"] == "unreadable"


def test_a_feed_that_was_given_and_disappears_is_an_error(site: Loopback) -> None:
    serve_blog(site)
    source = site_source(site, "/posts.xml")
    source.run()
    site.routes["/posts.xml"] = Response("gone", 410)
    run = source.run()
    assert isinstance(run.error, FetchError)
    assert run.error.status == 410
    assert run.gone == []
