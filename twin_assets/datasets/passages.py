"""Cutting corpus documents into training passages: verbatim spans of the author's own running text."""

import bisect
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from twin_assets.datasets.code_passages import Definition, definitions
from twin_assets.datasets.markdown_blocks import Block, blocks, prose, stripped
from twin_assets.datasets.words import word_count
from twin_assets.records import CorpusDocument, Exclusion

PASSAGES_VERSION = 2
"""Raised when documents are cut otherwise, so that datasets are built again."""

STAGE = "instruction_dataset"
"""The stage that exclusions of this package name."""

CountTokens = Callable[[list[str]], list[int]]
"""Token counts of texts by the chat model's tokenizer, without special tokens."""

_SEAM = 2
"""Tokens reckoned for the empty line between two units."""

_PART = re.compile(
    r"(?<=[.!?…])[\"'”’)\]*_]*\s+(?=[^\W_a-z]|[\"'“‘(\[*_`])"  # between sentences
    r"|\n[ \t]*\n"  # between paragraphs of a list item
    r"|\n(?=[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t])"  # between list items
)


class PassageSpan(NamedTuple):
    """A passage: `text == document.text[start:end]`, under the headings of `heading_path`, outermost first."""

    start: int
    end: int
    text: str
    heading_path: tuple[str, ...]
    definition: Definition | None = None
    """What a passage of code defines; None for prose."""


class Cut(NamedTuple):
    """The passages of a document, and what of it was left out and why."""

    passages: list[PassageSpan]
    exclusions: list[Exclusion]


class _Unit(NamedTuple):
    """What is not parted: a paragraph, with the code or list that it introduces."""

    start: int
    end: int
    tokens: int


def passages(document: CorpusDocument, count_tokens: CountTokens, max_tokens: int, min_words: int) -> list[PassageSpan]:
    """The passages of a document; see `cut`."""
    return cut(document, count_tokens, max_tokens, min_words).passages


def cut(document: CorpusDocument, count_tokens: CountTokens, max_tokens: int, min_words: int) -> Cut:
    """Cut a document into passages of whole paragraphs under one heading, of at most `max_tokens` tokens.

    Block quotes are other people's words, and no passage reaches across one. Left out are, by reason: `quote`,
    `links` (links, images and addresses with no sentence around them), `footnote`, `code` (that fits into no
    passage with its prose, and in a repository defines nothing), `too_short` (fewer than `min_words` words of prose),
    `announcement` (a last sentence that ends in a colon, with what it announces left out), `too_long` (one sentence or
    one line beyond `max_tokens`). Passages of one section are about equally long.

    Args:
        document: a document of the corpus.
        count_tokens: counts tokens; called a few times a document, with many texts each.
        max_tokens: the most tokens of a passage.
        min_words: the fewest words of prose (code, links' addresses and images not counted) of a passage.
    """
    cutter = _Cutter(document, max_tokens, min_words, count_tokens)
    for heading_path, section in _sections(document):
        cutter.add(heading_path, section)
    return cutter.result()


def _sections(document: CorpusDocument) -> Iterator[tuple[tuple[str, ...], list[Block]]]:
    """Runs of blocks under one heading, with the path of headings above them."""
    path: list[tuple[int, str]] = []
    section: list[Block] = []
    for block in blocks(document.text):
        if block.kind != "heading":
            section.append(block)
            continue
        yield tuple(title for _, title in path), section
        section = []
        path = [above for above in path if above[0] < block.level]
        if block.title and block.title.casefold() != document.title.strip().casefold():
            path.append((block.level, block.title))
    yield tuple(title for _, title in path), section


class _Cutter:
    """Passages and exclusions of one document as they are found."""

    def __init__(self, document: CorpusDocument, max_tokens: int, min_words: int, count_tokens: CountTokens) -> None:
        self._document, self._max_tokens, self._min_words = document, max_tokens, min_words
        self._count = count_tokens
        self._packed: list[tuple[tuple[str, ...], list[_Unit]]] = []
        self._code: list[PassageSpan] = []
        self._exclusions: list[Exclusion] = []

    def add(self, heading_path: tuple[str, ...], section: Sequence[Block]) -> None:
        """Pack the blocks of one section."""
        counts = self._count([self._text(b.start, b.end) for b in section]) if section else []
        run: list[tuple[Block, int]] = []
        for block, tokens in zip(section, counts, strict=True):
            if block.kind == "code" and self._document.kind == "git" and self._defines(heading_path, block):
                self._pack(heading_path, run)
                run = []
                continue
            if block.kind in ("prose", "code"):
                run.append((block, tokens))
                continue
            self._pack(heading_path, run)
            run = []
            if block.kind != "rule":
                self._leave_out(block.start, block.end, block.kind)
        self._pack(heading_path, run)

    def result(self) -> Cut:
        """The passages within bounds; one that a tokenizer counts longer than its parts is halved between units."""
        kept: list[PassageSpan] = []
        waiting = self._packed
        while waiting:
            counts = self._count([self._text(units[0].start, units[-1].end) for _, units in waiting])
            halves = []
            for (heading_path, units), tokens in zip(waiting, counts, strict=True):
                start, end = units[0].start, units[-1].end
                text = self._text(start, end)
                if tokens > self._max_tokens and len(units) > 1:
                    middle = len(units) // 2
                    halves += [(heading_path, units[:middle]), (heading_path, units[middle:])]
                elif tokens > self._max_tokens:
                    self._leave_out(start, end, "too_long")
                elif word_count(prose(text)) < self._min_words:
                    self._leave_out(start, end, "too_short")
                else:
                    kept.append(PassageSpan(start, end, text, heading_path))
            waiting = halves
        return Cut(sorted([*kept, *self._code], key=lambda span: span.start), self._exclusions)

    def _defines(self, heading_path: tuple[str, ...], block: Block) -> bool:
        """Whether a block of code is taken as its definitions."""
        found = definitions(self._document.text, block)
        counts = self._count([self._text(d.start, d.end) for d in found]) if found else []
        for definition, tokens in zip(found, counts, strict=True):
            start, end = definition.start, definition.end
            if tokens > self._max_tokens:
                self._leave_out(start, end, "too_long")
            else:
                self._code.append(PassageSpan(start, end, self._text(start, end), heading_path, definition))
        return bool(found)

    def _text(self, start: int, end: int) -> str:
        return self._document.text[start:end]

    def _leave_out(self, start: int, end: int, reason: str) -> None:
        detail = f"characters {start} to {end}, {word_count(self._text(start, end))} words"
        source = self._document.sources[0] if self._document.sources else ""
        self._exclusions.append(Exclusion.of(STAGE, source, reason, detail, document_id=self._document.document_id))

    def _pack(self, heading_path: tuple[str, ...], run: Sequence[tuple[Block, int]]) -> None:
        """Turn a run of prose and code with nothing between into passages of about equal length."""
        for units in self._unit_runs(run):
            ranges = _packed([unit.tokens for unit in units], self._max_tokens)
            parts = [self._finished(units[first:last]) for first, last in ranges]
            self._packed += [(heading_path, part) for part in parts if part]

    def _finished(self, units: list[_Unit]) -> list[_Unit]:
        """Without a last sentence that announces (":") what was left out after it."""
        if not units or not self._text(units[-1].start, units[-1].end).endswith(":"):
            return units
        last = units[-1]
        text = self._text(last.start, last.end)
        cuts = [match.start() for match in _PART.finditer(text)]
        start, end = stripped(self._document.text, last.start, last.start + (cuts[-1] if cuts else 0))
        self._leave_out(end, last.end, "announcement")
        kept = [_Unit(start, end, self._count([self._text(start, end)])[0])] if start < end else []
        return [*units[:-1], *kept]

    def _unit_runs(self, run: Sequence[tuple[Block, int]]) -> Iterator[list[_Unit]]:
        """Glue code to the prose before it and lists to the line that announces them; part what is too long."""
        units: list[_Unit] = []
        open_to_next = False
        for block, tokens in run:
            glued = units[-1].tokens + _SEAM + tokens if units else 0
            if units and (block.kind == "code" or open_to_next) and glued <= self._max_tokens:
                units[-1] = _Unit(units[-1].start, block.end, glued)
            elif block.kind == "code" and (units or tokens > self._max_tokens or len(run) == 1):
                self._leave_out(block.start, block.end, "code")
                yield units
                units = []
            elif tokens > self._max_tokens:
                parts = self._parts(block)
                for part in parts:
                    if part.tokens <= self._max_tokens:
                        units.append(part)
                        continue
                    self._leave_out(part.start, part.end, "too_long")
                    yield units
                    units = []
            else:
                units.append(_Unit(block.start, block.end, tokens))
            open_to_next = block.kind == "code" and len(units) == 1 and units[0].start == block.start
            open_to_next = open_to_next or self._text(block.start, block.end).endswith(":")
        yield units

    def _parts(self, block: Block) -> list[_Unit]:
        """A long paragraph as its sentences, a long list as its items."""
        text = self._text(block.start, block.end)
        bounds = [0, *(match.end() for match in _PART.finditer(text)), len(text)]
        spans = [stripped(self._document.text, block.start + a, block.start + b) for a, b in pairwise(bounds)]
        spans = [span for span in spans if span[0] < span[1]]
        counts = self._count([self._text(*span) for span in spans])
        return [_Unit(*span, tokens) for span, tokens in zip(spans, counts, strict=True)]


def _packed(tokens: Sequence[int], limit: int) -> list[tuple[int, int]]:
    """Half-open ranges of units, in order, each within `limit` tokens.

    As few ranges as can be, then the smallest limit that needs no more: so the last one is not a scrap.
    """
    fewest = len(_greedy(tokens, limit))
    smallest = bisect.bisect_left(range(limit), True, key=lambda bound: len(_greedy(tokens, bound)) <= fewest)
    return _greedy(tokens, smallest)


def _greedy(tokens: Sequence[int], limit: int) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    first, total = 0, 0
    for at, count in enumerate(tokens):
        if at > first and total + _SEAM + count > limit:
            ranges.append((first, at))
            first, total = at, 0
        total += count + (_SEAM if at > first else 0)
    return [*ranges, (first, len(tokens))] if tokens else []
