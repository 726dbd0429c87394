"""Mastodon's public API, which Pleroma, GoToSocial and others speak, too: an account's statuses. No token is needed;
what a server shows only to those who are logged in is in the archive."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from twin_assets.collection.collector import Gone, Item, Visit
from twin_assets.collection.dates import parse_date
from twin_assets.collection.statuses import status_html
from twin_assets.collection.text import Unreadable, storable
from twin_assets.collection.web.page import Page
from twin_assets.collection.web.timeline import Listing, Post, read_timeline
from twin_assets.errors import FetchError
from twin_assets.records import Exclusion, Kind

_HOST = r"[\w-]+(?:\.[\w-]+)+(?::\d+)?"
_USER = r"\w(?:[\w.-]*\w)?"
_HANDLE = re.compile(rf"@(?P<user>{_USER})@(?P<host>{_HOST})")
_PROFILE = re.compile(rf"https?://(?P<shown>{_HOST})/@(?P<user>{_USER})(?:@(?P<host>{_HOST}))?/?", re.IGNORECASE)
_ELSEWHERE = re.compile(r"(?:.*\.)?(?:medium|substack|youtube|tiktok|threads)\.(?:com|net)", re.IGNORECASE)
"""Hosts of other platforms whose profiles have the same form."""
_LIMIT = 40
"""Statuses that are asked for at once: the most that a server gives."""


@dataclass(frozen=True, slots=True)
class _Account:
    user: str
    base: str
    """Where its server answers."""
    id: str = ""

    @property
    def host(self) -> str:
        return urlsplit(self.base).netloc


@dataclass
class MastodonApi:
    """The public and, if wanted, the unlisted statuses of `@name@server` or `https://server/@name`."""

    scheme: str = "https"
    kind: Kind = field(default="mastodon", init=False)
    title: str = field(default="a Mastodon account", init=False)

    def recognizes(self, address: str) -> bool:
        """Whether it is a handle with its server, or a profile's URL."""
        return self._account(address) is not None

    def collect(self, visit: Visit) -> Iterator[Item | Gone]:
        """A document for each new or edited status or grown thread; an exclusion for each boost, and for each status
        that has no words or is not public. Raises FetchError: the account is unknown, suspended or has moved."""
        address = visit.origin.source.url
        account = self._account(address)
        if account is None:
            raise FetchError(
                f"{address!r} is no Mastodon account", "give it as @name@server or https://server/@name", reason="type"
            )
        if visit.notes.get("address") != address:
            visit.notes.clear()
            visit.notes |= {"address": address, "account": _look_up(account, visit)}
        account = _Account(account.user, account.base, visit.notes["account"])
        yield from read_timeline(visit, lambda cursor: _listing(cursor, account, visit), "text/html")

    def _account(self, address: str) -> _Account | None:
        match = _HANDLE.fullmatch(address.strip()) or _PROFILE.fullmatch(address.strip())
        host = match and (match["host"] or match["shown"])
        if not match or not host or _ELSEWHERE.fullmatch(host):
            return None
        return _Account(match["user"], f"{self.scheme}://{host.lower()}")


def _look_up(account: _Account, visit: Visit) -> str:
    """The account's id on its server. Raises FetchError when there is none, or none to collect from any more."""
    url = f"{account.base}/api/v1/accounts/lookup?acct={quote(account.user)}"
    found = _get(url, account, visit).json()
    identity = _text(found, "id")
    if not identity:
        raise FetchError(f"{url!r} did not answer with an account", "is it a Mastodon server?", reason="type")
    _check(found, account)
    return identity


def _check(found: Mapping[str, Any], account: _Account) -> None:
    """Raises FetchError when the account was suspended, or has moved."""
    name = f"@{account.user}@{account.host}"
    if found.get("suspended") is True:
        raise FetchError(f"{name} is suspended", "collect from its archive instead", reason="status", status=410)
    if moved := found.get("moved"):
        there = _text(moved, "url") or _text(moved, "acct")
        raise FetchError(
            f"{name} has moved to {there!r}",
            f"set the source's `url` to {there!r}, and give what was written before as an archive",
            reason="status",
            status=410,
        )


def _get(url: str, account: _Account, visit: Visit) -> Page:
    """What the API answers. Raises FetchError, which says what a status means here."""
    name = f"@{account.user}@{account.host}"
    try:
        return visit.fetcher.get(url, accept="application/json", robots=False)
    except FetchError as error:
        if error.status == 401:
            what, remedy = f"{account.host} does not show {name} to strangers", "collect from its archive instead"
        elif error.status in (404, 410):
            what = f"{account.host} has no account {account.user!r} (any more)"
            remedy = "check the name; where handles and the server's name differ, give the profile's URL"
        else:
            raise
        raise FetchError(what, remedy, reason=error.reason, status=error.status) from error


def _listing(cursor: str, account: _Account, visit: Visit) -> Listing:
    query = {"limit": str(_LIMIT), **({"max_id": cursor} if cursor else {})}
    url = f"{account.base}/api/v1/accounts/{quote(account.id, safe='')}/statuses?{urlencode(query)}"
    page = _get(url, account, visit)
    statuses = page.json()
    if not isinstance(statuses, list):
        raise FetchError(f"{url!r} did not answer with a list of statuses", "try again later", reason="type")
    if not statuses and not cursor and visit.notes.get("posts"):
        # A suspended account has no statuses; its profile tells it from one whose statuses are all gone.
        _look_up(account, visit)
    posts: list[Post] = []
    unreadable: list[Exclusion] = []
    for row, status in enumerate(statuses, 1):
        try:
            posts.append(_read(status, account, visit))
        except Unreadable as error:
            unreadable.append(visit.origin.exclusion(error.reason, error.detail, file=url, row=row))
    oldest = next((i for i in (_text(s, "id") for s in reversed(statuses)) if i), "")
    return Listing(posts, unreadable, _linked(page) or oldest)


def _linked(page: Page) -> str:
    """Cursor of the next page by the answer's `Link` header. Only the cursor: the server is not asked elsewhere."""
    import requests.utils

    with contextlib.suppress(ValueError):
        for link in requests.utils.parse_header_links(page.headers.get("link", "")):
            if link.get("rel") == "next":
                return next(iter(parse_qs(urlsplit(link["url"]).query).get("max_id", [])), "")
    return ""


def _read(status: object, account: _Account, visit: Visit) -> Post:
    """The post that a status is. Raises Unreadable for what is none."""
    key = _text(status, "id")
    if not isinstance(status, Mapping) or not key:
        raise Unreadable("unreadable", "is no status with an id")
    published_at, url = parse_date(status.get("created_at")), _text(status, "url") or _text(status, "uri")
    if boosted := status.get("reblog"):
        detail = f"boosts {_text(boosted, 'uri')!r}"
        return Post(key, published_at=published_at, url=url, aside="repost", detail=detail)
    writer = status.get("account")
    if not isinstance(writer, Mapping) or _text(writer, "id") != account.id:
        raise Unreadable("guest", "is not by the account that was asked for")
    _check(writer, account)
    identity, visibility = _text(status, "uri") or url, _text(status, "visibility") or "public"
    if not identity:
        raise Unreadable("unreadable", "the status has no address")
    public = visibility == "public"
    wanted = public or visit.origin.source.include_private
    parent, answered = _text(status, "in_reply_to_id"), _text(status, "in_reply_to_account_id")
    to_self = answered == account.id
    return Post(
        key,
        id=identity,
        revision=_text(status, "edited_at"),
        parent=parent if to_self else "",
        text=_said(status, account, bool(parent or answered), to_self) if wanted else "",
        published_at=published_at,
        url=url,
        scope="public" if public else "private",
        aside="" if wanted else "private",
        detail="" if wanted else f"its visibility is {visibility[:40]!r}; `include_private: true` collects it",
    )


def _said(status: Mapping[str, Any], account: _Account, is_reply: bool, to_self: bool) -> str:
    poll = status.get("poll")
    options = poll.get("options") if isinstance(poll, Mapping) else None
    return status_html(
        _text(status, "content"),
        warning=_text(status, "spoiler_text"),
        options=[_text(option, "title") for option in options] if isinstance(options, list) else [],
        is_reply=is_reply,
        reply_to=_answered(status, account) if is_reply and not to_self else "",
    )


def _answered(status: Mapping[str, Any], account: _Account) -> str:
    """Whom a status answers, by handle; the API tells the URL of the other status only to those who ask for it."""
    mentions, other = status.get("mentions"), _text(status, "in_reply_to_account_id")
    for mention in mentions if isinstance(mentions, list) else []:
        if other and _text(mention, "id") == other and (handle := _text(mention, "acct")):
            return f"@{handle}" if "@" in handle else f"@{handle}@{account.host}"
    return f"{account.base}/web/statuses/{_text(status, 'in_reply_to_id')}"


def _text(values: object, key: str) -> str:
    value = values.get(key) if isinstance(values, Mapping) else None
    return storable(str(value)).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
