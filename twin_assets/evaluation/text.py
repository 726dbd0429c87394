"""Texts to compare: pieces of writing, their wording without markup, words, and blocks of equal length."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from twin_assets.digests import digest

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")

_FENCE = re.compile(r"^(`{3,}|~{3,}).*?(?:^\1[`~]*\s*$|\Z)", re.M | re.S)
_INLINE_CODE = re.compile(r"`[^`\n]*`")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_URL = re.compile(r"\b(?:https?://|www\.)\S+")
_LINE_MARKUP = re.compile(r"^[ \t]*(?:#{1,6}\s+|>\s?|[-*+]\s+|\d{1,3}[.)]\s+|(?:[-*_][ \t]*){3,}$)+", re.M)
_EMPHASIS = re.compile(r"(?<!\w)[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?!\w)")
_TYPOGRAPHY = str.maketrans({"‘": "'", "’": "'", "ʼ": "'", "“": '"', "”": '"', "…": "...", "–": "-", "—": "-"})
_DASHES = re.compile(r"\s*--+\s*|\s+-\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')]*\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of writing: the document it is from (or, for a model's answer, was prompted from), and by whom it is."""

    document: str
    text: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive words of pieces by one person, `words` of them, as running text."""

    by: str
    text: str
    words: tuple[str, ...]


def wording(text: str) -> str:
    """The running text without code, links, markup, line breaks and typographic variants of quotes and dashes.

    Markup and typography say by which tool a text was exported, not who wrote it.
    """
    text = unicodedata.normalize("NFC", text).translate(_TYPOGRAPHY)
    text = _FENCE.sub(" ", text)
    text = _LINK.sub(r"\1", _IMAGE.sub(" ", text))
    text = _URL.sub(" ", _INLINE_CODE.sub(" ", text))
    text = _EMPHASIS.sub("", _LINE_MARKUP.sub("", text))
    return " ".join(_DASHES.sub(" - ", text).split())


def words(text: str) -> list[str]:
    """The words of a text in lower case; digits and punctuation are not words."""
    return [word.casefold() for word in WORD.findall(text)]


def worded(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """The pieces with their wording as their text."""
    return tuple(replace(piece, text=wording(piece.text)) for piece in pieces)


def count_words(pieces: Iterable[Piece]) -> int:
    """Words in the pieces together."""
    return sum(len(WORD.findall(piece.text)) for piece in pieces)


def words_by_person(pieces: Iterable[Piece]) -> Counter[str]:
    """Words that each person wrote of the pieces."""
    counts: Counter[str] = Counter()
    for piece in pieces:
        counts[piece.by] += count_words([piece])
    return counts


def count_blocks(person_words: Mapping[str, int], size: int) -> int:
    """How many blocks of `size` words `blocks` cuts from pieces with these words by person."""
    return sum(count // size for count in person_words.values())


def blocks(pieces: Sequence[Piece], size: int, seed: int = 0) -> list[Block]:
    """Cut pieces into blocks of exactly `size` words; no block mixes two persons.

    The pieces are taken in an order that `seed` chooses, with their text as it is (see `worded`). What is left over at
    a person's end, less than a block, is not used.
    """
    order = sorted(pieces, key=lambda piece: digest(seed, piece.document, piece.text))
    found = []
    for by in sorted({piece.by for piece in pieces}):
        running = " ".join(piece.text for piece in order if piece.by == by)
        spans = [match.span() for match in WORD.finditer(running)]
        for first in range(0, len(spans) - size + 1, size):
            last = first + size
            end = spans[last][0] if last < len(spans) else len(running)
            text = running[spans[first][0] : end].strip()
            found.append(Block(by, text, tuple(words(text))))
    return found


def by_turns(found: Sequence[Block], limit: int) -> list[Block]:
    """At most `limit` blocks, taken in turn from each person."""
    queues: dict[str, list[Block]] = {}
    for block in found:
        queues.setdefault(block.by, []).append(block)
    ranked = sorted((turn, by) for by, queue in queues.items() for turn in range(len(queue)))
    return [queues[by][turn] for turn, by in ranked[:limit]]


def person_weights(found: Sequence[Block]) -> list[float]:
    """A weight for each block, 1 in sum, such that each person weighs the same however much they wrote."""
    counts = Counter(block.by for block in found)
    return [1 / (len(counts) * counts[block.by]) for block in found]


def sentences(text: str) -> list[str]:
    """The sentences of running text, parted at full stops, question and exclamation marks."""
    return [part for part in _SENTENCE_END.split(text) if WORD.search(part)]
