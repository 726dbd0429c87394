"""The blocks of a Markdown text with their spans: headings, code and the rest.

Only as much of CommonMark as cleaning and chunking need: where code is, which nobody may touch, and where a reader
sees a new section or paragraph.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

_FENCE = re.compile(r"^(?:[ \t]*(?:>|[-*+][ \t]|\d{1,9}[.)][ \t]))*[ \t]*(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)$")
_CLOSING = re.compile(r"^[ \t>]*(?P<fence>`{3,}|~{3,})[ \t]*$")
_ATX = re.compile(r"^ {0,3}(?P<marks>#{1,6})(?:[ \t]+(?P<text>.*?))?(?:[ \t]+#+)?[ \t]*$")
_SETEXT = re.compile(r"^ {0,3}(?P<line>=+|-{2,})[ \t]*$")
_INDENTED = re.compile(r"^(?: {4}|\t)[ \t]*\S")
_LIST_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
SAME_PARAGRAPH = r"(?:(?!\n[ \t]*\n).)"
INLINE_CODE = re.compile(rf"(?<!`)(`+)(?!`){SAME_PARAGRAPH}+?(?<!`)\1(?!`)", re.DOTALL)
"""Code in a line of prose; it may break over lines, not over paragraphs."""
_MARKUP = re.compile(r"!?\[(?P<text>[^\[\]]*)\]\([^()\s]*\)|(?<![\w*])\*{1,3}|\*{1,3}(?![\w*])|`")


class Block(NamedTuple):
    """A block as the half-open range of characters `[start, end)`, without the blank lines around it."""

    kind: Literal["heading", "code", "text"]
    start: int
    end: int
    level: int
    """1 to 6 for a heading, else 0."""
    title: str
    """The words of a heading, without markup."""


class _Line(NamedTuple):
    start: int
    end: int
    text: str


def _lines(text: str) -> list[_Line]:
    """Lines by `\\n` only: what `splitlines` also parts at may stand inside a line of code."""
    found, start = [], 0
    for line in text.split("\n"):
        found.append(_Line(start, start + len(line), line))
        start += len(line) + 1
    return found


def blocks(text: str) -> list[Block]:
    """The blocks of a text in order; every character that is not white space lies in exactly one."""
    return list(_parsed(text))


@lru_cache(maxsize=4)
def _parsed(text: str) -> tuple[Block, ...]:
    """The last few are kept: the steps of cleaning ask for the blocks of one text in turn."""
    return tuple(_blocks(_lines(text)))


def code_spans(text: str) -> list[tuple[int, int]]:
    """The spans of the code blocks, fenced or indented, whole lines each."""
    return [(block.start, block.end) for block in _parsed(text) if block.kind == "code"]


def inline_code_spans(text: str) -> list[tuple[int, int]]:
    """The spans of code within lines, backticks included, outside of code blocks."""
    found, at = [], 0
    for start, end in [*code_spans(text), (len(text), len(text))]:
        found += [(at + code.start(), at + code.end()) for code in INLINE_CODE.finditer(text[at:start])]
        at = end
    return found


def _blocks(lines: list[_Line]) -> Iterator[Block]:
    at, in_list = 0, False
    while at < len(lines):
        line = lines[at]
        if not line.text.strip():
            at += 1
            continue
        if (opening := _opening(line.text)) is not None:
            end = _closing(lines, at, opening)
            yield Block("code", line.start, lines[end].end, 0, "")
        elif heading := _heading(line.text):
            end, in_list = at, False
            yield Block("heading", line.start, line.end, len(heading["marks"]), plain(heading["text"] or ""))
        elif not in_list and line.text[0] in " \t" and _INDENTED.match(line.text):
            end = _indented_end(lines, at)
            yield Block("code", line.start, lines[end].end, 0, "")
        elif underline := _underline(lines, at):
            end, in_list = at + 1, False
            yield Block("heading", line.start, lines[end].end, underline, plain(line.text.strip()))
        else:
            end = _paragraph_end(lines, at)
            in_list = bool(_LIST_ITEM.match(line.text)) or (in_list and line.text[0] in " \t")
            yield Block("text", line.start, lines[end].end, 0, "")
        at = end + 1


def plain(heading: str) -> str:
    """The words of a heading: links as their text, no emphasis and no code marks."""
    return " ".join(_MARKUP.sub(lambda found: found["text"] or "", heading).split())


def _heading(line: str) -> re.Match[str] | None:
    return _ATX.match(line) if "#" in line[:4] else None


def _opening(line: str) -> str | None:
    if "```" not in line and "~~~" not in line:
        return None
    fence = _FENCE.match(line)
    if fence is None or ("`" in fence["fence"] and "`" in fence["info"]):
        return None
    return fence["fence"]


def _closing(lines: list[_Line], at: int, opening: str) -> int:
    """The line that closes a fence: the same mark, at least as long; a fence left open goes to the end."""
    for number in range(at + 1, len(lines)):
        closing = _CLOSING.match(lines[number].text)
        if closing and closing["fence"].startswith(opening):
            return number
    return max(n for n in range(at, len(lines)) if n == at or lines[n].text.strip())


def _indented_end(lines: list[_Line], at: int) -> int:
    end = at
    for number in range(at + 1, len(lines)):
        if _INDENTED.match(lines[number].text):
            end = number
        elif lines[number].text.strip():
            break
    return end


def _underline(lines: list[_Line], at: int) -> int:
    """The level of a one-line heading underlined with `=` or `-`, or 0."""
    if (
        at + 1 >= len(lines)
        or lines[at + 1].text.lstrip()[:1] not in ("=", "-")
        or _LIST_ITEM.match(lines[at].text)
        or lines[at].text.lstrip()[0] in ">|#-="
    ):
        return 0
    underline = _SETEXT.match(lines[at + 1].text)
    return (1 if underline["line"][0] == "=" else 2) if underline else 0


def _paragraph_end(lines: list[_Line], at: int) -> int:
    end = at
    for number in range(at + 1, len(lines)):
        line = lines[number].text
        if not line.strip() or _heading(line) or _opening(line) is not None:
            break
        end = number
    return end


def fence(code: str, language: str) -> str:
    """Code as a fenced block whose fence is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    mark = "`" * (longest + 1)
    return f"{mark}{language}\n{code}\n{mark}"
