"""Bluesky's public API: an account's posts. No token is needed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from twin_assets.collection.collector import Gone, Item, Visit
from twin_assets.collection.dates import parse_date
from twin_assets.collection.text import Unreadable, has_words, storable
from twin_assets.collection.web.timeline import Listing, Post, read_timeline
from twin_assets.errors import FetchError
from twin_assets.records import Exclusion, Kind

_ADDRESS = re.compile(
    r"https?://(?:www\.)?bsky\.app/profile/(?P<actor>did:[a-z]+:[\w.:%-]+|[\w-]+(?:\.[\w-]+)+)/?"
    r"|@?(?P<handle>[a-z0-9-]+\.bsky\.social)",
    re.IGNORECASE,
)
_LIMIT = 100
"""Posts that are asked for at once: the most that the API gives."""
_SITE = "https://bsky.app/profile"
_POST = "app.bsky.feed.post"
_NO_HANDLE = "handle.invalid"
"""Stands for a handle whose domain does not name the account (any more)."""
_PREFIX = re.compile(r"(?:https?://)?(?:www\.)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Account:
    did: str
    handle: str


@dataclass
class Bluesky:
    """The posts of `https://bsky.app/profile/<handle>` or `name.bsky.social`."""

    api: str = "https://public.api.bsky.app"
    kind: Kind = field(default="bluesky", init=False)
    title: str = field(default="a Bluesky account", init=False)

    def recognizes(self, address: str) -> bool:
        """Whether it is a profile's URL, or a handle below bsky.social: other handles are not told from web sites."""
        return _ADDRESS.fullmatch(address.strip()) is not None

    def collect(self, visit: Visit) -> Iterator[Item | Gone]:
        """A document for each new post or grown thread; an exclusion for each repost and each post without words.

        Raises FetchError: the account is unknown, deactivated or taken down.
        """
        address = visit.origin.source.url
        match = _ADDRESS.fullmatch(address.strip())
        if match is None:
            remedy = "give it as https://bsky.app/profile/<handle>"
            raise FetchError(f"{address!r} is no Bluesky account", remedy, reason="type")
        if visit.notes.get("address") != address:
            actor = match["actor"] or match["handle"]
            profile = self._ask("app.bsky.actor.getProfile", {"actor": actor}, actor, visit)
            did, handle = _text(profile, "did"), _text(profile, "handle")
            if not did:
                raise FetchError(f"{self.api!r} did not answer with a profile", "try again later", reason="type")
            visit.notes.clear()
            visit.notes |= {"address": address, "did": did, "handle": handle}
        account = _Account(visit.notes["did"], visit.notes["handle"])
        yield from read_timeline(visit, lambda cursor: self._listing(cursor, account, visit), "text/plain")

    def _ask(self, method: str, query: Mapping[str, str], actor: str, visit: Visit) -> Any:
        url = f"{self.api.rstrip('/')}/xrpc/{method}?{urlencode(query)}"
        try:
            return visit.fetcher.get(url, accept="application/json", robots=False).json()
        except FetchError as error:
            if error.status not in (400, 404):
                raise
            raise FetchError(
                f"Bluesky shows no account {actor!r}: it is unknown, deactivated or taken down",
                "check the handle in the source's `url`",
                reason=error.reason,
                status=error.status,
            ) from error

    def _listing(self, cursor: str, account: _Account, visit: Visit) -> Listing:
        query = {"actor": account.did, "limit": str(_LIMIT), "filter": "posts_with_replies"}
        if cursor:
            query["cursor"] = cursor
        answer = self._ask("app.bsky.feed.getAuthorFeed", query, account.handle or account.did, visit)
        feed = answer.get("feed") if isinstance(answer, Mapping) else None
        if not isinstance(feed, list):
            raise FetchError(f"{self.api!r} did not answer with a list of posts", "try again later", reason="type")
        posts: list[Post] = []
        unreadable: list[Exclusion] = []
        for row, item in enumerate(feed, 1):
            try:
                posts.append(_read(item, account))
            except Unreadable as error:
                where = f"{_SITE}/{account.handle or account.did}"
                detail = f"page {cursor or 'of the newest'}: {error.detail}"
                unreadable.append(visit.origin.exclusion(error.reason, detail, file=where, row=row))
        return Listing(posts, unreadable, _text(answer, "cursor"))


def _read(item: object, account: _Account) -> Post:
    """The post in an item of a feed. Raises Unreadable for what is none."""
    post = item.get("post") if isinstance(item, Mapping) else None
    uri, record = _text(post, "uri"), post.get("record") if isinstance(post, Mapping) else None
    if not isinstance(item, Mapping) or not isinstance(post, Mapping) or not uri:
        raise Unreadable("unreadable", "is no post with a URI")
    author, reason = post.get("author"), item.get("reason")
    if isinstance(reason, Mapping) and not _text(reason, "$type").endswith("#reasonPin"):
        when = parse_date(reason.get("indexedAt"))
        return _repost(_text(reason, "uri") or f"repost:{uri}", post, when)
    if _text(author, "did") != account.did:
        return _repost(f"repost:{uri}", post, parse_date(post.get("indexedAt")))
    if not isinstance(record, Mapping) or not isinstance(record.get("text"), str):
        raise Unreadable("unreadable", "has no text")
    if record.get("$type", _POST) != _POST:
        raise Unreadable("not_a_post", f"is a record of type {_text(record, '$type')[:40]!r}")
    reply = record.get("reply")
    answered = _text(reply.get("parent"), "uri") if isinstance(reply, Mapping) else ""
    to_self = answered.startswith(f"at://{account.did}/")
    said = said_in(record)
    if said and answered and not to_self:
        said = f"(in reply to {_answered(item, answered)})\n\n{said}"
    return Post(
        uri,
        id=uri,
        revision=_text(post, "cid"),
        parent=answered if to_self else "",
        text=said,
        published_at=parse_date(record.get("createdAt")),
        url=_address(author, uri),
    )


def _repost(key: str, post: Mapping[str, Any], when: Any) -> Post:
    detail = f"passes on {_address(post.get('author'), _text(post, 'uri'))!r}"
    return Post(key, published_at=when, url=key, aside="repost", detail=detail)


def _answered(item: Mapping[str, Any], uri: str) -> str:
    """Handle of whom a post answers, else the address of what it answers."""
    reply = item.get("reply")
    parent = reply.get("parent") if isinstance(reply, Mapping) else None
    handle = _text(parent.get("author"), "handle") if isinstance(parent, Mapping) else ""
    return f"@{handle}" if handle and handle != _NO_HANDLE else _address(None, uri)


def _address(author: object, uri: str) -> str:
    """A post's page: `at://<did>/<collection>/<key>` names it."""
    did, _, path = uri.removeprefix("at://").partition("/")
    handle = _text(author, "handle")
    return f"{_SITE}/{handle if handle and handle != _NO_HANDLE else did}/post/{path.rpartition('/')[2]}"


def said_in(record: Mapping[str, Any]) -> str:
    """The author's own words in a post's record, links in full; blank when there are none. Of a quoted post nothing
    is taken; the link of a card is added where the text lacks it."""
    said = expand_links(storable(record["text"]), record.get("facets")).strip()
    if not has_words(said):
        return ""
    embed = record.get("embed")
    media = embed.get("media") if isinstance(embed, Mapping) else None
    for card in (embed, media):
        external = card.get("external") if isinstance(card, Mapping) else None
        link = _text(external, "uri")
        if link and link not in said:
            said = f"{said}\n\n{link}"
    return said


def expand_links(text: str, facets: object) -> str:
    """The text with the links that its facets mark, by byte offsets in UTF-8: in place of a shortened one, else in
    brackets behind its words. Facets that do not fit the text, or overlap, are left out."""
    data = text.encode("utf-8")
    written, position = "", 0
    for start, end, link in sorted(_links(facets, data)):
        if start < position:
            continue
        shown = data[start:end].decode("utf-8")
        bare = _PREFIX.sub("", shown.rstrip("…").removesuffix("..."), count=1)
        shortened = _PREFIX.sub("", link, count=1).casefold().startswith(bare.casefold())
        written += data[position:start].decode("utf-8") + (link if shortened else f"{shown} ({link})")
        position = end
    return written + data[position:].decode("utf-8")


def _links(facets: object, data: bytes) -> Iterator[tuple[int, int, str]]:
    for facet in facets if isinstance(facets, list) else []:
        index = facet.get("index") if isinstance(facet, Mapping) else None
        features = facet.get("features") if isinstance(facet, Mapping) else None
        if not isinstance(index, Mapping) or not isinstance(features, list):
            continue
        start, end = index.get("byteStart"), index.get("byteEnd")
        link = next((uri for uri in (_text(feature, "uri") for feature in features) if uri), "")
        if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(data):
            continue
        if link and _begins(data, start) and _begins(data, end):
            yield start, end, link


def _begins(data: bytes, position: int) -> bool:
    """Whether a character begins there, or the text ends."""
    return position == len(data) or data[position] & 0xC0 != 0x80


def _text(values: object, key: str) -> str:
    value = values.get(key) if isinstance(values, Mapping) else None
    return storable(value).strip() if isinstance(value, str) else ""
