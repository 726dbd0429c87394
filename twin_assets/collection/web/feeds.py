"""Feeds: RSS and Atom by feedparser, JSON Feed; entries with their full text where the feed has it."""

import html
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from twin_assets.collection.dates import parse_date
from twin_assets.collection.text import storable
from twin_assets.collection.web.bylines import distinct
from twin_assets.collection.web.page import Page
from twin_assets.collection.web.permalinks import canonical, join, same_site
from twin_assets.collection.web.tree import fragment, split_words, visible_text, word_count
from twin_assets.digests import text_digest

TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
_HEAD = 2000
_XML = re.compile(r"<(?:\w+:)?(?:rss|feed|rdf|channel)\b", re.IGNORECASE)
_FULL_WORDS = 60
_CUT = re.compile(
    r"(?:\[…\]|\[\.\.\.\]|…|\.\.\.|(?:read|see) (?:more|the rest|on)\b.{0,80}|continue reading\b.{0,120})\W*$",
    re.IGNORECASE | re.DOTALL,
)
_TAIL = 200
_EARLIEST, _AHEAD = 1990, timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Entry:
    """A feed's entry. `url` is blank where it has no link; `html` is its content, blank where it has no word."""

    url: str
    native_id: str
    title: str
    html: str
    summary: str
    published_at: datetime | None
    updated: str
    """What tells one state of the entry from another."""
    bylines: tuple[str, ...]
    words: int
    """How many the content has."""
    cut: bool
    """Whether the content ends as an excerpt does."""
    full: bool
    """Whether the content is the whole text, as far as the feed says."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed's entries, the site that it says it is of, and the address of its next page (blank: none)."""

    site: str
    title: str
    entries: tuple[Entry, ...]
    following: str = ""


def read_feed(page: Page) -> Feed | None:
    """The feed in an answer; None when the answer is none. Whatever is wrong with an entry costs that entry only."""
    head = page.body[:_HEAD].replace(b"\x00", b"").decode("latin-1")
    if head.lstrip("\ufeffï»¿ \t\r\n").startswith("{"):
        return _json_feed(page)
    return _xml_feed(page) if _XML.search(head) else None


def plausible(moment: datetime | None) -> datetime | None:
    """The date, unless no page can have it: before there was a web, or days ahead."""
    return moment if moment and moment.year >= _EARLIEST and moment <= datetime.now(UTC) + _AHEAD else None


def _xml_feed(page: Page) -> Feed | None:
    import feedparser

    try:
        parsed = feedparser.parse(
            # Given the body itself, one damaged byte makes feedparser take all of it for Windows-1252.
            io.BytesIO(page.text().encode()),
            response_headers={"content-type": "application/xml; charset=utf-8", "content-location": page.url},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, RecursionError, LookupError):
        # Damage that neither of feedparser's two parsers survives.
        return None
    if not parsed.get("version"):
        return None
    channel = parsed.feed
    links = _mappings(channel.get("links"))
    site = next((_text(link, "href") for link in links if link.get("rel") == "alternate"), "") or _text(channel, "link")
    following = next((_text(link, "href") for link in links if link.get("rel") in ("next", "prev-archive")), "")
    title = storable(_text(channel, "title"))
    # The site's own name signs for whoever runs it.
    authors = tuple(name for name in _xml_authors(channel) if name != title)
    base = join(page.url, site) or page.url
    return Feed(
        base,
        title,
        tuple(_xml_entry(entry, page.url, base, authors) for entry in _mappings(parsed.entries)),
        join(page.url, following) if following else "",
    )


def _xml_entry(entry: Mapping[str, Any], feed: str, site: str, authors: tuple[str, ...]) -> Entry:
    identity = _text(entry, "id")
    link = _text(entry, "feedburner_origlink") or _text(entry, "link")
    url = join(site, link) if link else ""
    # A link blog's entry leads to what it is about: the entry's own page is its id, if that is one.
    if (not url or not same_site(url, site)) and same_site(identity, site):
        url = canonical(identity)
    # feedparser's own lookup warns where it would give the one date for the other.
    updated = _text(entry, "updated") if "updated" in entry else ""
    updated_at = entry.get("updated_parsed") if "updated_parsed" in entry else None
    published = _text(entry, "published")
    contents = [_content(part) for part in _mappings(entry.get("content"))]
    return _entry(
        url=url,
        native_id=url or (f"{feed}#{storable(identity)}" if identity else ""),
        title=_plain(_text(entry, "title")),
        content=max(contents, key=word_count, default=""),
        summary=_text(entry, "summary"),
        published_at=_moment(published, entry.get("published_parsed")) or _moment(updated, updated_at),
        updated=_state(updated, published, _text(entry, "summary")),
        bylines=_xml_authors(entry) or authors,
    )


def _entry(*, content: str, summary: str, **facts: Any) -> Entry:
    """An entry, with what its content shows about itself."""
    text = visible_text(fragment(content)) if content else ""
    words = len(split_words(text))
    cut = bool(_CUT.search(text[-_TAIL:]))
    full = words >= _FULL_WORDS and not cut and words >= word_count(summary)
    return Entry(html=content if words else "", summary=storable(summary), words=words, cut=cut, full=full, **facts)


def _xml_authors(value: Mapping[str, Any]) -> tuple[str, ...]:
    """Names, or addresses where there are no names."""
    details = _mappings(value.get("authors")) or _mappings([value.get("author_detail")])
    names = distinct(storable(_text(d, "name") or _text(d, "email")) for d in details)
    return names or distinct([storable(_text(value, "author"))])


def _content(part: Mapping[str, Any]) -> str:
    value = _text(part, "value")
    return _paragraphs(value) if part.get("type") == "text/plain" and "<" not in value else storable(value)


def _moment(written: str, parsed: object) -> datetime | None:
    """A date as it is written, else as feedparser reads it (nine numbers in UTC)."""
    if moment := plausible(parse_date(written)):
        return moment
    numbers = tuple(parsed)[:6] if isinstance(parsed, tuple) else ()
    try:
        return plausible(datetime(*numbers).replace(tzinfo=UTC)) if numbers else None
    except (TypeError, ValueError):
        return None


def _json_feed(page: Page) -> Feed | None:
    try:
        value = json.loads(page.text(), strict=False)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or "jsonfeed.org/version" not in _text(value, "version"):
        return None
    site = join(page.url, _text(value, "home_page_url")) or page.url
    title = storable(_text(value, "title"))
    authors = tuple(name for name in _json_authors(value) if name != title)
    following = _text(value, "next_url")
    return Feed(
        site,
        title,
        tuple(_json_entry(item, page.url, site, authors) for item in _mappings(value.get("items"))),
        join(page.url, following) if following else "",
    )


def _json_entry(item: Mapping[str, Any], feed: str, site: str, authors: tuple[str, ...]) -> Entry:
    identity, link = _text(item, "id"), _text(item, "url")
    url = (join(site, link) if link else "") or canonical(identity)
    published, modified = _text(item, "date_published"), _text(item, "date_modified")
    return _entry(
        url=url,
        native_id=url or (f"{feed}#{storable(identity)}" if identity else ""),
        title=_plain(_text(item, "title")),
        content=storable(_text(item, "content_html") or _paragraphs(_text(item, "content_text"))),
        summary=_text(item, "summary"),
        published_at=_moment(published, None) or _moment(modified, None),
        updated=_state(modified, published, _text(item, "summary")),
        bylines=_json_authors(item) or authors,
    )


def _state(updated: str, published: str, summary: str) -> str:
    """What tells a changed entry: RSS seldom says when it was edited, but the edit may show in the summary."""
    return storable(updated or f"{published} {text_digest(storable(summary))}")


def _json_authors(value: Mapping[str, Any]) -> tuple[str, ...]:
    authors = _mappings(value.get("authors")) or _mappings([value.get("author")])
    return distinct(storable(_text(author, "name")) for author in authors)


def _paragraphs(text: str) -> str:
    """Plain text as HTML."""
    return "".join(f"<p>{html.escape(part.strip(), quote=False)}</p>\n" for part in text.split("\n\n") if part.strip())


def _plain(markup: str) -> str:
    """A title as text: feeds write it as HTML, escaped once or twice, or as text."""
    text = storable(markup)
    return " ".join((fragment(text).text_content() if "<" in text or "&" in text else text).split())


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list | tuple) else []


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
