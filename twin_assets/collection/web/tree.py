"""A page's tree, by lxml: the parser behind requests-html's selectors decodes entities twice, and code that shows
`&amp;lt;` would come out of it as `<`."""

import re
from typing import Any
from urllib.parse import urljoin

from twin_assets.collection.text import Unreadable, storable

Element = Any
"""An `lxml.html.HtmlElement`."""

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af"
_WORD = re.compile(rf"[{_IDEOGRAPHS}]|[^\s{_IDEOGRAPHS}]+")
"""Languages that write without spaces have a word for about each sign."""
_SILENT = "style, template, noscript, iframe, svg, canvas, object, embed, input, select, textarea"


def parse(text: str) -> Element:
    """A page's tree. Raises Unreadable when it holds no element."""
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", huge_tree=False)
    try:
        root = html.document_fromstring(storable(text).encode("utf-8"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise Unreadable("unreadable", f"cannot be parsed as HTML: {type(error).__name__}") from error
    for node in root.cssselect(_SILENT):
        drop(node)
    return root


def fragment(markup: str) -> Element:
    """A piece of HTML below one `div`; an empty `div` for what cannot be parsed."""
    from lxml import html

    try:
        return parse(f"<html><body><div>{markup}</div></body></html>").body
    except Unreadable:
        return html.Element("div")


def drop(node: Element) -> None:
    """Take an element out of its tree, and leave the text behind it."""
    if node.getparent() is not None:
        node.drop_tree()


def visible_text(node: Element) -> str:
    """The text of an element on one line, as a reader sees it."""
    texts = node.xpath(".//text()[not(parent::script or parent::style or parent::title or ancestor::head)]")
    return " ".join(" ".join(texts).split())


def visible_words(node: Element) -> list[str]:
    """The words of an element, as a reader sees them."""
    return split_words(visible_text(node))


def split_words(text: str) -> list[str]:
    """The words of a text."""
    return text.split() if text.isascii() else _WORD.findall(text)


def word_count(markup: str) -> int:
    """How many words a piece of HTML has."""
    return len(visible_words(fragment(markup))) if markup else 0


def link_share(node: Element) -> float:
    """Which share of an element's words lies in links."""
    words = len(visible_words(node))
    return sum(len(visible_words(link)) for link in node.iter("a")) / words if words else 0.0


def serialize(node: Element) -> str:
    """An element as HTML, without what stands behind it."""
    from lxml import html

    node.tag = "div" if node.tag == "body" else node.tag
    return str(html.tostring(node, encoding="unicode", with_tail=False)).strip()


def base_url(root: Element, url: str) -> str:
    """What a page's links are relative to."""
    base = root.find(".//base[@href]")
    return _join(url, base.get("href")) if base is not None else url


def make_absolute(node: Element, base: str) -> None:
    """Make links and pictures of an element absolute; a link within the page stays one, as footnotes are such."""
    for attribute in ("href", "src"):
        for part in node.xpath(f".//*[@{attribute}]"):
            link = part.get(attribute).strip()
            if not link.startswith("#"):
                part.set(attribute, _join(base, link))


def _join(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        return link
