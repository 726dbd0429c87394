"""What two documents have in common: their runs of 8 words, and the MinHash signatures that find candidates.

MinHash: Broder 1997, "On the resemblance and containment of documents". Locality-sensitive hashing: Leskovec,
Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3.
"""

import hashlib
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

WordHashes = NDArray[np.uint64]
Shingles = NDArray[np.uint32]
"""Sorted distinct hashes of the runs of 8 words of a text."""
Signatures = NDArray[np.uint32]
"""MinHash signatures, of shape `(documents, PERMUTATIONS)`."""

SHINGLE_WORDS = 8
PERMUTATIONS = 128

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
_SCHEME = "affine32"
_BATCH = 4096
"""Shingles hashed at a time: each takes 128 numbers."""


def word_hashes(tokens: Sequence[str]) -> WordHashes:
    """A hash of each word, the same in every process."""
    return np.fromiter(map(_word_hash, tokens), np.uint64, len(tokens))


def runs_of(hashes: WordHashes, length: int) -> WordHashes:
    """A hash of each run of `length` words; none where there are fewer."""
    count = max(len(hashes) - length + 1, 0)
    runs = hashes[:count].copy()
    for place in range(1, length):
        runs *= _FACTOR
        runs += hashes[place : place + count]
    return runs


def shingles_of(hashes: WordHashes) -> Shingles:
    """The shingles of a sequence of words; none of fewer than 8 words, which are compared as a whole only."""
    runs = runs_of(hashes, SHINGLE_WORDS)
    runs ^= runs >> _HALF
    runs *= _FACTOR
    return np.unique((runs >> _HALF).astype(np.uint32))


def signature_of(shingles: Shingles) -> Signatures:
    """The MinHash signature of a document, of shape `(PERMUTATIONS,)`."""
    from datasketch import MinHash

    made = MinHash(hashfunc=int, permutations=_permutations(), scheme=_SCHEME)
    for start in range(0, len(shingles), _BATCH):
        made.update_batch(shingles[start : start + _BATCH].tolist())
    return np.asarray(made.hashvalues, np.uint32)


def share_of_longer(left: Shingles, right: Shingles) -> float:
    """How much of the document with more shingles is in the other one, 0 to 1; 0 where there is none to compare."""
    longer = max(len(left), len(right))
    return len(np.intersect1d(left, right, assume_unique=True)) / longer if longer else 0.0


@lru_cache(maxsize=1 << 17)
def _word_hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


@cache
def _permutations() -> Any:
    """The permutations of every signature, made once."""
    from datasketch import MinHash

    return MinHash(num_perm=PERMUTATIONS, scheme=_SCHEME).permutations
