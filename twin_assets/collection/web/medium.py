"""Medium's feeds: the newest stories of an account with their whole text. Profile pages answer a bot check, and are
not asked for: what is older than the feed is in the export."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from twin_assets.collection.collector import Gone, Item, Origin, Visit
from twin_assets.collection.markup import has_html_words
from twin_assets.collection.medium import is_made_up, story_id, without_query
from twin_assets.collection.text import Unreadable
from twin_assets.collection.web.bylines import attribute
from twin_assets.collection.web.feeds import ACCEPT, Entry, Feed, read_feed
from twin_assets.collection.web.tree import fragment, visible_text
from twin_assets.digests import digest
from twin_assets.errors import FetchError, SourceError
from twin_assets.records import Kind, RawDocument

_FEED_ITEMS = 10
_EXPORT = "export your data (Settings, Security and apps, Download your information) and give the zip"
_CHANNEL = re.compile(r"/(?:feed/)?(?P<name>@?[\w.-]+)/?", re.ASCII)
_SUBDOMAIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9_-]*)\.medium\.com")
_NO_ACCOUNTS = frozenset({"www", "about", "api", "blog", "help", "link", "miro", "policy", "status"})
_NO_PUBLICATIONS = frozenset({"feed", "m", "me", "p", "search", "tag", "topic", "topics"})
_ACCOUNT_NAME = re.compile(r"Stories by (?P<name>.+) on Medium", re.DOTALL)
_STUB = re.compile(r"continue reading on (?:medium\W{0,20}|[^»]{1,100}»\s*)\Z", re.IGNORECASE | re.DOTALL)
_STUB_WITHIN = 160
_JUDGED_BY = "judged_by"
"""The note of what decided whose words the feed's are: if that has changed, an unchanged feed is read again."""


@dataclass
class MediumFeed:
    """The feed of one account (`https://medium.com/@user`), or of a publication where the kind is said.

    Args:
        site: the base URL of Medium, or of what stands in for it.
    """

    site: str = "https://medium.com"
    kind: Kind = field(default="medium", init=False)
    title: str = field(default="a Medium account", init=False)

    def recognizes(self, address: str) -> bool:
        """Whether it is the URL of an account; a bare `@user` could be on any site, a publication has many authors."""
        return not address.strip().startswith("@") and _channel(address).startswith("@")

    def collect(self, visit: Visit) -> Iterator[Item | Gone]:
        """The feed's stories that are new or changed. One that has left the feed is not gone: the feed is short."""
        source = visit.origin.source
        channel = _channel(source.url)
        if not channel:
            raise SourceError(f"{source.url!r} is no Medium account", "give https://medium.com/@<user>")
        url = f"{self.site.rstrip('/')}/feed/{channel}"
        judged_by = digest(visit.origin.author, source.own_names, source.include_coauthored)
        page = visit.fetcher.get(url, accept=ACCEPT, conditional=visit.notes.get(_JUDGED_BY) == judged_by)
        if page.unchanged:
            visit.report(f"{source.name}: the feed has not changed")
            return
        feed = read_feed(page)
        if feed is None:
            raise FetchError(f"{url!r} is no feed", f"try again later, or {_EXPORT}", reason="type", status=page.status)
        account = _account_name(feed) if channel.startswith("@") else ""
        for number, entry in enumerate(feed.entries, 1):
            item = _item(entry, number, url, account, visit.origin)
            if isinstance(item, RawDocument) and _is_known(item, visit):
                continue
            yield item
        if len(feed.entries) >= _FEED_ITEMS:
            visit.report(
                f"{source.name}: the feed holds the {len(feed.entries)} newest stories only; for older ones, {_EXPORT}"
            )
        visit.fetcher.confirm(page)
        visit.notes[_JUDGED_BY] = judged_by


def _channel(address: str) -> str:
    """`@user`, or the name of a publication, that an address means; blank for neither."""
    address = address.strip()
    if address.startswith("@"):
        address = f"https://medium.com/{address}"
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
    except ValueError:
        return ""
    host = parts.netloc.lower()
    if parts.scheme not in ("http", "https"):
        return ""
    if host in ("medium.com", "www.medium.com"):
        match = _CHANNEL.fullmatch(parts.path)
        return match["name"] if match and match["name"].lower() not in _NO_PUBLICATIONS else ""
    match = _SUBDOMAIN.fullmatch(host)
    named = match and match["name"] not in _NO_ACCOUNTS and parts.path.rstrip("/") in ("", "/feed")
    return f"@{match['name']}" if match and named else ""


def _account_name(feed: Feed) -> str:
    """What the account calls itself: its own stories are signed with that, and others' with other names."""
    match = _ACCOUNT_NAME.fullmatch(feed.title.strip())
    return match["name"] if match else ""


def _item(entry: Entry, number: int, feed: str, account: str, origin: Origin) -> Item:
    link = without_query(entry.url)
    identity = story_id(link) or story_id(entry.native_id)
    if not identity:
        # Its place says which item it is only if nothing else does: the next story moves it on.
        row = 0 if entry.native_id else number
        return origin.exclusion("unreadable", "has no link to a story", file=feed, row=row, native_id=entry.native_id)
    file = link or f"{feed}#{identity}"
    content = entry.html or entry.summary
    try:
        if not has_html_words(content):
            raise Unreadable("empty", "has no text")
        title = "" if is_made_up(entry.title, content) else entry.title
    except Unreadable as error:
        return origin.exclusion(error.reason, error.detail, file=file, native_id=identity)
    names = entry.bylines or (() if account else ("an unnamed author",))
    by, excluded = attribute(names, origin, lambda name: name == account or origin.is_own(name))
    if not excluded and (not entry.html or _ends_in_stub(content)):
        excluded = "paywalled"
    return origin.document(
        identity,
        content,
        "text/html",
        file=file,
        url=link,
        title=title,
        published_at=entry.published_at,
        by=by,
        excluded=excluded,
    )


def _ends_in_stub(content: str) -> bool:
    """Whether the text ends by leading on to the rest of it, which only members see."""
    return bool(_STUB.search(visible_text(fragment(content))[-_STUB_WITHIN:]))


def _is_known(document: RawDocument, visit: Visit) -> bool:
    """Whether it is stored as it is, or is but the public beginning of what is stored whole."""
    known = visit.known.get(document.document_id)
    if known is None:
        return False
    whole = document.excluded == "paywalled" and not known.excluded
    return whole or known.row_digest() == document.row_digest()
