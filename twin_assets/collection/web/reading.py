"""What a web page says: main content, facts and links, as a browser shows it where it has no text otherwise."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from twin_assets.collection.text import Unreadable
from twin_assets.collection.web.extract import main_content
from twin_assets.collection.web.facts import Facts, page_links, read_facts
from twin_assets.collection.web.fetch import Fetcher
from twin_assets.collection.web.page import Page
from twin_assets.collection.web.permalinks import on_site
from twin_assets.collection.web.refusal import challenge, is_challenge
from twin_assets.collection.web.tree import Element, parse, visible_words
from twin_assets.errors import SourceError

Render = Callable[[Page, Fetcher], Page | None]
"""The page as a browser shows it; None when it needs none. Raises SourceError when it does and there is none."""
_FEW_WORDS = 30
"""Words below which a page may be one that only a browser fills."""
_REPLACED = 20
"""Text of which one character in so many could not be decoded is in another encoding than its page says."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a page says. `url` is where it lies, `content` its main content (None without any words)."""

    page: Page
    url: str
    root: Element
    content: Element | None
    facts: Facts
    links: tuple[str, ...]
    rendered: bool = False
    """Whether it is what a browser shows."""
    problem: str = ""
    """Why a browser would have to show it, and could not."""

    @property
    def words(self) -> int:
        """How many words its main content has."""
        return len(visible_words(self.content)) if self.content is not None else 0


def in_browser(page: Page, fetcher: Fetcher) -> Page | None:
    """The page as the browser of this machine shows it. Raises FetchError for a bot check, which is left to people."""
    from twin_assets.collection.web.render import needs_rendering, rendered

    if not needs_rendering(page):
        return None
    if is_challenge(page.body):
        raise challenge(page.url, page.status)
    return rendered(page, fetcher)


def read_page(
    page: Page,
    fetcher: Fetcher,
    render: Render | None,
    site: str,
    is_own: Callable[[str], bool],
    dated: datetime | None = None,
) -> Reading:
    """What a page says, rendered where it has hardly a word otherwise.

    Args:
        render: None where no page is to be rendered.
        site: whose scheme and host pages of the same site have.
        is_own: whether a name is the author's.
        dated: the date that a feed gives it.

    Raises Unreadable for what is no web page.
    """
    reading = _read(page, site, is_own, dated)
    if reading.words >= _FEW_WORDS or render is None:
        return reading
    try:
        shown = render(page, fetcher)
    except SourceError as error:
        return replace(reading, problem=f"has no text unless a browser renders it: {error.what}; {error.remedy}")
    return replace(_read(shown, site, is_own, dated), rendered=True) if shown is not None else reading


def _read(page: Page, site: str, is_own: Callable[[str], bool], dated: datetime | None) -> Reading:
    kind = page.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind and "html" not in kind and kind not in ("application/xml", "text/xml"):
        raise Unreadable("unreadable", f"is {kind}, not a web page")
    text = page.text()
    if text.count("\ufffd") * _REPLACED > len(text):
        raise Unreadable("unreadable", "is no text, or in another encoding than it says")
    root = parse(text)
    content = main_content(root, text, page.url)
    facts = read_facts(root, content, page.url, is_own, dated)
    return Reading(page, on_site(page.url, site), root, content, facts, tuple(page_links(root, page.url)))
