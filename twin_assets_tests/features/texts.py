"""Texts with a known share in common, for tests of folding."""

import random
from collections.abc import Sequence

SHINGLE = 8


def new_words(seed: object, count: int) -> list[str]:
    """Words of which no other seed gives 8 running."""
    chance = random.Random(str(seed))
    return [f"w{chance.randrange(5_000)}" for _ in range(count)]


def rewritten_end(words: Sequence[str], share: float, seed: object) -> list[str]:
    """A text of the same length that begins alike: `share` of the 8-word runs of each are in the other."""
    runs = len(words) - SHINGLE + 1
    kept = round(share * runs) + SHINGLE - 1
    return [*words[:kept], *new_words(seed, len(words) - kept)]


def edited_throughout(words: Sequence[str], share: float, seed: object) -> list[str]:
    """A text of the same length with single words replaced all through it: each takes the 8 runs that it is in."""
    runs = len(words) - SHINGLE + 1
    edits = round((1 - share) * runs / SHINGLE)
    edited = list(words)
    for number in range(edits):
        edited[SHINGLE + number * (len(words) - 2 * SHINGLE) // edits] = f"edit{seed}x{number}"
    return edited


def paragraphs(words: Sequence[str], count: int) -> list[str]:
    """The words in `count` paragraphs of about one length."""
    step = -(-len(words) // count)
    return [" ".join(words[at : at + step]) for at in range(0, len(words), step)]
