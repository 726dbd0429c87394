"""The order of reading of a paper's pages: columns one after the other, running headers and footers left out."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from statistics import median

from twin_assets.collection.pdf import Page
from twin_assets.collection.pdf_lines import Line

_RUNNING_ROWS = 3
"""Rows at the top and at the bottom of a page among which headers and footers are looked for."""
_RUNNING_SHARE = 0.3
"""Share of the pages from which a row that repeats is a header: odd and even pages often have different ones."""
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(r"[-–—|\s]*(?:page|p\.|seite)?\s*(?:#|[ivxlc]{1,6})(?:\s*(?:of|/|von)\s*#)?[-–—|\s]*")
_MOST_LINES = 600
"""Lines of a page up to which columns are looked for; more are a drawing's labels."""
_COLUMN_ROWS = 3
"""Lines that begin at the same place from which they may be a column."""
_BESIDE = 0.65
"""Parts of the font's size within which the baselines of lines side by side differ; lines of one column are further
apart."""
_DEEPEST = 5.0
"""Parts of the font's size up to which a column's line is indented."""
_SAME_PLACE = 3.0
"""Points within which lines begin at the same place."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A line in the order of reading. Lines of one `flow` follow one another in a column from `left` to `right`."""

    line: Line
    page: int
    flow: int
    left: float
    right: float


def body_size(pages: Sequence[Page]) -> float:
    """The font size of most of the text."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] or 1.0 if sizes else 1.0


def without_running(pages: Sequence[Page]) -> tuple[list[Page], int]:
    """The pages without headers, footers and page numbers, and how many words those had."""
    size = body_size(pages)
    keys = [(_keys(page, top=True), _keys(page, top=False)) for page in pages]
    counts = Counter(key for both in keys for side in both for key, _ in side)
    threshold = max(2, _RUNNING_SHARE * len(pages))
    kept: list[Page] = []
    words = 0
    for page, both in zip(pages, keys, strict=True):
        running: set[Line] = set()
        for side in both:
            for key, row in side:
                # A title repeated as a header is still the title where it is set large.
                repeated = counts[key] >= threshold and max(line.size for line in row) < size * 1.15
                if not repeated and not _PAGE_NUMBER.fullmatch(key):
                    break
                running.update(row)
        words += sum(len(line.text.split()) for line in running)
        kept.append(replace(page, lines=tuple(line for line in page.lines if line not in running)))
    return kept, words


def _keys(page: Page, *, top: bool) -> list[tuple[str, list[Line]]]:
    """The outermost rows on one side, the outermost first, with numbers and case folded."""
    rows: list[list[Line]] = []
    for line in sorted(page.lines, key=lambda x: -x.y if top else x.y):
        if rows and abs(rows[-1][0].y - line.y) < line.size / 2:
            rows[-1].append(line)
        elif len(rows) < _RUNNING_ROWS:
            rows.append([line])
        else:
            break
    side = "top" if top else "bottom"
    return [(_row_key(side, row), row) for row in rows]


def _row_key(side: str, row: list[Line]) -> str:
    text = " ".join(line.text for line in sorted(row, key=lambda x: x.x))
    folded = _DIGITS.sub("#", text).casefold().strip()
    return folded if _PAGE_NUMBER.fullmatch(folded) else f"{side}: {folded}"


def ordered(pages: Sequence[Page]) -> list[Placed]:
    """The lines of all pages in the order of reading."""
    placed: list[Placed] = []
    flow = 0
    for number, page in enumerate(pages):
        starts = _column_starts(page.lines) if len(page.lines) <= _MOST_LINES else ()
        lines = _split(page.lines, starts)
        columns = [_column(line, lines, starts) for line in lines]
        spanning = [line.y for line, column in zip(lines, columns, strict=True) if column < 0]
        # Lines above, between and below those that span the columns; the file's order within a column.
        keys = [
            (sum(y >= line.y - (0.1 if column < 0 else 0) for y in spanning) * 2 - (column < 0), column)
            for line, column in zip(lines, columns, strict=True)
        ]
        in_order = sorted(zip(keys, lines, strict=True), key=lambda entry: entry[0])
        for _, group in groupby(in_order, key=lambda entry: (entry[0][1], entry[0][0] if entry[0][1] >= 0 else 0)):
            members = [line for _, line in group]
            left, right = _edges(members)
            flow += 1
            placed += [Placed(line, number, flow, left, right) for line in members]
    return placed


def _edges(lines: Sequence[Line]) -> tuple[float, float]:
    """Where most lines begin, and where full ones end."""
    begins = Counter(round(line.x) for line in lines)
    most = max(begins.values())
    left = float(min(x for x, count in begins.items() if count >= most / 2))
    return left, max(median(line.end for line in lines), sorted(line.end for line in lines)[int(len(lines) * 0.8)])


def _column_starts(lines: Sequence[Line]) -> tuple[float, ...]:
    """Where the second and further columns begin: where several lines do that stand beside others to their left."""
    places = Counter(round(p.x) for line in lines for i, p in enumerate(line.pieces) if i == 0 or _apart(line, i))
    found: list[float] = []
    first = min((line.x for line in lines), default=0.0)
    width = max((line.end for line in lines), default=0.0) - first
    for place, _ in places.most_common(8):
        near = [
            (line, piece)
            for line in lines
            for i, piece in enumerate(line.pieces)
            if abs(piece.x - place) <= _SAME_PLACE and (i == 0 or _apart(line, i))
        ]
        if len(near) < _COLUMN_ROWS or any(abs(place - other) < width / 5 for other in (first, *found)):
            continue
        beside = sum(1 for line, piece in near if line.pieces[0] is not piece or _has_left(line, lines, place))
        if beside >= 0.6 * len(near):
            found.append(place - _SAME_PLACE)
    return tuple(sorted(found))


def _apart(line: Line, index: int) -> bool:
    """Whether a piece begins behind a gap, as the next column's does."""
    before = line.pieces[index - 1]
    return line.pieces[index].x - before.end > before.size * 0.8


def _has_left(line: Line, lines: Sequence[Line], place: float) -> bool:
    return any(
        other.x < place - _SAME_PLACE and other.end < place + line.size and abs(other.y - line.y) < line.size * _BESIDE
        for other in lines
    )


def _split(lines: Sequence[Line], starts: Sequence[float]) -> list[Line]:
    """The lines, each cut where a piece begins another column: some programs write row by row, across the columns."""
    cut: list[Line] = []
    for line in lines:
        at = [0]
        for i in range(1, len(line.pieces)):
            piece = line.pieces[i]
            begins = any(start <= piece.x <= start + _DEEPEST * piece.size for start in starts)
            # Dots that lead to a page's number stay with what they lead from.
            if begins and _apart(line, i) and any(map(str.isalnum, piece.text)):
                at.append(i)
        cut += [Line(line.pieces[a:b], line.y) for a, b in zip(at, [*at[1:], len(line.pieces)], strict=True)]
    return cut


def side_by_side(line: Line) -> list[str]:
    """What a line says, cut at the gaps in it."""
    cuts = [0, *(i for i in range(1, len(line.pieces)) if _apart(line, i)), len(line.pieces)]
    return [text for a, b in pairwise(cuts) if (text := Line(line.pieces[a:b], line.y).text)]


def _column(line: Line, lines: Sequence[Line], starts: Sequence[float]) -> int:
    """The column that a line stands in, from 0; -1 for one that spans several."""
    column = sum(1 for start in starts if line.x >= start)
    following = [start for start in starts if start > line.x]
    if following and line.end > following[0] + _SAME_PLACE + line.size:
        right = (o for o in lines if o is not line and o.x >= following[0] and o.x < line.end)
        if not any(abs(o.y - line.y) < line.size * _BESIDE for o in right):
            return -1
    return column
