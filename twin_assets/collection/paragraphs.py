"""A paper's lines as blocks: paragraphs and headings, also those that a page or a footnote cuts in two."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from twin_assets.collection.hyphens import Vocabulary, join_lines
from twin_assets.collection.layout import Placed

HEADING_WORDS = 16
_ASIDES = 3
"""Footnotes, captions and the like that may stand between the halves of a paragraph."""
_NUMBER = r"(?:(?P<number>\d{1,2}(?:\.\d{1,2}){0,3})\.?|(?P<roman>[IVX]{1,5})\.|(?P<letter>[A-Z](?:\.\d{1,2}){0,2})\.?)"
_NUMBERED = re.compile(rf"{_NUMBER}\s+(?P<title>[^\W\d_].*)")
_NAMED = re.compile(
    rf"(?:{_NUMBER}\s+)?(?P<name>abstract|introduction|related work|background|methods?|methodology|results|evaluation|"
    r"discussion|limitations|future work|conclusions?|summary|acknowledge?ments?|references|bibliography|works cited|"
    r"literature cited|literature|appendix|appendices)\s*:?",
    re.IGNORECASE,
)
_CAPTION = re.compile(r"(?:figure|fig\.|table|algorithm|listing)\s*\d+", re.IGNORECASE)
_ITEM = re.compile(r"(?:[•◦▪‣·∙●○–]|\[\d+\]|\(?\d{1,2}[.)]|\([a-z]\))\s")
_TERMINAL = re.compile(r"[.!?:][\"'”’)\]]*$")
WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(slots=True, eq=False)
class Block:
    """Lines that belong together, and what they say."""

    lines: list[Placed]
    text: str = ""
    level: int = 0
    """Of a heading; 0 for a paragraph."""

    @property
    def size(self) -> float:
        """The font size of most of it."""
        return max(self.lines, key=lambda p: len(p.line.text)).line.size

    @property
    def words(self) -> int:
        """How many words it has."""
        return len(self.text.split())


@dataclass(frozen=True, slots=True)
class Style:
    """How a paper is set."""

    size: float
    """Of the font of its text."""
    pitch: float
    """The distance of its lines, in parts of the size."""
    indents: bool
    """Whether paragraphs begin with an indent rather than behind a gap."""
    typewritten: bool
    """Whether all of it is in a typewriter's font, which then says nothing."""

    @classmethod
    def of(cls, placed: Sequence[Placed], size: float) -> "Style":
        """From the lines that follow one another in a column."""
        pairs = [(a, b) for a, b in pairwise(placed) if a.flow == b.flow and a.line.size > 0]
        gaps = [((a.line.y - b.line.y) / a.line.size, a, b) for a, b in pairs]
        pitch = median([gap for gap, _, _ in gaps if 0.8 < gap < 3] or [1.2])
        indented = sum(1 for gap, a, b in gaps if gap <= pitch * 1.3 and _is_first_indented(a, b))
        apart = sum(1 for gap, a, b in gaps if pitch * 1.3 < gap < pitch * 3 and abs(a.line.size - b.line.size) < 0.1)
        typed = sum(1 for p in placed if p.line.monospaced)
        return cls(size, pitch, indented > max(apart, 2), typed > len(placed) / 2)


def to_blocks(placed: Sequence[Placed], style: Style) -> list[Block]:
    """The lines as blocks, without their text."""
    blocks: list[Block] = []
    for p in placed:
        if blocks and not _begins(blocks[-1].lines, p, style):
            blocks[-1].lines.append(p)
        else:
            blocks.append(Block([p]))
    return blocks


def _begins(block: Sequence[Placed], after: Placed, style: Style) -> bool:
    """Whether a line begins a new block behind the lines of this one."""
    before = block[-1]
    a, b = before.line, after.line
    gap = a.y - b.y
    if before.flow != after.flow or gap > style.pitch * 1.3 * a.size or gap < -0.3 * a.size:
        return True
    if abs(a.size - b.size) > 0.08 * max(a.size, b.size) or a.bold != b.bold or a.monospaced != b.monospaced:
        return True
    if b.monospaced and not style.typewritten:
        return False
    if _ITEM.match(b.text) or (len(block) == 1 and section_name(a.text)):
        return True
    ended = bool(_TERMINAL.search(a.text))
    if section_name(b.text) and (ended or b.bold or gap > style.pitch * 1.1 * a.size):
        return True
    if _is_indented(block, after):
        return True
    return not style.indents and ended and _is_short(before) and not b.text[0].islower()


def _is_indented(block: Sequence[Placed], after: Placed) -> bool:
    """Whether a line begins a paragraph by its indent, or follows one that is indented as a whole."""
    if _ITEM.match(block[0].line.text):
        return False
    before = block[-1]
    whole = len(block) > 1 and abs(block[-2].line.x - before.line.x) < 1
    quoted = whole and _shift(before) > 0.8 and _shift(after) < 0.3
    return quoted or _is_first_indented(before, after)


def _is_first_indented(before: Placed, after: Placed) -> bool:
    return 0.8 < _shift(after) < 5 and abs(_shift(before)) < 0.6


def _shift(p: Placed) -> float:
    """How far a line is indented, in parts of its size."""
    return (p.line.x - p.left) / p.line.size if p.line.size > 0 else 0.0


def _is_short(p: Placed) -> bool:
    return p.line.end < p.right - 0.2 * (p.right - p.left)


def heading_level(block: Block, size: float) -> int:
    """Level of a heading, from 2; 0 for what is none."""
    text, first = block.text, block.lines[0].line
    if block.words > HEADING_WORDS or len(block.lines) > 3 or text[-1:] in ".,;" or _CAPTION.match(text):
        return 0
    bold = all(p.line.bold for p in block.lines)
    ratio = block.size / size
    if numbered := _NUMBERED.fullmatch(text):
        title = numbered["title"]
        if title[0].isupper() and (bold or ratio > 1.07 or title.isupper() or section_name(text)):
            depth = (numbered["number"] or numbered["letter"] or "").count(".")
            return min(2 + depth, 6)
    if section_name(text) or (ratio > 1.12 and WORD.search(text)):
        return 2
    lone = bold and block.words <= 10 and first.text[0].isupper() and WORD.search(text) and _is_short(block.lines[-1])
    return 3 if lone else 0


def section_name(text: str) -> str:
    """The usual name of a section that a line consists of, in lower case."""
    match = _NAMED.fullmatch(text)
    return match["name"].lower() if match and match["name"][0].isupper() else ""


def is_code(block: Block, style: Style) -> bool:
    """Whether a block is a program's text, whose lines stay as they are."""
    return not style.typewritten and all(p.line.monospaced for p in block.lines)


def rejoined(blocks: Sequence[Block], style: Style, vocabulary: Vocabulary) -> list[Block]:
    """Paragraphs that a column, a page, a footnote or a caption cuts in two, joined, with what was between behind."""
    left = list(blocks)
    joined: list[Block] = []
    while left:
        block = left.pop(0)
        while (found := _continuation(block, left, style)) is not None:
            rest = left.pop(found)
            block = Block([*block.lines, *rest.lines], join_lines((block.text, rest.text), vocabulary))
        joined.append(block)
    return joined


def _continuation(block: Block, left: Sequence[Block], style: Style) -> int | None:
    """Index of the block that goes on with this one, behind asides only."""
    if not _is_running(block, style):
        return None
    ended = bool(_TERMINAL.search(block.text))
    for i, other in enumerate(left[: _ASIDES + 1]):
        if _is_aside(other, style.size):
            continue
        parted = other.lines[0].flow != block.lines[-1].flow
        if not (parted or i) or not _is_running(other, style) or abs(other.size - block.size) > 0.08 * style.size:
            return None
        if ended:
            # Where paragraphs are indented, one that is not goes on from the page or column before.
            goes_on = style.indents and parted and not _is_short(block.lines[-1]) and abs(_shift(other.lines[0])) < 0.3
        else:
            goes_on = other.text[:1].islower() or (style.indents and abs(_shift(other.lines[0])) < 0.3)
        return i if goes_on else None
    return None


def _is_running(block: Block, style: Style) -> bool:
    return not block.level and not is_code(block, style) and not _is_aside(block, style.size)


def _is_aside(block: Block, size: float) -> bool:
    return not block.level and (block.size < size * 0.93 or bool(_CAPTION.match(block.text)))
