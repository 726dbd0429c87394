"""Texts to compare: pieces of writing, their wording without markup, words, and blocks of equal length."""

import random
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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


def count_words(pieces: Iterable[Piece]) -> int:
    """Words in the wording of the pieces together."""
    return sum(len(words(wording(piece.text))) for piece in pieces)


def blocks(pieces: Sequence[Piece], size: int, seed: int = 0) -> list[Block]:
    """Cut pieces into blocks of exactly `size` words, the pieces in random order; no block mixes two persons.

    What is left over at a person's end, less than a block, is not used.
    """
    order = sorted(pieces, key=lambda piece: (piece.by, piece.document, piece.text))
    random.Random(seed).shuffle(order)
    found = []
    for by in sorted({piece.by for piece in pieces}):
        running = " ".join(wording(piece.text) for piece in order if piece.by == by)
        spans = [match.span() for match in WORD.finditer(running)]
        for first in range(0, len(spans) - size + 1, size):
            last = first + size
            end = spans[last][0] if last < len(spans) else len(running)
            text = running[spans[first][0] : end].strip()
            found.append(Block(by, text, tuple(words(text))))
    return found
