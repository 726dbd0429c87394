"""Cutting a span at the coarsest boundaries that make it fit, and packing the pieces evenly."""

import itertools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from twin_assets.features.markdown_blocks import Block

Span = tuple[int, int]
CountTokens = Callable[[Sequence[Span]], list[int]]
"""Gives the number of tokens of each span."""

_ITEM = re.compile(r"^[ \t]*(?:[-*+|]|\d{1,9}[.)])[ \t]?(?=\S)", re.MULTILINE)
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]*_`]*(?=\s+[^\sa-z])|[。！？]+")
_WORD = re.compile(r"\S+")


class Piece(NamedTuple):
    """A span that fits, with its tokens."""

    start: int
    end: int
    tokens: int


def pieces(text: str, units: Sequence[Block], budget: int, count: CountTokens) -> list[Piece]:
    """The units, cut where they have more than `budget` tokens: at lines of code, list items, sentences, words.

    Every character that is not white space lies in exactly one piece.
    """
    found: list[Piece] = []
    for unit, tokens in zip(units, count([(u.start, u.end) for u in units]), strict=True):
        if tokens <= budget:
            found.append(Piece(unit.start, unit.end, tokens))
        else:
            levels = (_lines, _words) if unit.kind == "code" else (_items, _sentences, _words)
            found += _cut(text, (unit.start, unit.end), levels, budget, count)
    return found


def pack(parts: Sequence[Piece], budget: int) -> list[list[Piece]]:
    """Neighbouring pieces in groups of at most `budget` tokens, of about the same size rather than full with a rest."""
    total = sum(part.tokens for part in parts)
    target = total / max(math.ceil(total / budget), 1) if budget > 0 else 0
    groups: list[list[Piece]] = []
    size = 0
    for part in parts:
        if groups and size + part.tokens <= budget and size + part.tokens / 2 <= target:
            groups[-1].append(part)
            size += part.tokens
        else:
            groups.append([part])
            size = part.tokens
    joined: list[list[Piece]] = []
    for group in groups:
        if joined and sum(part.tokens for part in (*joined[-1], *group)) <= budget:
            joined[-1] += group
        else:
            joined.append(group)
    return joined


def _cut(
    text: str,
    span: Span,
    levels: Sequence[Callable[[str, Span], Iterator[Span]]],
    budget: int,
    count: CountTokens,
) -> list[Piece]:
    parts = list(levels[0](text, span)) if levels else list(_halves(span))
    parts = [part for part in (_stripped(text, part) for part in parts) if part[0] < part[1]]
    found: list[Piece] = []
    for part, tokens in zip(parts, count(parts), strict=True):
        if tokens <= budget or part[1] - part[0] == 1:
            found.append(Piece(*part, tokens))
        else:
            found += _cut(text, part, levels[1:], budget, count)
    return _joined(found, budget)


def _joined(parts: list[Piece], budget: int) -> list[Piece]:
    """Cut finer than needed at the last boundary: join again what fits, so that counting stays cheap."""
    return [Piece(group[0].start, group[-1].end, sum(p.tokens for p in group)) for group in pack(parts, budget)]


def _stripped(text: str, span: Span) -> Span:
    """Without the white space around it; a line keeps its indentation, which in code has a meaning."""
    start, end = span
    while end > start and text[end - 1].isspace():
        end -= 1
    first = start
    while first < end and text[first].isspace():
        first += 1
        if text[first - 1] == "\n":
            start = first
    return (start if start == 0 or text[start - 1] == "\n" else first), end


def _between(span: Span, cuts: Sequence[int]) -> Iterator[Span]:
    edges = [span[0], *(cut for cut in cuts if span[0] < cut < span[1]), span[1]]
    return itertools.pairwise(edges)


def _lines(text: str, span: Span) -> Iterator[Span]:
    return _between(span, [found.end() for found in re.compile("\n").finditer(text, *span)])


def _items(text: str, span: Span) -> Iterator[Span]:
    return _between(span, [found.start() for found in _ITEM.finditer(text, *span)])


def _sentences(text: str, span: Span) -> Iterator[Span]:
    return _between(span, [found.end() for found in _SENTENCE_END.finditer(text, *span)])


def _words(text: str, span: Span) -> Iterator[Span]:
    return _between(span, [found.end() for found in _WORD.finditer(text, *span)])


def _halves(span: Span) -> Iterator[Span]:
    return _between(span, [(span[0] + span[1]) // 2])
