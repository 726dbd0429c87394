"""A site without a list of its pages: from page to page of one host, breadth first, to a bounded number."""

from collections.abc import Iterator
from typing import Any

from twin_assets.collection.collector import Gone, Item
from twin_assets.collection.web.pages import Pages
from twin_assets.collection.web.permalinks import is_below, is_listing, is_page, is_variant, on_site, page_key
from twin_assets.collection.web.reading import Reading

_LISTINGS = 50
"""Pages that list others which are looked at again in each run, for what is new."""
_RUNS = 10
"""Runs' worth of pages after which a site is taken to have no end, as a calendar has none."""


def crawl(pages: Pages, start: str, *, again: bool) -> Iterator[Item | Gone]:
    """What comes of the pages below `start`.

    Args:
        pages: the site's pages; the visit's notes keep what is still to be followed when a run may fetch no more.
        start: the first page; only what lies below it is followed.
        again: look at known pages, too, for what is new or changed; False only goes on from where a run was cut off.
    """
    state: dict[str, Any] = pages.visit.notes.setdefault("crawl", {"queue": [], "listings": [], "next": 0})
    queue: list[str] = state["queue"]
    failed = [note["url"] for note in pages.notes.values() if note.get("tries")]
    queue.extend(url for url in failed if url not in queue)
    known = list(dict.fromkeys(note["url"] for key, note in pages.notes.items() if pages.is_known(key)))
    first = [start, *state["listings"]] if again or page_key(start) not in pages.notes else []
    # What is new comes before what may have changed, and neither keeps a run from going on.
    first = first[: max(pages.visit.origin.source.max_pages // 2, 1)]
    yield from _follow(first, start, pages, state)
    while queue and not pages.spent:
        if not pages.is_known(page_key(queue[0])):
            yield from _follow(queue[:1], start, pages, state)
        queue.pop(0)
    at = state["next"] % max(len(known), 1)
    for url in (*known[at:], *known[:at]) if again else ():
        if pages.spent:
            break
        # The next run goes on behind the page where this one ended.
        state["next"] = known.index(url) + 1
        if url not in first:
            yield from _follow([url], start, pages, state)
    if queue:
        pages.again = True
        pages.visit.report(
            f"{pages.visit.origin.source.name}: {len(queue)} pages are left for the next run: one run fetches "
            f"{pages.visit.origin.source.max_pages} (`max_pages`)"
        )


def _follow(urls: list[str], start: str, pages: Pages, state: dict[str, Any]) -> Iterator[Item | Gone]:
    """What comes of these pages; the pages that they lead to are put into the queue."""
    most = _RUNS * pages.visit.origin.source.max_pages
    for url in urls:
        if pages.spent:
            return
        reading = yield from pages.take(url, {})
        if reading is None:
            continue
        if (reading.facts.listing or is_listing(url)) and url not in (start, *state["listings"]):
            state["listings"] = [*state["listings"], url][:_LISTINGS]
        seen = pages.notes.keys() | {page_key(queued) for queued in state["queue"]}
        for link in _links(reading, start, pages):
            if page_key(link) not in seen and len(seen) < most:
                seen.add(page_key(link))
                state["queue"].append(link)


def _links(reading: Reading, start: str, pages: Pages) -> list[str]:
    """The pages to follow from a page, those first that may be writing."""
    links = [on_site(link, pages.root) for link in reading.links]
    wanted = [link for link in links if is_below(link, start) and is_page(link) and not is_variant(link)]
    return sorted(dict.fromkeys(wanted), key=is_listing)
