"""A page's main content as its own HTML: structure and code as the page has them, without what is around them.

trafilatura finds what the main text is; the element of the page that holds that text is taken, because trafilatura's
own HTML turns inline code into blocks and drops the languages of code blocks.
"""

import re
import warnings
from collections.abc import Set
from copy import deepcopy

from twin_assets.collection.text import storable
from twin_assets.collection.web.noise import clean, share, shingles
from twin_assets.collection.web.tree import (
    Element,
    base_url,
    fragment,
    make_absolute,
    serialize,
    split_words,
    visible_words,
)

_BODY = re.compile(
    r"(?:^|\s)(?:(?:article|post|story)(?:-|__)?(?:body|content|text)|(?:e|entry|gh|blog|blog-post|single)-content"
    r"|content-body|markdown-body|prose)(?:\s|$)",
    re.IGNORECASE,
)
"""Classes that themes give to the text of a post."""
_CERTAIN = re.compile(r"(?:^|\s)(?:e|entry)-content(?:\s|$)")
_FEW_WORDS = 5
_HOLDS, _TAKEN, _SURE = 0.8, 0.95, 0.25
"""Shares of the main text from which an element that is marked up as a text's place holds it, from which any element
does, and from which the only element marked up as a text is believed to be it."""


def main_content(root: Element, text: str, url: str) -> Element | None:
    """A copy of the element that holds the page's main text, without what is no part of it; None without any words.

    Args:
        root: the page's tree.
        text: the page as it came, for trafilatura.
        url: what its links are relative to.
    """
    body = root.find("body")
    if body is None or not visible_words(body):
        return None
    main = shingles(main_words(text))
    chosen = deepcopy(_holder(body, main))
    chosen.tail = None
    clean(chosen, main)
    make_absolute(chosen, base_url(root, url))
    return chosen if visible_words(chosen) else None


def prepare(markup: str, url: str) -> str:
    """A feed's content as the content of a page would be: cleaned, links absolute."""
    node = fragment(markup)
    clean(node)
    make_absolute(node, url)
    return serialize(node)


def main_words(text: str) -> list[str]:
    """The words of what trafilatura takes for the main text, without its marks for lists and tables."""
    with warnings.catch_warnings():
        # Imported first of all, its parts say what other ways there would be to fetch.
        warnings.simplefilter("ignore")
        import trafilatura

    document = trafilatura.bare_extraction(storable(text), include_comments=False)
    found = getattr(document, "text", None) or ""
    return [word for line in found.splitlines() for word in split_words(line.lstrip("-| ").replace("|", " "))]


def _holder(body: Element, main: Set[tuple[str, ...]]) -> Element:
    """The element that holds the main text: the one marked up as a text if there is just one, else the smallest that
    is marked up as a text's place and holds most of it, else the innermost one of all."""
    marked = [node for node in body.iterdescendants() if isinstance(node.tag, str) and _is_marked(node)]
    articles = [node for node in marked if node.tag == "article"]
    texts = [node for node in marked if node.tag not in ("main", "article") and node.get("role") != "main"] or articles
    outermost = [node for node in texts if not any(up in texts for up in node.iterancestors())]
    only = outermost[0] if len(outermost) == 1 and len(visible_words(outermost[0])) >= _FEW_WORDS else None
    if only is not None and (_is_certain(only) or not main or share(only, main) >= _SURE):
        return only
    holding = [node for node in marked if share(node, main) >= _HOLDS]
    if holding:
        return min(holding, key=lambda node: len(visible_words(node)))
    node, inner = body, body
    while main and inner is not None:
        node = inner
        inner = next((part for part in node if isinstance(part.tag, str) and share(part, main) >= _TAKEN), None)
    # A single paragraph, list or block of code stands for what is around it.
    return node.getparent() if node.tag in ("p", "pre", "li", "table", "ul", "ol") else node


def _is_certain(node: Element) -> bool:
    """Whether it is marked up as a text by name, so that it counts even beside a longer sidebar."""
    certain = node.tag == "article" or node.get("itemprop") == "articleBody"
    return certain or bool(_CERTAIN.search(node.get("class") or ""))


def _is_marked(node: Element) -> bool:
    if node.tag in ("main", "article") or node.get("itemprop") == "articleBody" or node.get("role") == "main":
        return True
    return bool(_BODY.search(node.get("class") or ""))
