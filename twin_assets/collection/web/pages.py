"""A site's pages, one after the other, as documents and exclusions, with notes on each so that it is read again only
when it has changed."""

from collections.abc import Generator, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from twin_assets.collection.collector import Gone, Item, Visit
from twin_assets.collection.text import Unreadable
from twin_assets.collection.web.failures import TRIES, detail, is_gone, may_pass, reason
from twin_assets.collection.web.feeds import Entry
from twin_assets.collection.web.page import Page
from twin_assets.collection.web.page_document import entry_item, page_document
from twin_assets.collection.web.permalinks import is_front, is_listing, on_site, page_key, site_of
from twin_assets.collection.web.reading import Reading, Render, read_page
from twin_assets.errors import FetchError
from twin_assets.records import RawDocument

ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
_FAILURES = 5
"""Pages in a row that fail for a reason that may pass, from which the site as a whole is away."""


class Pages:
    """The pages of one site in one run.

    Args:
        visit: the run.
        root: where the site lies: its scheme and host are those of its pages' identities.
        render: shows a page that has no text otherwise; None where that is not wanted.
    """

    def __init__(self, visit: Visit, root: str, render: Render | None) -> None:
        self.visit = visit
        self.root = root
        self.render = render
        self.sites = {site_of(root)}
        self.notes: dict[str, dict[str, Any]] = visit.notes.setdefault("pages", {})
        self.at_hand: dict[str, Reading] = {}
        """Pages that were read in this run already, by URL."""
        self.again = False
        """Whether there is anything left for the next run."""
        self._fetched = 0
        self._failures = 0
        self._taken = {note["id"]: page_key(note["url"]) for note in self.notes.values() if "id" in note}
        self._guests: dict[str, int] = {}

    @property
    def spent(self) -> bool:
        """Whether as many pages were fetched as one run may."""
        return self._fetched >= self.visit.origin.source.max_pages

    def is_known(self, key: str) -> bool:
        """Whether the page was read before, and what came of it is stored."""
        note = self.notes.get(key)
        document = note.get("document", "") if note else ""
        return note is not None and not note.get("tries") and (not document or document in self.visit.known)

    def read(self, page: Page, entry: Entry | None = None) -> Reading:
        """What a page says; `entry` is what a feed says of it. Raises Unreadable for what is no web page."""
        visit = self.visit
        stored = visit.known.get(self.notes.get(page_key(page.asked), {}).get("document", ""))
        # A page need not repeat the date that its feed gave it.
        dated = (entry.published_at if entry else None) or (stored.published_at if stored else None)
        return read_page(page, visit.fetcher, self.render, self.root, visit.origin.is_own, dated)

    def take(
        self, url: str, marks: Mapping[str, str], entry: Entry | None = None, *, alone: bool = False
    ) -> Generator[Item | Gone, None, Reading | None]:
        """Fetch a page and yield what comes of it; returns its reading, None when there is none or it is unchanged.

        Args:
            marks: what to note of it: what tells that it has to be read again.
            entry: what a feed says of it.
            alone: it is the whole source: whatever it is, it is a document, and what is wrong with it is raised.
        """
        reading = self.at_hand.pop(url, None)
        item: Item | None = None
        try:
            page = reading.page if reading is not None else self._get(url)
        except FetchError as error:
            if not alone or is_gone(error):
                yield from self._failed(error, url, marks, entry)
            if alone:
                raise
            return None
        self._failures = 0
        if not page.unchanged:
            try:
                reading = reading or self.read(page, entry)
                item = self._document(url, reading, entry, alone)
            except Unreadable as error:
                item = self.visit.origin.exclusion(error.reason, error.detail, file=url)
        tries = self.notes.get(page_key(url), {}).get("tries", 0)
        self.note(page_key(url), url, marks, item)
        if reading is not None:
            # Where the page lies in truth is known, too. Of what a browser showed, the page as it came tells nothing.
            self.note(page_key(reading.url), url, marks, item)
            self.notes[page_key(url)]["rendered"] = reading.rendered
            if reading.problem:
                self._try_again(page_key(url), tries)
        # What was set aside of it when it failed is void once its document comes again.
        if item is not None and (tries or not self._is_stored(item)):
            self._count(item)
            yield item
        self.visit.fetcher.confirm(page)
        return reading

    def take_entry(self, url: str, marks: Mapping[str, str], entry: Entry, base: str) -> Iterator[Item]:
        """The document that a feed holds, if it is new or changed; `base` is what its links are relative to."""
        key = page_key(url) or url
        native_id = self.notes.get(key, {}).get("id") or url
        item = entry_item(entry, url, native_id, base, self.visit.origin)
        self.note(key, url, marks, item)
        self._taken[native_id] = key
        if not self._is_stored(item):
            self._count(item)
            yield item

    def note(self, key: str, url: str, marks: Mapping[str, str], item: Item | None = None) -> None:
        """Note that a page was read, with its marks; a mark that is blank leaves what was noted."""
        note = self.notes.setdefault(key, {})
        note |= {"url": url, **{name: value for name, value in marks.items() if value}}
        note.pop("tries", None)
        if item is not None:
            note.pop("gone", None)
            note.pop("document", None)
        if isinstance(item, RawDocument):
            note |= {"id": item.native_id, "document": item.document_id}

    def report(self) -> None:
        """Say whose bylines were taken for other people's."""
        for name, count in sorted(self._guests.items(), key=lambda pair: (-pair[1], pair[0]))[:5]:
            self.visit.report(
                f"{self.visit.origin.source.name}: {count} pages are by {name!r}; add that to `own_names` if it is you"
            )

    def _get(self, url: str) -> Page:
        key = page_key(url)
        note = self.notes.get(key, {})
        conditional = self.is_known(key) and not note.get("gone") and not note.get("rendered")
        self._fetched += 1
        return self.visit.fetcher.get(url, accept=ACCEPT, conditional=conditional)

    def _document(self, url: str, reading: Reading, entry: Entry | None, alone: bool) -> RawDocument:
        """The document that a page is. Raises Unreadable for what is none."""
        if reading.problem:
            raise Unreadable("unreadable", reading.problem)
        if not alone:
            self._check_place(url, reading)
        key = page_key(url)
        native_id = self.notes.get(key, {}).get("id") or on_site(reading.facts.canonical or reading.url, self.root)
        document = page_document(reading, entry, url, native_id, self.visit.origin)
        if self._taken.setdefault(native_id, key) != key:
            raise Unreadable("duplicate_id", f"is the same page as {native_id!r}, which counts")
        return document

    def _check_place(self, url: str, reading: Reading) -> None:
        """Raises Unreadable when no document lies at the page's URL."""
        if site_of(reading.url) not in self.sites:
            host = urlsplit(reading.url).netloc
            raise Unreadable("not_a_post", f"leads to another site, {host}")
        if is_front(reading.url) and (not is_front(url) or self._leads_on(reading)):
            raise Unreadable("not_a_post", "is the site's first page")
        if is_listing(reading.url) or reading.facts.listing:
            raise Unreadable("not_a_post", "lists what is written elsewhere")

    def _leads_on(self, reading: Reading) -> bool:
        """Whether there is more on the site than this page."""
        key = page_key(reading.url)
        others = any(note.get("document") for other, note in self.notes.items() if other != key)
        return others or any(site_of(link) in self.sites and page_key(link) != key for link in reading.links)

    def _is_stored(self, item: Item) -> bool:
        """Whether it is a document that is stored as it is."""
        known = self.visit.known.get(item.document_id) if isinstance(item, RawDocument) else None
        return known is not None and known.row_digest() == item.row_digest()

    def _count(self, item: Item) -> None:
        if isinstance(item, RawDocument) and item.excluded == "guest":
            self._guests[item.by] = self._guests.get(item.by, 0) + 1

    def _failed(
        self, error: FetchError, url: str, marks: Mapping[str, str], entry: Entry | None
    ) -> Iterator[Item | Gone]:
        """What comes of a page that cannot be fetched. Raises FetchError when the site as a whole is away."""
        key = page_key(url)
        note = self.notes.setdefault(key, {})
        passing = may_pass(error)
        self._failures = self._failures + 1 if passing else 0
        if error.status == 429 or self._failures >= _FAILURES:
            note["tries"] = note.get("tries", 0) or 1
            self.again = True
            raise error
        if is_gone(error) and note.get("document") in self.visit.known:
            yield self._gone(key, url, marks, f"its page answers {error.status}")
            return
        if passing and self._try_again(key, note.get("tries", 0)):
            note["url"] = url
        elif entry is not None and entry.html and not entry.cut and not is_gone(error):
            yield from self.take_entry(url, marks, entry, url)
            return
        else:
            self.note(key, url, marks)
        yield self.visit.origin.exclusion(
            reason(error), detail(error), file=url, native_id=note.get("id", "") or on_site(url, self.root)
        )

    def _try_again(self, key: str, tries: int) -> bool:
        """Note that the next run has to try a page again, unless that was done often enough."""
        if tries + 1 >= TRIES:
            return False
        self.notes[key]["tries"] = tries + 1
        self.again = True
        return True

    def check_gone(self, url: str, key: str) -> Iterator[Item | Gone]:
        """Ask for a page that is not listed any more: gone if it is answered so, else it stays as it is."""
        note = self.notes[key]
        try:
            self._get(url)
        except FetchError as error:
            if not is_gone(error):
                self.again = self.again or may_pass(error)
            elif note.get("document") in self.visit.known:
                yield self._gone(key, url, {}, f"it is listed no more, and its page answers {error.status}")
            else:
                del self.notes[key]
            return
        note["sitemap"] = ""

    def _gone(self, key: str, url: str, marks: Mapping[str, str], why: str) -> Gone:
        """Forget a page that is gone, but for its marks if it is still listed: they tell when to look again."""
        gone = Gone(self.notes.pop(key)["document"], why)
        if marks:
            self.note(key, url, marks)
            self.notes[key]["gone"] = True
        return gone
