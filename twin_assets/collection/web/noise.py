"""What is no part of a text that stands among its elements: navigation, bylines, comments, share buttons, banners, line
numbers. Themes name these in classes, roles and ids."""

import re
from collections.abc import Set

from twin_assets.collection.web.tree import Element, drop, link_share, visible_text, visible_words

_SILENT = frozenset({"script", "link", "meta"})
_NOISE_TAGS = frozenset({"nav", "form", "button", "dialog", "menu"})
_NOISE_ROLES = frozenset({"navigation", "search", "dialog", "alertdialog", "menu", "toolbar", "banner", "contentinfo"})
_NOISE = re.compile(
    r"(?:^|[\s_-])(?:nav|navigation|navbar|menu|breadcrumbs?|pagination|pager|prev-next|post-nav|skip-link"
    r"|shar(?:e|es|ing)|sharedaddy|addtoany|social|feedflare|related|recommended|recommendations|read-next|readnext"
    r"|more-posts|jp-relatedposts|yarpp|comments?|commentlist|comment-list|respond|disqus|webmentions?|giscus|utterances"
    r"|cookie|cookies|consent|gdpr|newsletter|subscribe|subscription|signup|sign-up|optin|promo|advert|advertisement"
    r"|ads?|adsbygoogle|sponsor|sponsored|sidebar|widget|popup|modal|toc|table-of-contents|byline|post-meta|entry-meta"
    r"|postmeta|meta|posted-on|post-date|reading-time|author-bio|author-box|about-author|tags|tag-list|post-tags"
    r"|entry-tags|cat-links|print-only|noprint|screen-reader-text|sr-only|visually-hidden)(?:$|[\s_-])",
    re.IGNORECASE,
)
_NOISE_BLOCKS = frozenset(
    {"address", "aside", "details", "div", "dl", "figure", "footer", "h2", "h3", "h4", "header", "li", "ol", "p"}
    | {"section", "table", "ul"}
)
_INLINE_NOISE = re.compile(
    r"(?:^|\s)(?:anchor|dt-published|head(?:er|ing)-?(?:anchor|link)|p-author|screen-reader-text|sr-only"
    r"|visually-hidden)(?:\s|$)",
    re.IGNORECASE,
)
_GUTTER = re.compile(
    r"(?:^|\s)(?:blob-num|gutter|hljs-ln-numbers|line-numbers-rows|linenodiv|linenos?|lnt?)(?:\s|$)", re.IGNORECASE
)
"""Numbers of lines of code."""
_ENDS = re.compile(
    r"(?:related|recommended|recent|more|other|similar|popular) (?:posts?|articles?|reading|stories|essays)|comments?"
    r"|\d+ (?:comments?|responses|replies|thoughts on\b.*)|leave a (?:comment|reply)|share this(?: post| article)?"
    r"|you (?:might|may) also (?:like|enjoy)|read (?:more|next)|join the conversation|webmentions?|subscribe\b.*",
    re.IGNORECASE,
)
"""Headings of what follows a text."""
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SHINGLE = 4
_LINKS = 0.6
"""Share of words in links from which an aside only leads elsewhere."""
_BEGINNING, _DATELINE = 4, 20
"""Elements among which a text's dateline is, and words below which it is one."""
_KEPT = 0.5
"""Share of the main text from which an element is no noise."""


def clean(node: Element, main: Set[tuple[str, ...]] = frozenset()) -> None:
    """Take navigation, bylines, comments, share buttons, banners and line numbers out of a text; what holds half of
    `main` (or of the text, where that is empty) stays, whatever it is called."""
    main = main or shingles(visible_words(node))
    # A list first: elements are taken out while it is gone through.
    for part in list(node.iterdescendants()):
        silent = not isinstance(part.tag, str) or part.tag in _SILENT
        if silent or (part.getparent() is not None and _is_noise(part, node) and share(part, main) < _KEPT):
            drop(part)
    # From the end: a heading that the text goes on behind is one of the text, whatever it says.
    for heading in reversed(list(node.iter("h2", "h3", "h4"))):
        if _ENDS.fullmatch(visible_text(heading).strip(" :!.")) and not _goes_on(heading):
            for part in (heading, *heading.itersiblings()):
                drop(part)


def shingles(words: list[str]) -> frozenset[tuple[str, ...]]:
    """The runs of four words in a text; of a shorter text, the text as a whole."""
    return frozenset(tuple(words[i : i + _SHINGLE]) for i in range(max(len(words) - _SHINGLE + 1, min(len(words), 1))))


def share(node: Element, main: Set[tuple[str, ...]]) -> float:
    """Which share of the main text's shingles an element holds."""
    return len(shingles(visible_words(node)) & main) / len(main) if main else 0.0


def _is_noise(node: Element, top: Element) -> bool:
    classes = node.get("class") or ""
    if node.tag in ("td", "div", "span", "a") and (_GUTTER.search(classes) or _is_number_column(node)):
        return True
    if node.tag in _NOISE_TAGS or (node.get("role") or "").lower() in _NOISE_ROLES or node.get("hidden") is not None:
        return True
    if any(up.tag in ("pre", "code") for up in (node, *node.iterancestors())):
        return False
    names = _CAMEL.sub("-", f"{classes} {node.get('id') or ''}")
    if "footnotes" in names or node.get("role") == "doc-endnotes":
        return False
    if node.tag in _NOISE_BLOCKS and _NOISE.search(names):
        return True
    if _INLINE_NOISE.search(classes):
        # The link to a heading is a sign beside it, or the heading itself.
        return node.tag != "a" or "p-author" in classes or len(visible_text(node)) <= 1
    if node.tag == "footer":
        return not any(up.tag in ("blockquote", "figure") for up in node.iterancestors())
    if node.tag == "aside":
        return link_share(node) > _LINKS
    return _is_dateline(node, top)


def _is_number_column(node: Element) -> bool:
    """Hugo's line numbers: the first of two cells of one class."""
    return node.tag == "td" and "lntd" in (node.get("class") or "").split() and node.getnext() is not None


def _is_dateline(node: Element, top: Element) -> bool:
    """Whether it is the line at a text's beginning that says when and by whom it was written."""
    if node.tag not in ("p", "div", "span", "ul", "time") or node.find(".//h1") is not None:
        return False
    if node not in list(top)[:_BEGINNING] and not any(up.tag == "header" for up in node.iterancestors()):
        return False
    dated = node.tag == "time" or bool(node.xpath(".//time | .//*[contains(@rel, 'author')]"))
    return dated and len(visible_words(node)) < _DATELINE


def _goes_on(heading: Element) -> bool:
    """Whether another heading of its rank or above follows it."""
    ranks = {f"h{number}" for number in range(1, int(heading.tag[1]) + 1)}
    return any(part.tag in ranks for part in heading.itersiblings())
