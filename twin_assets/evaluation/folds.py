"""Which texts a voice measure may learn from, and which it is tried on: two folds, each the other's test.

Other people's text is parted by person where there are enough people, because a measure that is tried on the very
people it was learned from always puts them far away (see `docs/decisions/`). Base outputs are parted by the document
they were prompted from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from twin_assets.digests import digest
from twin_assets.evaluation.text import Piece, count_words, worded

MIN_BLOCK_WORDS = 300
"""Words below which relative frequencies of common words say little."""
MIN_BLOCKS = 2
VARIOUS = "various"

Parting = Literal["person", "document"]


@dataclass(frozen=True, slots=True)
class VoiceTexts:
    """What a voice measure compares. `others` are people other than the author; `base` and `twin` are the two
    models' answers to the same held-out prompts, each piece under the document of its prompt."""

    author_train: tuple[Piece, ...]
    author_held_out: tuple[Piece, ...]
    others: tuple[Piece, ...]
    base: tuple[Piece, ...]
    twin: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """One way to part the texts into a reference, which is learned from, and what is held out."""

    author_train: tuple[Piece, ...]
    author_held_out: tuple[Piece, ...]
    others_reference: tuple[Piece, ...]
    others_held_out: tuple[Piece, ...]
    base_reference: tuple[Piece, ...]
    base_held_out: tuple[Piece, ...]
    twin: tuple[Piece, ...]


def folds(texts: VoiceTexts) -> tuple[Parting, list[Fold]]:
    """How other people's text was parted (by document where there are too few people), and the two folds of wording."""
    parting, halves = _part_others(worded(texts.others))
    base = _by_document(worded(texts.base))
    author_train, author_held_out, twin = (worded(p) for p in (texts.author_train, texts.author_held_out, texts.twin))
    both = [
        Fold(
            author_train=author_train,
            author_held_out=author_held_out,
            others_reference=halves[1 - held_out],
            others_held_out=halves[held_out],
            base_reference=base[1 - held_out],
            base_held_out=base[held_out],
            twin=twin,
        )
        for held_out in (0, 1)
    ]
    return parting, both


def _part_others(others: Sequence[Piece]) -> tuple[Parting, tuple[tuple[Piece, ...], tuple[Piece, ...]]]:
    sizes = {by: count_words(p for p in others if p.by == by) for by in sorted({p.by for p in others})}
    short = {by for by, size in sizes.items() if size < MIN_BLOCKS * MIN_BLOCK_WORDS}
    halves: tuple[list[str], list[str]] = ([], [])
    weights = [0, 0]
    for by in sorted(sizes, key=lambda name: (-sizes[name], name)):
        lighter = 0 if weights[0] <= weights[1] else 1
        halves[lighter].append(by)
        weights[lighter] += sizes[by]
    named = [replace(p, by=VARIOUS) if p.by in short else p for p in others]
    if min(weights) < MIN_BLOCKS * MIN_BLOCK_WORDS:
        return "document", _by_document(named)
    first = tuple(p for p, original in zip(named, others, strict=True) if original.by in halves[0])
    second = tuple(p for p, original in zip(named, others, strict=True) if original.by in halves[1])
    return "person", (first, second)


def _by_document(pieces: Sequence[Piece]) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Whole documents, dealt out in the order of their digests to whichever half has fewer words."""
    by_document: dict[str, list[Piece]] = {}
    for piece in pieces:
        by_document.setdefault(piece.document, []).append(piece)
    halves: tuple[list[Piece], list[Piece]] = ([], [])
    weights = [0, 0]
    for document in sorted(by_document, key=digest):
        lighter = 0 if weights[0] <= weights[1] else 1
        halves[lighter].extend(by_document[document])
        weights[lighter] += count_words(by_document[document])
    return tuple(halves[0]), tuple(halves[1])
