"""The blocks of a corpus document by what a training sample may take from them, as spans of characters.

CommonMark is read by markdown-it, so that lazy continuation lines of a quote, quotes inside list items and `>` inside
code are told apart as a reader would.
"""

import re
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from twin_assets.datasets.words import word_count

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

BlockKind = Literal["prose", "code", "quote", "links", "footnote", "heading", "rule"]

LINK_SHARE = 0.7
"""Share of a block's words that lie in links from which it points at things instead of saying them."""

_NEWLINE = re.compile(r"\r\n?|\n")
_IMAGE = re.compile(r"!\[[^\]]*\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\])?")
_LINK = re.compile(r"\[((?:[^\[\]\\]|\\.)+)\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\])")
_URL = re.compile(r"<?\b(?:https?://|www\.)[^\s>]+>?")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.S)
_SHORTCODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)
_FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.M | re.S)
_ANCHOR = re.compile(r"\s*(?:\(#[^()\s]*\)|\{[#.][^{}]*\})\s*$")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]:|\[\d{1,3}\]:?\s")
_QUOTE_TAG = re.compile(r"<blockquote\b", re.I)
_QUOTE_END = re.compile(r"</blockquote\s*>", re.I)
_QUOTE_LINE = re.compile(r"^[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*>", re.M)
_SETEXT_WORDS = 12
"""A longer `heading` underlined with `---` is a paragraph above a rule, as in posts written as plain text."""


class Block(NamedTuple):
    """A block without the white space around it; `level` and `title` are those of a heading."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    title: str = ""


def prose(text: str) -> str:
    """The sentences of a Markdown text: links as their text, and no code, images or addresses."""
    text = _SHORTCODE.sub(" ", _IMAGE.sub(" ", _FENCED.sub(" ", text)))
    return _TAG.sub(" ", _URL.sub(" ", _LINK.sub(r"\1", text)))


def blocks(text: str) -> list[Block]:
    """The blocks of a text in order; together they hold every character that is not white space."""
    starts = [0, *(match.end() for match in _NEWLINE.finditer(text)), len(text)]
    found: list[Block] = []
    line = 0
    tokens = _parser().parse(text)
    for at, token in enumerate(tokens):
        if token.level or not token.map or token.nesting < 0:
            continue
        first, last = token.map
        found += _block("links", text, starts, line, first)  # what no token covers are link definitions
        found += _classified(text, starts, tokens, at)
        line = max(line, last)
    return _html_quotes(text, [*found, *_block("links", text, starts, line, len(starts) - 1)])


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.disable(["inline"])
    return parser


def _classified(text: str, starts: list[int], tokens: "list[Token]", at: int) -> list[Block]:
    token = tokens[at]
    first, last = token.map or (0, 0)
    if token.type == "heading_open":
        title = _title(tokens[at + 1].content)
        if token.markup in "=-" and word_count(title) > _SETEXT_WORDS:
            return [*_paragraph(text, starts, first, last - 1), *_block("rule", text, starts, last - 1, last)]
        heading = _block("heading", text, starts, first, last)
        return [block._replace(level=int(token.tag[1]), title=title) for block in heading]
    if token.type == "hr":
        return _block("rule", text, starts, first, last)
    if token.type in ("fence", "code_block"):
        return _block("code", text, starts, first, last)
    if token.type == "blockquote_open":
        return _block("quote", text, starts, first, last)
    found = []
    for quote_first, quote_last in _quotes_within(tokens, at):
        found += _paragraph(text, starts, first, quote_first)
        found += _block("quote", text, starts, quote_first, quote_last)
        first = max(first, quote_last)
    return found + _paragraph(text, starts, first, last)


def _html_quotes(text: str, found: list[Block]) -> list[Block]:
    """Quotes written as HTML, which may go on over several blocks, and `>` lines that an HTML block swallowed."""
    marked, depth = [], 0
    for block in found:
        content = "" if block.kind == "code" else text[block.start : block.end]
        opened, closed = len(_QUOTE_TAG.findall(content)), len(_QUOTE_END.findall(content))
        is_quote = depth > 0 or opened > 0 or (block.kind == "prose" and _QUOTE_LINE.search(content) is not None)
        marked.append(block._replace(kind="quote") if is_quote else block)
        depth = max(depth + opened - closed, 0)
    return marked


def _quotes_within(tokens: "list[Token]", at: int) -> list[tuple[int, int]]:
    """The outermost quotes inside a list, as ranges of lines."""
    found: list[tuple[int, int]] = []
    for token in tokens[at + 1 :]:
        if token.level == 0:
            break
        if token.type == "blockquote_open" and token.map and (not found or token.map[0] >= found[-1][1]):
            found.append((token.map[0], token.map[1]))
    return found


def _paragraph(text: str, starts: list[int], first: int, last: int) -> list[Block]:
    """A paragraph, list, table or HTML block: prose, unless it is a footnote or only points elsewhere."""
    found = _block("prose", text, starts, first, last)
    if not found:
        return []
    content = text[found[0].start : found[0].end]
    if _FOOTNOTE.match(content):
        return [found[0]._replace(kind="footnote")]
    return [found[0]._replace(kind="links")] if _points_elsewhere(content) else found


def _points_elsewhere(content: str) -> bool:
    total = word_count(prose(content))
    linked = sum(word_count(label) for label in _LINK.findall(_IMAGE.sub(" ", content)))
    return total == 0 or (linked > 0 and linked >= LINK_SHARE * total)


def _title(content: str) -> str:
    """The words of a heading, without markup and the anchor that some authors put at its end."""
    plain = re.sub(r"(?<!\w)[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?!\w)|`", "", prose(_ANCHOR.sub("", content)))
    return " ".join(plain.split())


def _block(kind: BlockKind, text: str, starts: list[int], first: int, last: int) -> list[Block]:
    """The lines `[first, last)` as a block without the white space around it; none when nothing is left."""
    if first >= last:
        return []
    span = stripped(text, starts[first], starts[last])
    return [Block(kind, *span)] if span[0] < span[1] else []


def stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """A span moved inwards over white space at its ends."""
    content = text[start:end]
    left = len(content) - len(content.lstrip())
    return (start + left, start + max(len(content.rstrip()), left))
