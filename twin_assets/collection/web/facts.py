"""What a page says about itself: title, date, byline, canonical URL, and whether it is one article or lists several."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from twin_assets.collection.dates import parse_date
from twin_assets.collection.text import storable
from twin_assets.collection.web.bylines import names_in
from twin_assets.collection.web.feeds import TYPES, plausible
from twin_assets.collection.web.jsonld import read_jsonld
from twin_assets.collection.web.permalinks import is_front, join, same_site
from twin_assets.collection.web.tree import Element, base_url, link_share, visible_text, visible_words

_PUBLISHED = ("article:published_time", "og:article:published_time", "datepublished", "date", "dc.date", "dcterms.date")
_AUTHORS = ("author", "article:author", "dc.creator", "dcterms.creator", "parsely-author")
_SIGNATURES = "//*[@itemprop='author' or contains(concat(' ', @class, ' '), ' p-author ') or @rel='author']"
_BYLINES = "//*[contains(concat(' ', @class, ' '), ' byline ') or contains(concat(' ', @class, ' '), ' author ')]"
_OUTSIDE = (
    "not(ancestor::nav or ancestor::aside or ancestor::footer[not(ancestor::article)] or "
    "ancestor::*[contains(@class, 'comment') or contains(@id, 'comment') or contains(@class, 'related')])"
)
_MAINLY_LINKS = 0.5
"""Share of words in links from which a page lists what is elsewhere."""
_DOMINANT = 0.6
"""Share of the words of all articles of a page from which one of them is the page's."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a page says about itself. `canonical` is blank when it names no page of its own site."""

    title: str
    published_at: datetime | None
    bylines: tuple[str, ...]
    canonical: str
    paywalled: bool
    one_article: bool
    """Whether it is marked up as one article."""
    listing: bool
    """Whether it is a list of articles, as far as its content says."""


def read_facts(
    root: Element, content: Element | None, url: str, is_own: Callable[[str], bool], dated: datetime | None = None
) -> Facts:
    """The facts of a page.

    Args:
        root: its tree.
        content: its main content, without what is no part of it.
        url: where it was found.
        is_own: whether a name is the author's.
        dated: the date that a feed gives it, better than a guess.
    """
    said = read_jsonld(root)
    articles = _articles(root)
    dominant = _is_dominant(articles)
    one = said.articles == 1 or _meta(root, "og:type").lower() == "article" or (len(articles) == 1 and not said.listing)
    several = len(articles) > 1 and not dominant
    linked = content is not None and link_share(content) > _MAINLY_LINKS
    return Facts(
        title=_title(root, said.headline, articles),
        published_at=_published(root, said.published) or dated or _guessed(root, url),
        bylines=_bylines(root, said.authors, is_own),
        canonical=_canonical(root, url),
        paywalled=said.paywalled or _meta(root, "article:content_tier").lower() == "locked",
        one_article=one and not (several and said.articles != 1),
        listing=said.articles != 1 and (several or said.articles > 1 or (not one and (said.listing or linked))),
    )


def alternate_feeds(root: Element, url: str) -> list[str]:
    """The feeds that a page names, without those of comments."""
    base = base_url(root, url)
    found = []
    for link in root.xpath("//link[@href]"):
        kind = (link.get("type") or "").split(";")[0].strip().lower()
        about = f"{link.get('title') or ''} {link.get('href')}".lower()
        if "alternate" in (link.get("rel") or "").lower() and kind in TYPES and "comments" not in about:
            found.append(join(base, link.get("href")))
    return list(dict.fromkeys(address for address in found if address))


def page_links(root: Element, url: str) -> list[str]:
    """The pages that a page leads to, in its order."""
    base = base_url(root, url)
    links = (join(base, link.get("href")) for link in root.xpath("//a[@href] | //link[contains(@rel, 'next')][@href]"))
    return list(dict.fromkeys(link for link in links if link))


def _meta(root: Element, *names: str) -> str:
    """The content of the first of the names that has any."""
    said: dict[str, str] = {}
    for node in root.xpath("//meta[@content]"):
        value = " ".join(storable(node.get("content")).split())
        for key in ("property", "name", "itemprop"):
            if value and node.get(key):
                said.setdefault(node.get(key).lower(), value)
    return next((said[name] for name in names if name in said), "")


def _articles(root: Element) -> list[Element]:
    """The articles that stand side by side on a page, without comments marked up as such."""
    path = "//article | //*[contains(concat(' ', @class, ' '), ' h-entry ')]"
    found = [node for node in root.xpath(path) if "comment" not in f"{node.get('class')} {node.get('id')}".lower()]
    return [node for node in found if not any(up in found for up in node.iterancestors())]


def _is_dominant(articles: list[Element]) -> bool:
    sizes = [len(visible_words(node)) for node in articles]
    return bool(sizes) and max(sizes) >= _DOMINANT * sum(sizes)


def _title(root: Element, headline: str, articles: list[Element]) -> str:
    """The headline, of the article if there is one; the page's own title without the site's name behind it."""
    page = " ".join(" ".join(root.xpath("//title/text()")).split())
    titles = [
        headline,
        *_headings(articles[0] if len(articles) == 1 else None),
        _meta(root, "og:title", "twitter:title"),
    ]
    titles += [heading for heading in _headings(root) if heading in page or not page]
    title = next((title for title in (*titles, page) if title), "")
    name = _meta(root, "og:site_name")
    for separator in ("|", "–", "—", "-", "·", "•", ":"):
        title = title.removesuffix(f" {separator} {name}") if name else title
    return storable(title)


def _headings(place: Element | None) -> list[str]:
    """The heading of first rank, if there is just one."""
    headings = [visible_text(node) for node in place.iter("h1")] if place is not None else []
    return headings if len(headings) == 1 else []


def _published(root: Element, said: str) -> datetime | None:
    dates = (
        plausible(parse_date(written)) for written in (said, *(_meta(root, name) for name in _PUBLISHED), *_times(root))
    )
    return next((moment for moment in dates if moment), None)


def _times(root: Element) -> Iterator[str]:
    """Dates of `<time>` elements, those first that are marked up as of publication."""
    marked = "contains(@class, 'published') or @pubdate or contains(@itemprop, 'datePublished')"
    for path in (f"//time[@datetime and ({marked})]", f"//article//time[@datetime and {_OUTSIDE}]"):
        yield from root.xpath(f"{path}/@datetime")
    times = root.xpath(f"//time[@datetime and {_OUTSIDE}]/@datetime")
    yield from times if len(times) == 1 else ()


def _guessed(root: Element, url: str) -> datetime | None:
    from htmldate import find_date

    return plausible(parse_date(find_date(root, extensive_search=False, original_date=True, url=url)))


def _bylines(root: Element, said: tuple[str, ...], is_own: Callable[[str], bool]) -> tuple[str, ...]:
    """Names from the first place that has any; the site's own name signs for whoever runs it."""
    site = _meta(root, "og:site_name").casefold()
    places = (
        said,
        [_meta(root, *_AUTHORS)],
        [visible_text(node) or node.get("content") or "" for node in _signed(root, _SIGNATURES)],
        [visible_text(node) for node in _signed(root, _BYLINES)[:1]],
    )
    for place in places:
        written = [name for name in place if name and not name.startswith(("http://", "https://"))]
        if named := tuple(name for name in names_in(written, is_own) if name.casefold() != site or is_own(name)):
            return named
    return ()


def _signed(root: Element, path: str) -> list[Element]:
    return list(root.xpath(f"{path}[{_OUTSIDE}]"))


def _canonical(root: Element, url: str) -> str:
    for link in root.xpath("//link[@href]"):
        if "canonical" in (link.get("rel") or "").lower().split():
            target = join(base_url(root, url), link.get("href"))
            # Some themes name the front page on every page.
            return target if same_site(target, url) and (is_front(url) or not is_front(target)) else ""
    return ""
