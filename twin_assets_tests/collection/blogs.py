"""Blogs on a real server, for the tests of sites and feeds."""

from collections.abc import Mapping
from typing import Any

from twin_assets.collection.web.reading import Render
from twin_assets.collection.web.site import Site
from twin_assets.settings import SourceConfig
from twin_assets_tests.collection.visits import Run, Source, page, prose
from twin_assets_tests.loopback import Answer, Loopback, Request, Response

HTML = {"Content-Type": "text/html; charset=utf-8"}
XML = {"Content-Type": "application/xml"}
DAY = "Mon, 06 May 2024 07:08:09 GMT"


def html_page(body: str, head: str = "", title: str = "A page") -> Response:
    """A page of a site, as it is answered."""
    return Response(page(body, head, title), headers=HTML)


def xml_page(body: str) -> Response:
    """A feed or a sitemap, as it is answered."""
    return Response(body, headers=XML)


def post_page(topic: str, head: str = "", around: str = "") -> Response:
    """A post about a topic."""
    return html_page(f"<article><h1>On {topic}</h1>{prose(topic)}</article>{around}", head, f"On {topic}")


def with_etag(body: str, etag: str, kind: str = "application/xml") -> Answer:
    """A page that is answered by 304 to those who have it."""

    def answer(request: Request) -> Response:
        if request.headers.get("if-none-match") == etag:
            return Response(status=304, headers={"ETag": etag})
        return Response(body, headers={"ETag": etag, "Content-Type": kind})

    return answer


def sitemap_of(urls: Mapping[str, str]) -> str:
    """A sitemap of URLs, with the day on which each was changed."""
    listed = "".join(f"<url><loc>{url}</loc><lastmod>{lastmod}</lastmod></url>" for url, lastmod in urls.items())
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</urlset>'


def rss_item(url: str, topic: str, content: str = "", day: str = DAY, author: str = "") -> str:
    """An item without its whole text, unless there is `content`."""
    encoded = f"<content:encoded><![CDATA[{content}]]></content:encoded>" if content else ""
    creator = f"<dc:creator>{author}</dc:creator>" if author else ""
    published = f"<pubDate>{day}</pubDate>" if day else ""
    return (
        f"<item><title>On {topic}</title><link>{url}</link><guid>{url}</guid>{published}{creator}"
        f"<description>About {topic}</description>{encoded}</item>"
    )


def rss_feed(site: str, *items: str) -> str:
    """An RSS feed."""
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel><title>Letters</title><link>{site}</link>{''.join(items)}</channel></rss>"
    )


def site_source(site: Loopback, path: str = "/", render: Render | None = None, **config: Any) -> Source:
    """A source that is the site, or a page of it."""
    return Source(Site(render=render), SourceConfig(name="blog", url=f"{site.url}{path}", kind="site", **config))


def paths_of(run: Run, site: Loopback) -> set[str]:
    """The paths of the documents."""
    return {native_id.removeprefix(site.url) for native_id in run.documents}


def paths_asked(site: Loopback) -> list[str]:
    """What was asked for since the last call, without robots.txt."""
    asked = [request.path for request in site.requests if request.path != "/robots.txt"]
    site.requests.clear()
    return asked


def reasons_by_path(run: Run, site: Loopback) -> dict[str, str]:
    """Why what was set aside."""
    return {exclusion.file.removeprefix(site.url): exclusion.reason for exclusion in run.exclusions}


def serve_blog(site: Loopback, lastmod: str = "2024-05-06") -> None:
    """A blog with a sitemap of three posts, and a feed that holds one of them in full and one in short."""
    urls = {f"{site.url}/{topic}": lastmod for topic in ("bells", "ropes", "soup")}
    items = rss_item(f"{site.url}/bells", "bells", prose("bells")), rss_item(f"{site.url}/ropes", "ropes")
    head = '<link rel="alternate" type="application/rss+xml" href="/posts.xml">'
    site.routes.update(
        {
            "/": html_page('<a href="/bells">bells</a>', head),
            "/robots.txt": Response(f"User-agent: *\nDisallow: /private\nSitemap: {site.url}/map.xml\n"),
            "/map.xml": with_etag(sitemap_of(urls), f'"{lastmod}"'),
            "/posts.xml": with_etag(rss_feed(site.url, *items), '"feed"'),
            **{f"/{topic}": post_page(topic) for topic in ("bells", "ropes", "soup")},
        }
    )
