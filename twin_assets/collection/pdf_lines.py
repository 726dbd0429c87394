"""Lines of text on a PDF page, put together from the runs that pypdf reports.

Positions are in points from the page's lower left corner. pypdf tells where a run begins; where it ends is worked out
from the font's widths, and is off by a few per cent where a line is stretched.
"""

import contextlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twin_assets.collection.text import storable

_BOLD = re.compile(r"bold|black|heavy|semib|demi|medi\b|cmbx|cmssbx", re.IGNORECASE)
_MONOSPACED = re.compile(r"mono|courier|typewriter|consol|menlo|cmtt|cmsltt|nimbusmon", re.IGNORECASE)
_WIDTH = 0.5
"""Of an average letter, in parts of the font's size, where the font does not say."""
_FARTHEST = 1e6
"""Points; the largest page that the format allows has 14,400. What is beyond, or no number, was never seen."""
CLEAN = str.maketrans(
    {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st"}
    | dict.fromkeys("\u00a0\u2002\u2003\u2009\u200a\u202f\t\n\r", " ")
    | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", "")
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text in one font."""

    text: str
    x: float
    end: float
    size: float
    bold: bool
    monospaced: bool


@dataclass(frozen=True, slots=True)
class Line:
    """Pieces on one baseline at height `y`."""

    pieces: tuple[Piece, ...]
    y: float

    @property
    def text(self) -> str:
        """What it says, white space folded, and without places to break a word but the one where it ends."""
        whole = " ".join("".join(p.text for p in self.pieces).split())
        return whole[:-1].replace("\u00ad", "") + whole[-1:]

    @property
    def x(self) -> float:
        """Where it begins."""
        return self.pieces[0].x

    @property
    def end(self) -> float:
        """Where it ends, about."""
        return max(p.end for p in self.pieces)

    @property
    def size(self) -> float:
        """The font size of most of it."""
        return max(self.pieces, key=lambda p: len(p.text)).size

    @property
    def bold(self) -> bool:
        """Whether all of it is bold."""
        return all(p.bold for p in self.pieces)

    @property
    def monospaced(self) -> bool:
        """Whether all of it is in a typewriter's font."""
        return all(p.monospaced for p in self.pieces)


@dataclass
class LineVisitor:
    """Puts together what pypdf's visitor is told, run by run: a line ends with the run that ends in a line break."""

    left: float
    bottom: float
    fonts: dict[object, "Font"]
    """Of the whole file, by reference."""
    lines: list[Line] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    y: float = 0.0

    def take(self, text: str, cm: Sequence[float], tm: Sequence[float], font: Any, size: float) -> None:
        said = text.rstrip("\n").translate(CLEAN)
        if said.strip():
            self._add(said, cm, tm, font, size)
        elif said and self.pieces:
            last = self.pieces[-1]
            self.pieces[-1] = Piece(last.text + " ", last.x, last.end, last.size, last.bold, last.monospaced)
        if text.endswith("\n"):
            self._end_line()

    def finish(self) -> tuple[Line, ...]:
        self._end_line()
        return tuple(self.lines)

    def _add(self, text: str, cm: Sequence[float], tm: Sequence[float], font: Any, size: float) -> None:
        a, b = tm[0] * cm[0] + tm[1] * cm[2], tm[0] * cm[1] + tm[1] * cm[3]
        c, d = tm[2] * cm[0] + tm[3] * cm[2], tm[2] * cm[1] + tm[3] * cm[3]
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4] - self.left
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5] - self.bottom
        across, height = math.hypot(a, b), abs(size) * math.hypot(c, d)
        if abs(b) > across / 10 or not all(abs(value) < _FARTHEST for value in (x, y, across * size, height)):
            return  # a watermark, or nonsense
        key = getattr(font, "indirect_reference", None) or id(font)
        if key not in self.fonts:
            self.fonts[key] = Font.of(font)
        shape = self.fonts[key]
        # pypdf writes a gap in front of a run as a space, which the run's position does not count.
        end = x + shape.width(text.strip()) * abs(size) * across
        if self.pieces and self._is_elsewhere(x, y, height):
            self._end_line()
        if not self.pieces:
            self.y = y
        self.pieces.append(Piece(storable(text), x, end, height, shape.bold, shape.monospaced))

    def _is_elsewhere(self, x: float, y: float, size: float) -> bool:
        """Whether a run is part of another column's line, which stands beside this one a little higher or lower."""
        last = self.pieces[-1]
        return x < last.x - 2 * size or (x > last.end + size and abs(y - self.y) > size / 5)

    def _end_line(self) -> None:
        if self.pieces:
            self.lines.append(Line(tuple(self.pieces), self.y))
            self.pieces = []


@dataclass(frozen=True)
class Font:
    """What of a font tells how wide and heavy text in it is: widths in parts of the size."""

    widths: Mapping[str, float]
    average: float
    bold: bool
    monospaced: bool

    @classmethod
    def of(cls, resource: Any) -> "Font":
        """From a font's dictionary, which may be damaged or missing."""
        name, widths = "", {}
        # Whatever pypdf raises for a damaged font, its text is still there.
        with contextlib.suppress(Exception):
            name = str(resource.get("/BaseFont", ""))
            widths = _widths(resource)
        letters = [widths[c] for c in "etaoinshrdlu" if c in widths]
        average = sum(letters) / len(letters) if letters else _WIDTH
        return cls(widths, average, bool(_BOLD.search(name)), bool(_MONOSPACED.search(name)))

    def width(self, text: str) -> float:
        """Width of a text."""
        return sum(self.widths.get(character, self.average) for character in text)


def _widths(resource: Any) -> dict[str, float]:
    # pypdf's own table of widths is not public, but its version is pinned, and without it there is an average.
    from pypdf.generic._font import Font as PdfFont

    font = PdfFont.from_font_resource(resource)
    if resource.get("/Subtype") == "/Type3":
        return {}  # in units of its own
    pairs = ((font.character_map.get(code, code), width / 1000) for code, width in font.character_widths.items())
    return {character: width for character, width in pairs if len(character) == 1 and 0 < width < 3}
