"""Any blog or web site by its URL: a feed, one article, or all that the site's feeds and sitemaps list; else all that
its pages lead to."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from twin_assets.collection.collector import Gone, Item, Visit
from twin_assets.collection.text import Unreadable
from twin_assets.collection.web.browser import is_installed
from twin_assets.collection.web.crawl import crawl
from twin_assets.collection.web.discovery import Found, discover, is_article
from twin_assets.collection.web.feeds import Feed, read_feed
from twin_assets.collection.web.listings import Listings, in_scope
from twin_assets.collection.web.pages import Pages
from twin_assets.collection.web.permalinks import canonical, on_site, site_of
from twin_assets.collection.web.reading import Render, in_browser
from twin_assets.collection.web.sitemaps import Survey
from twin_assets.digests import digest
from twin_assets.errors import SourceError
from twin_assets.records import Kind


@dataclass
class Site:
    """A site, a feed or an article at an http(s) URL.

    Args:
        render: shows a page that has no text otherwise, as a browser does; None never does.
    """

    render: Render | None = in_browser
    kind: Kind = field(default="site", init=False)
    title: str = field(default="a blog or web site", init=False)

    def recognizes(self, address: str) -> bool:
        """Whether it is any http(s) URL: more specific kinds are asked first."""
        return bool(canonical(address))

    def collect(self, visit: Visit) -> Iterator[Item | Gone]:
        """Every page that is new or changed, an exclusion for each that is no document, and what is gone.

        Raises SourceError when there is no web page at the URL; FetchError when neither it nor any list of the site's
        pages can be had, or the site asks to stop.
        """
        source, notes = visit.origin.source, visit.notes
        start = canonical(source.url) or canonical(f"https://{source.url}")
        if not start:
            raise SourceError(f"{source.url!r} is no web address", "give it in full: https://...")
        browser = self.render is not None and is_installed(visit.fetcher.settings.browser)
        judged_by = digest(start, visit.origin.author, source.own_names, source.include_coauthored, browser)
        if notes.get("judged_by") != judged_by:
            notes.clear()
        if "mode" in notes:
            pages, found = Pages(visit, notes["root"], self.render), None
        else:
            pages, found = self._look(visit, start)
            notes["judged_by"] = judged_by
        if notes["mode"] == "article":
            yield from pages.take(start, {}, alone=True)
        else:
            yield from self._site(visit, pages, on_site(start, pages.root), found)
        pages.report()
        if "mode" not in notes:
            # All its lists are gone, so whatever there is instead is looked for.
            yield from self.collect(visit)

    def _site(self, visit: Visit, pages: Pages, start: str, found: Found | None) -> Iterator[Item | Gone]:
        listings = Listings(visit, pages, start, found)
        yield from listings.collect()
        if visit.notes.get("mode") == "site" and not visit.notes["sitemaps"]:
            # A feed tells what is new, but only its newest entries: what came before is followed once.
            yield from crawl(pages, start, again=not visit.notes["feeds"])
        listings.confirm()

    def _look(self, visit: Visit, start: str) -> tuple[Pages, Found | None]:
        """What is at the URL: notes whether it is an article, a feed or a site, and where that lists its pages."""
        page = visit.fetcher.get(start)
        root = canonical(page.url)
        if feed := read_feed(page):
            root = _site_of_feed(feed, root)
            visit.notes |= {"mode": "feed", "root": root, "feeds": [start], "sitemaps": [], "children": {}}
            return Pages(visit, root, self.render), Found(feeds={start: (page, feed)})
        pages = Pages(visit, root, self.render)
        try:
            reading = pages.read(page)
        except Unreadable as error:
            remedy = "give the address of a page, a feed or a site; a PDF is a source of kind paper"
            raise SourceError(f"{start!r} {error.detail}", remedy) from error
        pages.at_hand[start] = reading
        if is_article(reading):
            visit.notes |= {"mode": "article", "root": root}
            return pages, None
        found = discover(visit.fetcher, reading)
        if not any(in_scope(on_site(listed.url, root), on_site(start, root)) for listed in found.survey.pages.values()):
            found.sitemaps, found.survey = [], Survey()
        visit.notes |= {"mode": "site", "root": root, "feeds": list(found.feeds)}
        visit.notes |= {"sitemaps": found.sitemaps, "children": found.children}
        lists = f"{len(found.feeds)} feeds, {len(found.sitemaps)} sitemaps"
        follows = "" if found.sitemaps else "; its pages are followed from one to another"
        visit.report(f"{visit.origin.source.name}: {lists}{follows}")
        return pages, found


def _site_of_feed(feed: Feed, address: str) -> str:
    """Where a feed's pages lie: where it says, unless all its entries lie on one other host."""
    hosts = {site_of(entry.url): entry.url for entry in feed.entries if entry.url}
    if site_of(address) in hosts:
        return address
    return next(iter(hosts.values())) if len(hosts) == 1 else feed.site
