"""HTML as far as collecting needs it: whether a body has words, and the parts of a LinkedIn article."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bs4
from lxml import etree

from twin_assets.collection.text import Unreadable, has_words, storable

_HIDING = frozenset({"style", "script", "title", "template", "rt", "rp"})
"""Elements whose text is not taken for the author's words."""
_CHUNK = 1024
"""Characters that are parsed at once in search of words."""
_DATE = re.compile(r"(?:Created|Published)\s+on\s*:?\s*(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Article:
    """A LinkedIn article: `html` is its body; `published` is blank for a draft."""

    title: str
    url: str
    created: str
    published: str
    html: str
    words: bool


def has_html_words(html: str) -> bool:
    """Whether an HTML body has any text but links. Raises Unreadable when it cannot be parsed."""
    # Nearly every body has words, near its beginning, and lxml alone finds them many times faster.
    return _has_plain_words(html) or has_words(_visible(_parse(html)))


def _has_plain_words(html: str) -> bool:
    """Whether words are found that nothing hides: a quick yes, and no answer otherwise."""
    parser = etree.HTMLPullParser(events=("end",), encoding="utf-8")
    try:
        for start in range(0, len(html), _CHUNK):
            parser.feed(storable(html[start : start + _CHUNK]).encode())
            for _, element in parser.read_events():
                if has_words(element.text or "") and not any(e.tag in _HIDING for e in _with_ancestors(element)):
                    return True
    except (ValueError, AssertionError, etree.LxmlError):
        return False
    return False


def _with_ancestors(element: Any) -> Iterator[Any]:
    yield element
    yield from element.iterancestors()


def read_article(html: str) -> Article:
    """The parts of an article's page. Raises Unreadable when it cannot be parsed."""
    page = _parse(html)
    heading = page.find("h1")
    link = heading.find("a", href=True) if isinstance(heading, bs4.Tag) else None
    url = str(link["href"]).strip() if isinstance(link, bs4.Tag) else ""
    title = heading.get_text(" ", strip=True) if isinstance(heading, bs4.Tag) else ""
    if not title and isinstance(page.title, bs4.Tag):
        title = page.title.get_text(" ", strip=True)
    created, published = _take_date(page, "created"), _take_date(page, "published")
    body = page.body if isinstance(page.body, bs4.Tag) else page
    # The title is kept apart, and a reader does not see styles and scripts.
    for tag in [heading, *body.find_all(["style", "script", "title", "meta", "link"])]:
        if isinstance(tag, bs4.Tag):
            tag.extract()
    content = body.decode_contents().strip()
    return Article(title, url, created, published, content, has_words(_visible(body)))


def _take_date(page: bs4.BeautifulSoup, name: str) -> str:
    line = page.find("p", class_=name)
    if not isinstance(line, bs4.Tag):
        return ""
    match = _DATE.search(line.extract().get_text(" ", strip=True))
    return match[1].strip() if match else ""


def _visible(tag: bs4.Tag) -> str:
    for hidden in tag.find_all(["style", "script", "title"]):
        hidden.extract()
    return str(tag.get_text(" ", strip=True))


def _parse(html: str) -> bs4.BeautifulSoup:
    try:
        with warnings.catch_warnings():
            # A body that looks like a file name, a URL or XML is still what the export calls a body.
            warnings.simplefilter("ignore", UserWarning)
            return bs4.BeautifulSoup(html, "lxml")
    except (ValueError, AssertionError, RecursionError, bs4.ParserRejectedMarkup) as error:
        raise Unreadable("unreadable", f"cannot be parsed as HTML: {type(error).__name__}") from error
