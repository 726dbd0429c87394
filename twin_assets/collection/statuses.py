"""Mastodon's statuses as HTML: the author's own words of one, alike for the archive and the live side."""

import html
import re
from collections.abc import Sequence

import bs4

from twin_assets.collection.markup import has_html_words
from twin_assets.collection.text import has_words, storable

_MENTION = re.compile(r"\s*@[\w.-]+(?:@[\w.-]+)?(?:[,:]?\s+|[,:]?$)")
_BEHIND_MENTION = re.compile(r"[,:]?\s+")
_BLOCK = re.compile(r"<(?:p|ul|ol|blockquote|pre|div|h\d)\b", re.IGNORECASE)
_QUOTE = "quote-inline"
"""Class of the line `RE: <link>` that the server writes above a quoting status."""


def status_html(
    content: str, *, warning: str = "", options: Sequence[str] = (), is_reply: bool = False, reply_to: str = ""
) -> str:
    """What a status says; blank when it has no words.

    Args:
        content: the status' HTML.
        warning: its content warning, which becomes the first paragraph (`CW: …`).
        options: of its poll, which become a list.
        is_reply: leave out those whom it is addressed to: the mentions before its first word.
        reply_to: handle or URL of what it answers, when that is another person's: the marker's line.

    Raises Unreadable when the content cannot be parsed.
    """
    body = storable(content).strip()
    if body and (is_reply or _QUOTE in body):
        body = _own_words(body, is_reply)
    worded = bool(body) and has_html_words(body)
    said = [option.strip() for option in map(storable, options) if option.strip()]
    warning = " ".join(storable(warning).split())
    if not (worded or said or has_words(warning)):
        return ""
    if body and not _BLOCK.match(body):
        # Some servers write no paragraph around a single one; what is put beside it would run into it.
        body = f"<p>{body}</p>"
    parts = [
        f"(in reply to {html.escape(storable(reply_to), quote=False)})" if reply_to else "",
        f"<p>CW: {html.escape(warning, quote=False)}</p>" if warning else "",
        body,
        "".join(["<ul>", *(f"\n<li>{html.escape(o, quote=False)}</li>" for o in said), "\n</ul>"]) if said else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _own_words(body: str, is_reply: bool) -> str:
    has_html_words(body)  # raises for what cannot be parsed
    # The tag before it keeps a body that looks like a file name or like XML from being taken for one.
    page = bs4.BeautifulSoup(f"<body>{body}", "lxml")
    for line in page.select(f".{_QUOTE}"):
        line.decompose()
    if is_reply:
        _drop_mentions(page)
    return str(page.body.decode_contents()).strip() if page.body else ""


def _drop_mentions(page: bs4.BeautifulSoup) -> None:
    """Leave out the mentions before the first word."""
    dropped = False
    for text in list(page.find_all(string=True)):
        link = text.find_parent("a")
        if link is not None and link.get_text().strip().startswith("@"):
            (link.find_parent(class_="h-card") or link).extract()
            dropped = True
            continue
        rest = _BEHIND_MENTION.sub("", text, count=1) if dropped and _BEHIND_MENTION.match(text) else str(text)
        while match := _MENTION.match(rest):
            rest = rest[match.end() :]
            dropped = True
        if rest != text:
            text.replace_with(rest)
        if rest.strip():
            return
