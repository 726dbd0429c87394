"""A site by its URL, on a real server: what is found and collected at first."""

import gzip
from datetime import UTC, datetime

from twin_assets.collection.web.site import Site
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
    xml_page,
)
from twin_assets_tests.collection.visits import prose
from twin_assets_tests.loopback import Loopback, Response


def test_only_web_addresses_are_recognized() -> None:
    assert Site().recognizes("https://jo.example/blog")
    assert not any(Site().recognizes(address) for address in ("@jo", "jo.example", "ftp://jo.example/", "http://["))


def test_feed_and_sitemap_are_united_and_full_text_of_the_feed_is_not_fetched_again(site: Loopback) -> None:
    serve_blog(site)
    run = site_source(site).run()
    assert paths_of(run, site) == {"/bells", "/ropes", "/soup"}
    assert not run.exclusions
    assert sorted(paths_asked(site)) == ["/", "/map.xml", "/posts.xml", "/ropes", "/soup"]
    bells = run.documents[f"{site.url}/bells"]
    assert (bells.title, bells.media_type, bells.by, bells.scope) == ("On bells", "text/html", "Jo Doe", "public")
    assert bells.published_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert bells.url == bells.native_id == f"{site.url}/bells"
    assert all("Sentence 5 about" in document.text for document in run.documents.values())


def test_an_article_by_its_url_is_collected_alone(site: Loopback) -> None:
    serve_blog(site)
    source = site_source(site, "/soup?utm_source=mail#end")
    assert paths_of(source.run(), site) == {"/soup"}
    assert paths_asked(site) == ["/soup"]
    site.routes["/soup"] = post_page("soup and bread")
    assert paths_of(source.run(), site) == {"/soup"}
    site.routes["/soup"] = Response("away", 404)
    error = source.run().error
    assert isinstance(error, FetchError)
    assert error.status == 404


def test_feeds_are_found_at_their_usual_places(site: Loopback) -> None:
    feed = rss_feed(site.url, rss_item(f"{site.url}/notes/bells", "bells", prose("bells")))
    site.routes |= {"/": html_page("<h1>Letters</h1>"), "/index.xml": xml_page(feed)}
    assert paths_of(site_source(site).run(), site) == {"/notes/bells"}


def test_sitemap_indexes_and_compressed_and_text_sitemaps_are_read(site: Loopback) -> None:
    names = ("a.xml.gz", "b.txt", "sitemap.xml")
    index = "".join(f"<sitemap><loc>{site.url}/{name}</loc></sitemap>" for name in names)
    site.routes |= {
        "/": html_page("<h1>Letters</h1>"),
        "/sitemap.xml": xml_page(f"<sitemapindex>{index}</sitemapindex>"),
        "/a.xml.gz": Response(gzip.compress(sitemap_of({f"{site.url}/bells": ""}).encode())),
        "/b.txt": Response(f"{site.url}/soup\n{site.url}/tag/food\n{site.url}/photo.jpg\n"),
        "/bells": post_page("bells"),
        "/soup": post_page("soup"),
    }
    source = site_source(site)
    run = source.run()
    assert paths_of(run, site) == {"/bells", "/soup"}
    assert reasons_by_path(run, site) == {"/tag/food": "not_a_post", "/photo.jpg": "not_a_post"}
    assert site.count("/tag/food") == site.count("/photo.jpg") == 0
    assert source.run().items == []


def test_a_sitemap_counts_only_below_the_folder_that_was_given(site: Loopback) -> None:
    urls = {f"{site.url}{path}": "" for path in ("/blog/bells", "/shop/mugs", "/blogroll")}
    site.routes |= {
        "/blog": html_page("<h1>Blog</h1>"),
        "/sitemap.xml": xml_page(sitemap_of(urls)),
        "/blog/bells": post_page("bells"),
        "/shop/mugs": post_page("mugs"),
    }
    assert paths_of(site_source(site, "/blog").run(), site) == {"/blog/bells"}


def test_without_lists_pages_are_followed_and_lists_of_them_are_no_documents(site: Loopback) -> None:
    site.routes |= {
        "/": html_page(
            '<a href="/bells?utm_source=x#top">b</a> <a href="/tag/food">food</a> <a href="/n/page/2">2</a>'
        ),
        "/tag/food": html_page('<a href="/soup">soup</a><a href="https://other.example/x">x</a>'),
        "/n/page/2": html_page('<a href="/ropes">ropes</a><a href="/photo.jpg">p</a><a href="/soup?share=mail">s</a>'),
        "/bells": post_page("bells"),
        "/soup": post_page("soup"),
        "/ropes": post_page("ropes", around='<a href="/missing">m</a><a href="mailto:jo@jo.example">me</a>'),
    }
    source = site_source(site)
    run = source.run()
    assert paths_of(run, site) == {"/bells", "/soup", "/ropes"}
    assert reasons_by_path(run, site) == {
        "/": "not_a_post",
        "/tag/food": "not_a_post",
        "/n/page/2": "not_a_post",
        "/missing": "deleted",
    }
    assert site.count("/photo.jpg") == 0
    assert all(not request.query for request in site.requests)


def test_canonical_links_join_spellings_of_one_page_and_never_lead_elsewhere(site: Loopback) -> None:
    canonical = f'<link rel="canonical" href="{site.url}/bells?utm_campaign=x">'
    urls = dict.fromkeys((f"{site.url}/bells/", f"{site.url}/print/bells", f"{site.url}/soup"), "")
    site.routes |= {
        "/": html_page(""),
        "/sitemap.xml": xml_page(sitemap_of(urls)),
        "/bells/": post_page("bells", canonical),
        "/print/bells": post_page("bells", canonical),
        "/soup": post_page("soup", '<link rel="canonical" href="https://other.example/soup">'),
    }
    run = site_source(site).run()
    assert paths_of(run, site) == {"/bells", "/soup"}
    assert reasons_by_path(run, site) == {"/print/bells": "duplicate_id"}


def test_pages_of_others_and_with_others_are_told_apart_and_named_in_the_report(site: Loopback) -> None:
    urls = dict.fromkeys((f"{site.url}/{name}" for name in ("own", "guest", "both")), "")
    site.routes |= {
        "/": html_page(""),
        "/sitemap.xml": xml_page(sitemap_of(urls)),
        "/own": post_page("own things", '<meta name="author" content="jo doe">'),
        "/guest": post_page("guest things", '<meta name="author" content="Ann Roe">'),
        "/both": post_page("things of both", '<meta name="author" content="Ann Roe and Jo Doe">'),
    }
    source = site_source(site)
    run = source.run()
    found = {native_id.rpartition("/")[2]: (d.by, d.excluded) for native_id, d in run.documents.items()}
    assert found == {
        "own": ("Jo Doe", ""),
        "guest": ("Ann Roe", "guest"),
        "both": ("Ann Roe, Jo Doe", "coauthored"),
    }
    assert any("'Ann Roe'" in line and "own_names" in line for line in run.reports)
    source.config = source.config.model_copy(update={"own_names": ("Ann Roe",), "include_coauthored": True})
    assert {d.excluded for d in source.run().documents.values()} == {""}


def test_a_page_that_asks_not_to_be_indexed_is_still_the_authors(site: Loopback) -> None:
    site.routes["/bells"] = post_page("bells", '<meta name="robots" content="noindex">')
    assert paths_of(site_source(site, "/bells").run(), site) == {"/bells"}


def test_a_site_of_one_page_is_that_page(site: Loopback) -> None:
    site.routes["/"] = html_page(f"<main><h1>Jo Doe</h1>{prose('my life')}</main>")
    assert paths_of(site_source(site).run(), site) == {"/"}
