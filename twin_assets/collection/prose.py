"""A paper's lines as Markdown: paragraphs and headings restored, what is no prose left out and counted."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from twin_assets.collection.authors import is_address, letters, read_names
from twin_assets.collection.hyphens import Vocabulary, join_lines
from twin_assets.collection.layout import Placed, body_size, ordered, side_by_side, without_running
from twin_assets.collection.paragraphs import (
    HEADING_WORDS,
    WORD,
    Block,
    Style,
    heading_level,
    is_code,
    rejoined,
    section_name,
    to_blocks,
)
from twin_assets.collection.pdf import Pdf

_FRONT_WORDS = 250
"""What stands before the abstract is names and addresses up to this length, and else a text of its own."""
_REFERENCES = frozenset({"references", "bibliography", "works cited", "literature cited", "literature"})
_APPENDIX = re.compile(r"(?:appendi(?:x|ces)|supplement\w*)\b|[A-Z](?:\.\d+)*\.?\s+\S", re.IGNORECASE)
_ABSTRACT = re.compile(r"(?i:abstract)\s*(?:[-—–:.]|$)|ABSTRACT\b")
_BULLET = re.compile(r"[•◦▪‣·∙●○]\s*")


@dataclass(frozen=True, slots=True)
class Prose:
    """What a paper says."""

    title: str
    text: str
    author_block: tuple[str, ...]
    """The names, addresses and dates before the text: what stands side by side, one by one."""
    left_out: dict[str, int]
    """The number of words of each kind of thing that is not prose."""


def to_prose(pdf: Pdf, title: str, names: Sequence[str]) -> Prose:
    """The prose of a paper.

    Args:
        title: from elsewhere; blank to take the first large line.
        names: of its authors, as far as they are known: a line with one of them before the text is no prose.
    """
    size = body_size(pdf.pages)
    pages, running = without_running(pdf.pages)
    placed = ordered(pages)
    heading = _title_lines(placed, title, size)
    vocabulary = Vocabulary(p.line.text for p in placed)
    front = _front(placed, heading, size, names)
    left_out = Counter({"headers and footers": running, "the author block": _count(front)})
    skipped = {id(p) for p in (*heading, *front)}
    style = Style.of(placed, size)
    blocks = to_blocks([p for p in placed if id(p) not in skipped], style)
    for block in blocks:
        block.text = join_lines((p.line.text for p in block.lines), vocabulary)
        block.level = heading_level(block, size)
    blocks, references = _without_references(blocks)
    left_out["the references"] = sum(b.words for b in references)
    worded = [b for b in blocks if b.level or is_code(b, style) or _is_prose(b.text)]
    left_out["tables, figures and formulas"] = sum(b.words for b in blocks) - sum(b.words for b in worded)
    text = "\n\n".join(_markdown(block, style) for block in rejoined(worded, style, vocabulary))
    found = title or join_lines((p.line.text for p in heading), vocabulary)
    author_block = tuple(part for p in front for part in side_by_side(p.line))
    return Prose(found, text, author_block, {what: n for what, n in left_out.items() if n})


def _count(lines: Iterable[Placed]) -> int:
    return sum(len(p.line.text.split()) for p in lines)


def _title_lines(placed: Sequence[Placed], title: str, size: float) -> list[Placed]:
    """The lines of the title on the first page: those that make up the known one, else the first large ones."""
    first = [p for p in placed if p.page == 0]
    found: list[Placed] = []
    whole = letters(title)
    for p in first if title else ():
        if (said := letters(p.line.text)) and said in whole:
            found.append(p)
        elif _count(found) and len(letters("".join(f.line.text for f in found))) > len(whole) / 2:
            return found
        else:
            found = []
    lettered = [p for p in first if WORD.search(p.line.text)]
    largest = max((p.line.size for p in lettered), default=0.0)
    if largest < size * 1.15:
        return []
    found = []
    for p in lettered:
        if p.line.size >= largest * 0.95:
            found.append(p)
        elif found:
            break
    return found if _count(found) <= 2 * HEADING_WORDS else []


def _front(placed: Sequence[Placed], heading: Sequence[Placed], size: float, names: Sequence[str]) -> list[Placed]:
    """Names, addresses and dates before the text: what stands above the abstract, or before the introduction; in a
    paper with neither, the lines behind the title that name an author or an address."""
    first = [p for p in placed if p.page == 0]
    of_title = {id(p) for p in heading}
    abstract = next((p for p in first if _ABSTRACT.match(p.line.text)), None)
    introduction = next((i for i, p in enumerate(first) if section_name(p.line.text) == "introduction"), None)
    above: list[Placed] | None = None
    if abstract:
        above = _above(first, first.index(abstract), size)
    elif introduction is not None:
        above = first[:introduction]
    if above is not None:
        front = [p for p in above if id(p) not in of_title]
        if _count(front) <= _FRONT_WORDS:
            return front
    # One word, such as a handle, is part of many.
    known = [letters(name) for name in names if " " in name.strip()]
    behind = first[first.index(heading[-1]) + 1 :] if heading else first
    return list(takewhile(lambda p: _is_byline(p, known, size), behind))


def _above(first: Sequence[Placed], index: int, size: float) -> list[Placed]:
    """The lines that stand above this one, but for those at the top of another column that runs on beside it."""
    level = first[index].line.y + size / 2
    above: list[Placed] = []
    below: Placed | None = None
    for i, p in reversed(list(enumerate(first))):
        runs_on = below and below.flow == p.flow and p.line.y - below.line.y < 1.6 * size
        if p.line.y > level and not (i > index and runs_on):
            above.append(p)
            below = None
        else:
            below = p
    return above[::-1]


def _is_byline(p: Placed, known: Sequence[str], size: float) -> bool:
    text = p.line.text
    if len(text.split()) > HEADING_WORDS:
        return False
    # Headings are capitalized like names, but bold or large.
    named = read_names(text) and not p.line.bold and p.line.size < size * 1.3
    return bool(named) or is_address(text) or any(name in letters(text) for name in known)


def _without_references(blocks: Sequence[Block]) -> tuple[list[Block], list[Block]]:
    """The blocks without the list of references, and that: up to the appendix behind it, if there is one."""
    headings = [i for i, b in enumerate(blocks) if b.level and section_name(b.text) in _REFERENCES]
    if not headings:
        return list(blocks), []
    start = headings[-1]
    appendix = (i for i in range(start + 1, len(blocks)) if blocks[i].level and _APPENDIX.match(blocks[i].text))
    end = next(appendix, len(blocks))
    return [*blocks[:start], *blocks[end:]], list(blocks[start:end])


def _is_prose(text: str) -> bool:
    solid = [c for c in text if not c.isspace()]
    return bool(WORD.search(text)) and sum(c.isalpha() for c in solid) >= len(solid) / 2


def _markdown(block: Block, style: Style) -> str:
    if block.level:
        return f"{'#' * block.level} {block.text}"
    if is_code(block, style):
        return "\n".join(["```", *(_code_line(p) for p in block.lines), "```"])
    return _BULLET.sub("- ", block.text, count=1) if _BULLET.match(block.text) else block.text


def _code_line(p: Placed) -> str:
    indent = max(0, round((p.line.x - p.left) / (0.6 * p.line.size))) if p.line.size > 0 else 0
    return " " * min(indent, 40) + "".join(piece.text for piece in p.line.pieces).rstrip()
