"""Which texts a voice measure may learn from, and which it is tried on, fold by fold.

Other people's text is parted by person where there are enough people, because a measure that is tried on the very
people it was learned from always puts them far away. Base outputs are parted by the document they were prompted from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from twin_assets.digests import digest
from twin_assets.evaluation.text import Piece, count_words, worded, words_by_person

MIN_BLOCK_WORDS = 300
"""Words below which relative frequencies of common words say little."""
MIN_BLOCKS = 2
MIN_WORDS = MIN_BLOCKS * MIN_BLOCK_WORDS
MAX_FOLDS = 4
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
    """One way to part the texts' wording into a reference, which is learned from, and what is held out."""

    author_train: tuple[Piece, ...]
    author_held_out: tuple[Piece, ...]
    others_reference: tuple[Piece, ...]
    others_held_out: tuple[Piece, ...]
    base_reference: tuple[Piece, ...]
    base_held_out: tuple[Piece, ...]
    twin: tuple[Piece, ...]


def folds(texts: VoiceTexts) -> tuple[Parting, list[Fold]]:
    """Two to four folds, and whether they part other people's text by person or, with too few people, by document.

    There are no more folds than leave each enough of the base model's answers.
    """
    others, base = _pooled(worded(texts.others)), worded(texts.base)
    author_train, author_held_out, twin = (worded(p) for p in (texts.author_train, texts.author_held_out, texts.twin))
    parting: Parting = "person"
    most = min(MAX_FOLDS, len({piece.by for piece in others}), count_words(base) // MIN_WORDS)
    parts = _parted(others, lambda piece: piece.by, max(2, most))
    if min(count_words(part) for part in parts) < MIN_WORDS:
        parting, parts = "document", _parted(others, lambda piece: digest(piece.document), 2)
    bases = _parted(base, lambda piece: digest(piece.document), len(parts))
    return parting, [
        Fold(
            author_train=author_train,
            author_held_out=author_held_out,
            others_reference=_all_but(parts, number),
            others_held_out=parts[number],
            base_reference=_all_but(bases, number),
            base_held_out=bases[number],
            twin=twin,
        )
        for number in range(len(parts))
    ]


def _pooled(others: Sequence[Piece]) -> tuple[Piece, ...]:
    """People with too little text for blocks of their own count as one."""
    sizes = words_by_person(others)
    return tuple(replace(piece, by=VARIOUS) if sizes[piece.by] < MIN_WORDS else piece for piece in others)


def _parted(pieces: Sequence[Piece], key: Callable[[Piece], str], count: int) -> list[tuple[Piece, ...]]:
    """Groups of pieces with one key, the largest first, dealt out to whichever part has the fewest words."""
    groups: dict[str, list[Piece]] = {}
    for piece in pieces:
        groups.setdefault(key(piece), []).append(piece)
    sizes = {name: count_words(group) for name, group in groups.items()}
    parts: list[list[Piece]] = [[] for _ in range(count)]
    totals = [0] * count
    for name in sorted(groups, key=lambda name: (-sizes[name], name)):
        lightest = totals.index(min(totals))
        parts[lightest].extend(groups[name])
        totals[lightest] += sizes[name]
    return [tuple(part) for part in parts]


def _all_but(parts: Sequence[tuple[Piece, ...]], left_out: int) -> tuple[Piece, ...]:
    return tuple(piece for number, part in enumerate(parts) if number != left_out for piece in part)
