"""Texts that say the same in nearly the same words, found in time that grows with their number and no faster.

Candidates come from MinHash signatures in a locality-sensitive hash (Broder 1997, "On the resemblance and containment
of documents"; Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3), and are verified by the exact
Jaccard similarity of their runs of words.
"""

from typing import TYPE_CHECKING

import numpy as np

from twin_assets.datasets.shingles import Hashes32, jaccard, run_hashes
from twin_assets.datasets.words import words

if TYPE_CHECKING:
    from datasketch import MinHash

_PERMUTATIONS = 48
_BAND_BUCKETS = 64
"""Texts of one band's bucket that are compared at most: what is alike in one band only is no near-duplicate."""


class Seen:
    """Texts taken so far, none like another.

    Args:
        threshold: Jaccard similarity (0 to 1) of runs of words from which two texts are one.
        run: words of a run.
    """

    def __init__(self, threshold: float, run: int) -> None:
        from datasketch import MinHashLSH

        self._threshold, self._run = threshold, run
        self._index = MinHashLSH(threshold=threshold, num_perm=_PERMUTATIONS, weights=(0.3, 0.7))
        self._hashes: dict[str, Hashes32] = {}

    def like(self, text: str) -> str | None:
        """The key of a text that was taken and that this one is like, or None."""
        return self._like(*self._signed(text))

    def take(self, key: str, text: str) -> str | None:
        """Take a text unless it is like another, whose key is returned then."""
        hashes, signature = self._signed(text)
        found = self._like(hashes, signature)
        if found is None and len(hashes):
            self._hashes[key] = hashes
            self._index.insert(key, signature, check_duplication=False)
        return found

    def _like(self, hashes: Hashes32, signature: "MinHash") -> str | None:
        if not len(hashes):
            return None
        near = sorted(self._index.query(signature))[:_BAND_BUCKETS]
        return next((key for key in near if jaccard(hashes, self._hashes[key]) >= self._threshold), None)

    def _signed(self, text: str) -> "tuple[Hashes32, MinHash]":
        from datasketch import MinHash

        # The upper halves: less memory, and among the texts that are compared no two are alike by chance.
        hashes = np.unique((run_hashes(words(text), self._run) >> np.uint64(32)).astype(np.uint32))
        signature = MinHash(num_perm=_PERMUTATIONS, hashfunc=int)
        if len(hashes):
            signature.update_batch(hashes)
        return hashes, signature
