"""Sitemaps: the pages that a site lists, in XML or text, plain or compressed, and the sitemaps that an index names."""

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twin_assets.collection.text import Unreadable, decode, storable
from twin_assets.collection.web.fetch import Fetcher
from twin_assets.collection.web.page import Page
from twin_assets.collection.web.permalinks import join, page_key
from twin_assets.errors import FetchError

MAX_SITEMAPS = 100
"""Most sitemaps of a site that are read: an index names up to 50,000, which are not one person's writing."""
MAX_PAGES = 50_000
_ACCEPT = "application/xml, text/xml, text/plain;q=0.8, */*;q=0.5"
_DEPTH = 3
_UNPACKED_BYTES = 64 << 20
_XML = re.compile(r"<(?:[\w.-]+:)?(?:urlset|sitemapindex)\b")
_HEAD = 4000
_URL_LINE = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Listed:
    """A page that a sitemap lists; `lastmod` as it is written, blank where it is not."""

    url: str
    lastmod: str
    sitemap: str


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What one file says; `whole` is False when it is damaged or too long to be read to its end."""

    pages: tuple[tuple[str, str], ...]
    sitemaps: tuple[str, ...]
    whole: bool


@dataclass
class Survey:
    """What all sitemaps of a site say.

    `unchanged` are those that answered so, whose pages are as they were; `failed` holds those that could not be read,
    with the reason; `complete` is False when there may be pages that were not seen.
    """

    pages: dict[str, Listed] = field(default_factory=dict)
    answers: list[Page] = field(default_factory=list)
    unchanged: set[str] = field(default_factory=set)
    failed: dict[str, FetchError | Unreadable] = field(default_factory=dict)
    complete: bool = True

    def merge(self, other: "Survey") -> None:
        """Take in what another sitemap says; a page that both list counts as the first lists it."""
        self.pages = other.pages | self.pages
        self.answers += other.answers
        self.unchanged |= other.unchanged
        self.failed |= other.failed
        self.complete = self.complete and other.complete


def read_sitemap(page: Page) -> Sitemap:
    """What a sitemap says. Raises Unreadable when it is none."""
    text = decode(_unpacked(page.body))
    if _XML.search(text[:_HEAD]):
        return _read_xml(text, page.url)
    urls = [line.strip() for line in text.splitlines() if line.strip()]
    if not urls or not all(_URL_LINE.fullmatch(url) for url in urls):
        raise Unreadable("unreadable", "is no sitemap")
    return Sitemap(tuple((url, "") for url in urls[:MAX_PAGES]), (), len(urls) <= MAX_PAGES)


def survey(fetcher: Fetcher, roots: Sequence[str], children: dict[str, list[str]], *, conditional: bool) -> Survey:
    """Read the sitemaps and those that they name, each once, to a bounded depth and number.

    Args:
        fetcher: how to fetch.
        roots: sitemaps of the site.
        children: the sitemaps that each index named; what is found is noted here, for an index that is unchanged.
        conditional: only ask for those that have changed.
    """
    found = Survey()
    queue = [(url, 0) for url in roots]
    seen = set(roots)
    for url, depth in queue:
        if depth > _DEPTH or len(found.answers) + len(found.failed) >= MAX_SITEMAPS:
            found.complete = False
            break
        try:
            page = fetcher.get(url, accept=_ACCEPT, conditional=conditional)
            if not page.unchanged:
                _note(read_sitemap(page), url, found, children)
        except (FetchError, Unreadable) as error:
            found.failed[url] = error
            found.complete = False
            continue
        found.answers.append(page)
        if page.unchanged:
            found.unchanged.add(url)
        for child in children.get(url, []):
            if child not in seen:
                seen.add(child)
                queue.append((child, depth + 1))
    return found


def _note(sitemap: Sitemap, url: str, found: Survey, children: dict[str, list[str]]) -> None:
    children[url] = list(sitemap.sitemaps)
    found.complete = found.complete and sitemap.whole
    for address, lastmod in sitemap.pages:
        if len(found.pages) >= MAX_PAGES:
            found.complete = False
            return
        found.pages.setdefault(page_key(address), Listed(address, lastmod, url))


def _read_xml(text: str, base: str) -> Sitemap:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    data = re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode("utf-8")
    try:
        root = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError) as error:
        raise Unreadable("unreadable", f"is no XML: {type(error).__name__}") from error
    if root is None:
        raise Unreadable("unreadable", "is no XML")
    pages: dict[str, str] = {}
    sitemaps: dict[str, None] = {}
    for node in root:
        fields = _fields(node)
        url = join(base, fields.get("loc", ""))
        if not url or not fields.get("loc"):
            continue
        if _local(node) == "sitemap":
            sitemaps[url] = None
        elif _local(node) == "url":
            pages[url] = fields.get("lastmod", "")
    whole = not parser.error_log and len(pages) <= MAX_PAGES
    return Sitemap(tuple(pages.items())[:MAX_PAGES], tuple(sitemaps), whole)


def _fields(node: Any) -> Mapping[str, str]:
    return {_local(part): storable(part.text or "").strip() for part in node if isinstance(part.tag, str)}


def _local(node: Any) -> str:
    return str(node.tag).rpartition("}")[2].lower() if isinstance(node.tag, str) else ""


def _unpacked(body: bytes) -> bytes:
    """A `.gz` sitemap's content, to a bounded length."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        data = unpacker.decompress(body, _UNPACKED_BYTES)
    except zlib.error as error:
        raise Unreadable("unreadable", f"cannot be unpacked: {error}") from error
    if not unpacker.eof and not unpacker.unconsumed_tail:
        raise Unreadable("unreadable", "cannot be unpacked: it was cut off")
    if unpacker.unconsumed_tail:
        raise Unreadable("too_large", f"unpacks to more than the {_UNPACKED_BYTES} bytes that are read")
    return data
