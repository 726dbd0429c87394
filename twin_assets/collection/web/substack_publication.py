"""A Substack publication: its archive and posts as the site's own pages ask for them, and its feed, which tells whether
there is anything new and has what the archive still lacks."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from twin_assets.collection.collector import Gone, Item, Visit
from twin_assets.collection.dates import parse_date
from twin_assets.collection.web.failures import TRIES, detail, is_gone, reason
from twin_assets.collection.web.feeds import ACCEPT, read_feed
from twin_assets.collection.web.page import Page
from twin_assets.collection.web.substack_post import byline, field_of, place, read_post, revision
from twin_assets.digests import document_id
from twin_assets.errors import FetchError
from twin_assets.records import Exclusion

_LIMIT = 12
"""Posts that are asked for at once; the server may give fewer."""
_MOST_PAGES = 1000
_STOP = frozenset({401, 403, 429})
"""Answers on which the publication is left alone."""
_JSON = "application/json"


class Publication:
    """One publication in one run.

    Args:
        visit: the run; its notes hold `posts`, `complete`, `own` and `others`.
        base: scheme and host of the publication.
    """

    def __init__(self, visit: Visit, base: str) -> None:
        self._visit, self._base = visit, base
        self._posts: dict[str, dict[str, Any]] = visit.notes["posts"]
        self._seen: set[str] = set()
        self._slugs: set[str] = set()
        self._oldest: datetime | None = None
        """The day of the oldest post that was listed, if the archive was not read to its end."""
        self._fetched = 0
        self._left = False

    def one(self, slug: str) -> Iterator[Item | Gone]:
        """A single post. Raises FetchError."""
        url, known = self._post_url(slug), self._visit.known.values()
        there = any(document.excluded != "deleted" for document in known)
        try:
            page = self._visit.fetcher.get(url, accept=_JSON, conditional=there)
        except FetchError as error:
            if is_gone(error):
                yield from (Gone(document.document_id, error.what) for document in known)
            raise
        if not page.unchanged:
            post = _object(page)
            if not field_of(post, "id"):
                raise FetchError(f"{url!r} did not answer with a post", "check its address", reason="type")
            yield self._item(post, revision(post))
            self._visit.fetcher.confirm(page)

    def all(self) -> Iterator[Item | Gone]:
        """The posts of the archive, those that only the feed has, and those that are gone. Raises FetchError."""
        notes, fetcher = self._visit.notes, self._visit.fetcher
        was_complete = notes["complete"]
        feed = self._feed(conditional=was_complete)
        if feed is not None and feed.unchanged:
            return
        # Until the end is reached, what is new may lie behind what is known.
        notes["complete"] = False
        yield from self._archive(was_complete)
        for slug in _slugs(feed) if feed is not None else ():
            known = any(note.get("slug") == slug for note in self._posts.values())
            if slug not in self._slugs and not known:
                yield from self._fetch({"slug": slug}, "")
            self._slugs.add(slug)
        yield from self._unlisted()
        if self._left:
            return
        notes["complete"] = True
        if feed is not None and (notes["own"] or not notes["others"]):
            fetcher.confirm(feed)

    def _feed(self, *, conditional: bool) -> Page | None:
        """The feed; None where there is none."""
        try:
            return self._visit.fetcher.get(f"{self._base}/feed", accept=ACCEPT, conditional=conditional)
        except FetchError as error:
            if is_gone(error):
                return None
            raise

    def _archive(self, was_complete: bool) -> Iterator[Item | Gone]:
        """The archive, page by page by what came, until one has nothing new; past what is known if a run was cut off.

        Raises FetchError.
        """
        offset = quiet = 0
        for _ in range(_MOST_PAGES):
            url = f"{self._base}/api/v1/archive?sort=new&search=&offset={offset}&limit={_LIMIT}"
            listed = self._visit.fetcher.get(url, accept=_JSON).json()
            if not isinstance(listed, list):
                remedy = "check that it is a Substack publication; an export archive can be given instead"
                raise FetchError(f"{url!r} did not answer with a list of posts", remedy, reason="type")
            posts = [(row, p) for row, p in enumerate(listed, offset + 1) if field_of(p, "id") not in self._seen]
            quiet += 1
            for row, post in posts:
                identity = field_of(post, "id")
                if not identity or not field_of(post, "slug"):
                    yield self._visit.origin.exclusion("unreadable", "has no id or no slug", file=url, row=row)
                    continue
                self._seen.add(identity)
                self._slugs.add(field_of(post, "slug"))
                state = revision(post)
                if not self._is_done(identity, state):
                    quiet = 0
                    yield from self._fetch(post, state)
            if not any(field_of(post, "id") for _, post in posts):
                return
            # A page that is not full may be the last one: the next one tells.
            if was_complete and quiet > (len(listed) < _LIMIT):
                days = [day for _, post in posts if (day := parse_date(field_of(post, "post_date")))]
                self._oldest = min(days, default=datetime.max.replace(tzinfo=UTC))
                return
            offset += len(listed)

    def _is_done(self, identity: str, state: str) -> bool:
        note = self._posts.get(identity)
        if note is None or note.get("tries") or note.get("revision") != state:
            return False
        return bool(note.get("aside")) or self._document_id(identity) in self._visit.known

    def _fetch(self, listed: Mapping[str, Any], state: str) -> Iterator[Item | Gone]:
        """What comes of one post. Raises FetchError when the publication asks to stop."""
        if not self._may_fetch():
            return
        identity, slug = field_of(listed, "id"), field_of(listed, "slug")
        url = self._post_url(slug)
        try:
            post = {**listed, **_object(self._visit.fetcher.get(url, accept=_JSON))}
        except FetchError as error:
            if error.status in _STOP:
                raise
            yield self._failed(error, identity, slug, state)
            return
        if not field_of(post, "id"):
            yield self._visit.origin.exclusion("unreadable", "did not answer with a post", file=url)
        elif identity or field_of(post, "id") not in self._seen:
            self._seen.add(field_of(post, "id"))
            yield self._item(post, state or revision(post))

    def _may_fetch(self) -> bool:
        source = self._visit.origin.source
        if self._fetched < source.max_pages:
            self._fetched += 1
            return True
        if not self._left:
            limit = f"one run fetches {source.max_pages} (`max_pages`)"
            self._visit.report(f"{source.name}: posts are left for the next run: {limit}")
        self._left = True
        return False

    def _failed(self, error: FetchError, identity: str, slug: str, state: str) -> Item | Gone:
        tries = self._posts.get(identity, {}).get("tries", 0) + 1
        done = is_gone(error) or (bool(identity) and tries >= TRIES)
        self._left = self._left or not done
        if identity:
            # What only the feed names will be in the archive.
            note = {"slug": slug, "revision": state, "aside": True}
            self._posts[identity] = note if done else {**note, "tries": tries}
        if is_gone(error) and identity and self._document_id(identity) in self._visit.known:
            return Gone(self._document_id(identity), error.what)
        return self._visit.origin.exclusion(reason(error), detail(error), file=self._page_url(slug), native_id=identity)

    def _unlisted(self) -> Iterator[Gone]:
        """Posts that would have been listed among those that were: gone if they are answered so.

        Raises FetchError when the publication asks to stop.
        """
        for document in self._visit.known.values():
            identity, day = document.native_id, document.published_at
            slug = self._posts.get(identity, {}).get("slug", "")
            listed = identity in self._seen or slug in self._slugs or document.excluded == "deleted"
            if not slug or listed or (self._oldest and (day is None or day <= self._oldest)):
                continue
            if not self._may_fetch():
                return
            try:
                self._visit.fetcher.get(self._post_url(slug), accept=_JSON)
            except FetchError as error:
                if error.status in _STOP:
                    raise
                if is_gone(error):
                    del self._posts[identity]
                    yield Gone(document.document_id, f"it is listed no more, and its page answers {error.status}")

    def _item(self, post: Mapping[str, Any], state: str) -> Item:
        """What a post is; notes its state, and whether any is by the author, and by whom the others are."""
        origin, notes = self._visit.origin, self._visit.notes
        identity, slug = field_of(post, "id"), field_of(post, "slug")
        item = read_post(post, self._page_url(slug), origin)
        names, _, excluded = byline(post, origin)
        if excluded == "guest":
            notes["others"] = list(dict.fromkeys([*notes["others"], *names]))[:20]
        else:
            notes["own"] = True
        self._posts[identity] = {"slug": slug, "revision": state, "aside": isinstance(item, Exclusion)}
        return item

    def _document_id(self, identity: str) -> str:
        return document_id(self._visit.origin.kind, identity)

    def _post_url(self, slug: str) -> str:
        return f"{self._base}/api/v1/posts/{quote(slug, safe='')}"

    def _page_url(self, slug: str) -> str:
        return f"{self._base}/p/{quote(slug, safe='')}"


def _slugs(feed: Page) -> list[str]:
    """The posts that a feed names."""
    found = read_feed(feed)
    links = (place(entry.url)[1] for entry in found.entries) if found else ()
    return [slug for slug in links if slug]


def _object(page: Page) -> Mapping[str, Any]:
    value = page.json()
    return value if isinstance(value, Mapping) else {}
