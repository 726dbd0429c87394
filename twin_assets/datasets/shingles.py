"""Runs of words as hashes: what near-duplicates are found by, in a few bytes for each word."""

import zlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from twin_assets.datasets.words import words

Hashes32 = npt.NDArray[np.uint32]
Hashes = npt.NDArray[np.uint64]


def run_hashes(tokens: Sequence[str], length: int) -> Hashes:
    """64-bit hashes of all runs of `length` tokens, sorted, none twice; of all tokens together when there are fewer."""
    if not tokens:
        return np.empty(0, np.uint64)
    said = np.fromiter((zlib.crc32(token.encode()) for token in tokens), np.uint64, len(tokens))
    length = min(length, len(tokens))
    mixed = np.zeros(len(tokens) - length + 1, np.uint64)
    for offset in range(length):
        # A polynomial over 64 bits (Karp and Rabin 1987), which wraps around.
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + said[offset : offset + len(mixed)]
    # The last word stands in the lower bits only; here it reaches all of them (MurmurHash3's finalizer).
    mixed ^= mixed >> np.uint64(33)
    mixed *= np.uint64(0xFF51AFD7ED558CCD)
    return np.unique(mixed ^ (mixed >> np.uint64(33)))


def all_runs(texts: Iterable[str], length: int) -> Hashes:
    """The runs of all texts, sorted, none twice."""
    found = [run_hashes(words(text), length) for text in texts]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.uint64)


def holds_any(of: Hashes, known: Hashes) -> bool:
    """Whether any of some runs is among the known ones, which are sorted."""
    if not len(of) or not len(known):
        return False
    places = np.minimum(np.searchsorted(known, of), len(known) - 1)
    return bool((known[places] == of).any())


def jaccard(left: Hashes32, right: Hashes32) -> float:
    """Size of the intersection over that of the union, 0 for two empty sets."""
    shared = len(np.intersect1d(left, right, assume_unique=True))
    either = len(left) + len(right) - shared
    return shared / either if either else 0.0
