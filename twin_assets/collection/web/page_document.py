"""The document that a web page is, and the one that a feed's entry holds."""

from twin_assets.collection.collector import Item, Origin
from twin_assets.collection.text import Unreadable
from twin_assets.collection.web.bylines import attribute, names_in
from twin_assets.collection.web.extract import prepare
from twin_assets.collection.web.feeds import Entry
from twin_assets.collection.web.reading import Reading
from twin_assets.collection.web.tree import serialize, word_count
from twin_assets.records import RawDocument


def page_document(reading: Reading, entry: Entry | None, url: str, native_id: str, origin: Origin) -> RawDocument:
    """The document that a page is.

    Args:
        reading: what the page says.
        entry: what a feed says of it.
        url: where it was asked for.
        native_id: its own URL, which it is known by.
        origin: the source that the document is of.

    Raises Unreadable (`empty`) when it has no text.
    """
    facts = reading.facts
    text = serialize(reading.content) if reading.content is not None else ""
    if entry is not None and entry.html and not entry.cut and entry.words >= reading.words:
        # The page says no more than the feed, which has no chrome around it.
        text = prepare(entry.html, url)
    if not word_count(text):
        raise Unreadable("empty", "has no text")
    bylines = facts.bylines or names_in(entry.bylines if entry else (), origin.is_own)
    by, excluded = attribute(bylines, origin)
    return origin.document(
        native_id,
        text,
        "text/html",
        file=url,
        url=native_id,
        title=(entry.title if entry else "") or facts.title,
        published_at=facts.published_at,
        by=by,
        excluded=excluded or ("paywalled" if facts.paywalled else ""),
    )


def entry_item(entry: Entry, url: str, native_id: str, base: str, origin: Origin) -> Item:
    """The document that a feed's entry holds, or an exclusion when that has no text; links are relative to `base`."""
    text = prepare(entry.html, base)
    if not word_count(text):
        return origin.exclusion("empty", "has no text", file=url, native_id=native_id)
    by, excluded = attribute(names_in(entry.bylines, origin.is_own), origin)
    return origin.document(
        native_id,
        text,
        "text/html",
        file=url,
        url=url,
        title=entry.title,
        published_at=entry.published_at,
        by=by,
        excluded=excluded,
    )
