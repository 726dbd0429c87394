"""Where a site lists what is on it: found once, by what its pages and its robots.txt name, else by trying."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from twin_assets.collection.web.facts import alternate_feeds
from twin_assets.collection.web.feeds import ACCEPT, Feed, read_feed
from twin_assets.collection.web.fetch import Fetcher
from twin_assets.collection.web.page import Page
from twin_assets.collection.web.permalinks import is_below, is_front, is_listing, join, page_key
from twin_assets.collection.web.reading import Reading
from twin_assets.collection.web.sitemaps import Survey, survey
from twin_assets.collection.web.tree import link_share
from twin_assets.errors import FetchError, SourceError

_FEEDS = ("feed", "rss.xml", "atom.xml", "feed.xml", "index.xml", "feed.json")
_SITEMAPS = ("sitemap.xml", "sitemap_index.xml", "sitemap.xml.gz")
_MAX_FEEDS = 5
_ARTICLE_WORDS, _ARTICLE_LINKS = 150, 0.25
"""Words from which a page that is not marked up may be one article, and the share of them in links up to which."""


@dataclass
class Found:
    """The feeds and sitemaps of a site, as they were answered."""

    feeds: dict[str, tuple[Page, Feed]] = field(default_factory=dict)
    sitemaps: list[str] = field(default_factory=list)
    children: dict[str, list[str]] = field(default_factory=dict)
    survey: Survey = field(default_factory=Survey)


def is_article(reading: Reading) -> bool:
    """Whether a page is one article: it says so, or is prose that leads to nothing below it."""
    if is_front(reading.url) or is_listing(reading.url) or reading.facts.listing or not reading.words:
        return False
    if reading.facts.one_article:
        return True
    below = any(is_below(link, reading.url) and page_key(link) != page_key(reading.url) for link in reading.links)
    is_file = "." in urlsplit(reading.url).path.rpartition("/")[2]
    prose = reading.words >= _ARTICLE_WORDS and link_share(reading.content) <= _ARTICLE_LINKS
    return prose and (is_file or not below)


def discover(fetcher: Fetcher, reading: Reading) -> Found:
    """The feeds that a page names (else those at the usual places) and the sitemaps of its site.

    Raises FetchError when the site asks to stop.
    """
    found = Found()
    for url in alternate_feeds(reading.root, reading.url):
        _add_feed(url, fetcher, found)
    if not found.feeds:
        for url in _usual(reading.url, _FEEDS):
            if _add_feed(url, fetcher, found):
                break
    named = [url for name in fetcher.sitemaps(reading.url) if (url := join(reading.url, name))]
    for url in named:
        _add_sitemap(url, fetcher, found)
    for url in (join(reading.url, f"/{name}") for name in _SITEMAPS):
        if found.sitemaps or url in named:
            break
        _add_sitemap(url, fetcher, found)
    return found


def _add_feed(url: str, fetcher: Fetcher, found: Found) -> bool:
    """Take a feed in, unless it holds nothing that another one does not hold; whether there is a feed."""
    if len(found.feeds) >= _MAX_FEEDS:
        return False
    try:
        page = fetcher.get(url, accept=ACCEPT)
    except FetchError as error:
        _stop_if_asked(error)
        return False
    feed = read_feed(page)
    if feed is None:
        return False
    known = {entry.native_id for _, other in found.feeds.values() for entry in other.entries}
    if not found.feeds or any(entry.native_id not in known for entry in feed.entries):
        found.feeds[url] = (page, feed)
    return True


def _add_sitemap(url: str, fetcher: Fetcher, found: Found) -> None:
    surveyed = survey(fetcher, [url], found.children, conditional=False)
    for error in surveyed.failed.values():
        _stop_if_asked(error)
    if url not in surveyed.failed:
        found.sitemaps.append(url)
        found.survey.merge(surveyed)


def _usual(url: str, names: tuple[str, ...]) -> Iterator[str]:
    """The usual places below a page, then at its site's root."""
    folder = url if url.endswith("/") or "." in url.rpartition("/")[2] else f"{url}/"
    yield from dict.fromkeys(join(base, name) for base in (folder, join(url, "/")) for name in names)


def _stop_if_asked(error: SourceError) -> None:
    if isinstance(error, FetchError) and error.status == 429:
        raise error
