"""What a site's feeds and sitemaps list, in one run: read what is new or changed, and see what is gone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from twin_assets.collection.collector import Gone, Item, Visit
from twin_assets.collection.web.discovery import Found
from twin_assets.collection.web.failures import is_gone
from twin_assets.collection.web.feeds import ACCEPT, Entry, Feed, read_feed
from twin_assets.collection.web.page import Page
from twin_assets.collection.web.pages import Pages
from twin_assets.collection.web.permalinks import is_below, is_front, is_listing, is_page, on_site, page_key, site_of
from twin_assets.collection.web.sitemaps import Listed, Survey, survey
from twin_assets.errors import FetchError, SourceError

_FEED_PAGES = 50
"""Pages of one feed that are followed."""


@dataclass
class _Wanted:
    """A page that a feed or a sitemap names. `apart` says that the entry has no page on this site."""

    url: str
    entry: Entry | None = None
    base: str = ""
    apart: bool = False
    listed: Listed | None = None

    @property
    def is_held(self) -> bool:
        """Whether the feed holds the whole text."""
        return self.entry is not None and (self.entry.full or self.apart)

    @property
    def is_no_page(self) -> str:
        """Why there is no use in fetching it; blank where there may be."""
        if self.entry is not None:
            return "has no text, and no page on this site" if self.apart else ""
        if is_listing(self.url):
            return "lists what is written elsewhere"
        return "" if is_page(self.url) else "is no web page"

    @property
    def marks(self) -> dict[str, str]:
        """What tells that it has changed."""
        marks = {"updated": self.entry.updated} if self.entry else {}
        return marks | ({"lastmod": self.listed.lastmod, "sitemap": self.listed.sitemap} if self.listed else {})


class Listings:
    """The feeds and sitemaps that the visit's notes name.

    Args:
        visit: the run.
        pages: the site's pages.
        scope: only pages below it are taken from sitemaps, which list a whole host.
        found: feeds and sitemaps that were fetched in this run already.
    """

    def __init__(self, visit: Visit, pages: Pages, scope: str, found: Found | None) -> None:
        self._visit, self._pages, self._scope, self._found = visit, pages, scope, found
        self._answers: list[Page] = []
        self._errors: list[SourceError] = []
        self._wanted: dict[str, _Wanted] = {}

    def collect(self) -> Iterator[Item | Gone]:
        """The pages that are new or changed, then those that are gone. Raises SourceError when no list can be had,
        unless all are gone: then the notes have no `mode` any more."""
        notes, pages = self._visit.notes, self._pages
        surveyed = self._survey()
        for url, error in surveyed.failed.items():
            yield self._failure(url, error)
        for listed in surveyed.pages.values():
            if in_scope(listed.url, self._scope):
                url = on_site(listed.url, pages.root)
                self._wanted[page_key(url)] = _Wanted(url, listed=listed)
        # What a feed holds of a page is better than the page: it is wanted even if the feed itself has no news.
        news = any(self._is_new(key, wanted) for key, wanted in self._wanted.items())
        for url in list(notes["feeds"]):
            yield from self._feed(url, conditional=not news)
        if self._errors and not self._answers and "mode" in notes:
            raise self._errors[0]
        # Until the end is reached, what was not read yet may lie behind what is known.
        notes["complete"] = False
        left = 0
        for key, wanted in self._wanted.items():
            if pages.spent and not wanted.is_held and self._is_new(key, wanted):
                left += 1
            else:
                yield from self._page(key, wanted)
        yield from self._gone(surveyed)
        if left:
            pages.again = True
            source = self._visit.origin.source
            limit = f"one run fetches {source.max_pages} (`max_pages`)"
            self._visit.report(f"{source.name}: {left} pages are left for the next run: {limit}")

    def confirm(self) -> None:
        """Remember what was answered, unless there is something left for the next run."""
        self._visit.notes["complete"] = not self._pages.again
        for page in () if self._pages.again else self._answers:
            self._visit.fetcher.confirm(page)

    def _survey(self) -> Survey:
        notes = self._visit.notes
        surveyed = (
            self._found.survey
            if self._found
            else survey(self._visit.fetcher, notes["sitemaps"], notes["children"], conditional=True)
        )
        self._answers += surveyed.answers
        return surveyed

    def _failure(self, url: str, error: SourceError) -> Item:
        self._errors.append(error)
        notes = self._visit.notes
        if isinstance(error, FetchError) and is_gone(error):
            for name in ("feeds", "sitemaps"):
                notes[name] = [known for known in notes[name] if known != url]
            if not notes["feeds"] and not notes["sitemaps"]:
                notes.pop("mode", None)
        return self._visit.origin.exclusion("unreadable", f"lists the site's pages, but {error.what}", file=url)

    def _feed(self, url: str, *, conditional: bool) -> Iterator[Item]:
        """Take in a feed's entries, page by page as long as one holds anything new; an exclusion for each that names
        nothing."""
        following, read, complete = url, set[str](), self._visit.notes.get("complete", False)
        while following and following not in read and len(read) < _FEED_PAGES:
            try:
                page, feed = self._fetch(following, conditional=conditional and not read)
            except SourceError as error:
                # What lies behind it is looked for in the next run.
                self._pages.again = self._pages.again or bool(read)
                yield self._failure(following, error)
                return
            if not read:
                self._answers.append(page)
            if feed is None:
                return
            read.add(following)
            new = False
            for number, entry in enumerate(feed.entries, 1):
                if not entry.native_id:
                    detail = f"entry {number} has neither a link nor an id"
                    yield self._visit.origin.exclusion("unreadable", detail, file=following, row=number)
                    continue
                new = self._add_entry(entry, feed, following) or new
            following = feed.following if new or not complete else ""
        if following and following not in read:
            self._visit.report(f"{self._visit.origin.source.name}: {url} goes on behind the {_FEED_PAGES} pages read")

    def _fetch(self, url: str, *, conditional: bool) -> tuple[Page, Feed | None]:
        """A feed; None when it is unchanged. Raises SourceError when there is none."""
        if self._found and url in self._found.feeds:
            return self._found.feeds[url]
        page = self._visit.fetcher.get(url, accept=ACCEPT, conditional=conditional)
        feed = None if page.unchanged else read_feed(page)
        if feed is None and not page.unchanged:
            raise SourceError(f"{url!r} is no feed any more", "check the site's feed, or give the site's address anew")
        return page, feed

    def _add_entry(self, entry: Entry, feed: Feed, address: str) -> bool:
        """Whether the entry was not seen before."""
        pages = self._pages
        pages.sites |= {host for host in (site_of(feed.site), site_of(entry.url)) if _related(host, pages.root)}
        apart = site_of(entry.url) not in pages.sites
        url = f"{address}#{entry.native_id.removeprefix(f'{address}#')}" if apart else on_site(entry.url, pages.root)
        key = url if apart else page_key(url)
        wanted = self._wanted.setdefault(key, _Wanted(url))
        if wanted.entry is None:
            # It has no page that could say more.
            wanted.entry = replace(entry, html=entry.html or entry.summary) if apart else entry
            wanted.base, wanted.apart = entry.url or feed.site, apart
        return key not in pages.notes

    def _page(self, key: str, wanted: _Wanted) -> Iterator[Item | Gone]:
        pages, origin, entry = self._pages, self._visit.origin, wanted.entry
        if entry and entry.html and wanted.is_held:
            yield from pages.take_entry(wanted.url, wanted.marks, entry, wanted.base)
        elif not self._is_new(key, wanted):
            pages.note(key, pages.notes[key]["url"], wanted.marks)
        elif what := wanted.is_no_page:
            item = origin.exclusion("not_a_post", what, file=wanted.url)
            pages.note(key, wanted.url, wanted.marks, item)
            yield item
        else:
            yield from pages.take(wanted.url, wanted.marks, entry)

    def _is_new(self, key: str, wanted: _Wanted) -> bool:
        """Whether the page has to be read: for the first time, or because its marks say that it has changed."""
        if not self._pages.is_known(key):
            return True
        note = self._pages.notes[key]
        return any(wanted.marks.get(name) and wanted.marks[name] != note.get(name) for name in ("updated", "lastmod"))

    def _gone(self, surveyed: Survey) -> Iterator[Item | Gone]:
        """Pages that were listed in a sitemap and are not any more, if all sitemaps could be read to their ends."""
        listed = {page_key(on_site(page.url, self._pages.root)) for page in surveyed.pages.values()}
        for key, note in list(self._pages.notes.items()):
            sitemap = note.get("sitemap")
            if not sitemap or sitemap in surveyed.unchanged or key in listed or key in self._wanted:
                continue
            if not surveyed.complete or self._pages.spent:
                self._pages.again = True
                return
            yield from self._pages.check_gone(note["url"], key)


def in_scope(url: str, scope: str) -> bool:
    """Whether a page of a sitemap lies below what was given; all of the host does when its first page was given."""
    return is_below(url, scope) or (is_front(scope) and site_of(url) == site_of(scope))


def _related(host: str, root: str) -> bool:
    """Whether a host is the site's, or one lies in the other's domain."""
    site = site_of(root)
    return bool(host) and (host == site or host.endswith(f".{site}") or site.endswith(f".{host}"))
