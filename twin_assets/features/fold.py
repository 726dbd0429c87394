"""Exact and near duplicates as one document: cross-posts, reposts of one's own, a draft beside the final version.

Candidates come from MinHash signatures in a locality-sensitive hash, as 64 bands of 2 (128 of 1 where little is asked
for), and are verified by the exact sets of their shingles.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from twin_assets.features.shingles import PERMUTATIONS, Shingles, Signatures, share_of_longer

ShinglesOf = Callable[[Sequence[int]], Sequence[Shingles]]
"""Gives the shingles of documents by their places."""

_BLOCK = 512
"""Documents decided together, whose shingles are in memory at a time."""
_PAIRS_OF_ROWS = 0.3
"""Jaccard similarity from which 64 bands of 2 find 99.7 % of the pairs; below, 128 bands of 1 do."""
_DEVIATIONS = 4.0
"""How far below its expectation a signature's estimate may lie: one pair in 30,000 has a lower one."""


@dataclass(frozen=True)
class Columns:
    """What folding decides from, in the order of precedence: of two that are one, the earlier one is kept."""

    document_ids: Sequence[str]
    words_digests: Sequence[str]
    shingle_counts: NDArray[np.int64]
    signatures: Signatures
    """Of shape `(documents, PERMUTATIONS)`; rows without shingles are not looked at."""


@dataclass(frozen=True)
class Decision:
    """For each document the place of the one it is folded into (its own where it is kept), and why."""

    into: list[int]
    reasons: list[str]


def decide(columns: Columns, shingles_of: ShinglesOf, threshold: float) -> Decision:
    """Which documents are one.

    Several rows of one id (an export and the live side) are one document, however it was edited since. So are documents
    of the same words, and those of which the longer one has at least `threshold` (0 to 1) of its 8-word shingles in
    common with the shorter one. By this measure a short piece that a long one contains or quotes stays a document of
    its own: most of the longer one is new. It is at least the Jaccard similarity, and of two documents of one length
    it is the share of either. Shingles are asked for only of candidates, of some hundred documents at a time.
    """
    count = len(columns.document_ids)
    into, reasons = list(range(count)), [""] * count
    by_id: dict[str, int] = {}
    by_words: dict[str, int] = {}
    compared: list[int] = []
    for place, (identity, same) in enumerate(zip(columns.document_ids, columns.words_digests, strict=True)):
        if identity in by_id:
            into[place], reasons[place] = by_id[identity], "another source's version"
        elif same in by_words:
            into[place], reasons[place] = by_words[same], "the same words"
        elif columns.shingle_counts[place]:
            compared.append(place)
        by_id.setdefault(identity, place)
        by_words.setdefault(same, place)
    for place, (other, share) in _near(columns, np.array(compared, np.int64), shingles_of, threshold).items():
        into[place], reasons[place] = other, f"{share:.0%} of the 8-word runs"
    for place in range(count):
        # What a document is folded into comes before it, and is itself resolved already.
        into[place] = into[into[place]]
    return Decision(into, reasons)


def _near(
    columns: Columns, places: NDArray[np.int64], shingles_of: ShinglesOf, threshold: float
) -> dict[int, tuple[int, float]]:
    """The near duplicates among distinct texts: place to the place of the nearest kept one, and what they share."""
    counts, signatures = columns.shingle_counts[places], columns.signatures[places]
    likely = _Likely(counts, signatures, threshold)
    buckets = _shared_buckets(signatures, likely.band_rows)
    kept: dict[int, list[int]] = {}
    folded: dict[int, tuple[int, float]] = {}
    involved = sorted(buckets)
    for start in range(0, len(involved), _BLOCK):
        block = involved[start : start + _BLOCK]
        near = _candidates(block, buckets, kept, likely)
        needed = sorted({member for one, others in near.items() for member in (one, *others)})
        shingles = dict(zip(needed, shingles_of([int(places[one]) for one in needed]), strict=True)) if needed else {}
        for one in block:
            others = [other for other in near.get(one, ()) if other not in folded]
            share, nearest = max(
                ((share_of_longer(shingles[one], shingles[other]), -other) for other in others), default=(-1.0, 0)
            )
            if share >= threshold:
                folded[one] = -nearest, share
            else:
                for bucket in buckets[one]:
                    kept.setdefault(bucket, []).append(one)
    return {int(places[one]): (int(places[other]), share) for one, (other, share) in folded.items()}


def _candidates(
    block: Sequence[int], buckets: dict[int, list[int]], kept: dict[int, list[int]], likely: "_Likely"
) -> dict[int, list[int]]:
    """For each document of a block those before it, kept or still undecided, that it may be one with."""
    undecided: dict[int, list[int]] = {}
    near: dict[int, list[int]] = {}
    for one in block:
        found: set[int] = set()
        for bucket in buckets[one]:
            found.update(kept.get(bucket, ()))
            found.update(undecided.setdefault(bucket, []))
            undecided[bucket].append(one)
        if found and (others := likely.of(one, found)):
            near[one] = others
    return near


class _Likely:
    """Tells from lengths and signatures alone which pairs may reach the threshold."""

    def __init__(self, counts: NDArray[np.int64], signatures: Signatures, threshold: float) -> None:
        # Two documents share least of their union, for what they share of the longer one, when they are equally long.
        least = threshold / (2 - threshold)
        self.band_rows = 2 if least >= _PAIRS_OF_ROWS else 1
        self._counts, self._signatures, self._threshold = counts, signatures, threshold
        self._least = least - _DEVIATIONS * math.sqrt(least * (1 - least) / PERMUTATIONS)

    def of(self, one: int, others: Iterable[int]) -> list[int]:
        """Those of the others that may be one with it, in order."""
        places = np.sort(np.fromiter(others, np.int64))
        longer = np.maximum(self._counts[places], self._counts[one])
        places = places[np.minimum(self._counts[places], self._counts[one]) >= self._threshold * longer]
        estimates = np.mean(self._signatures[places] == self._signatures[one], axis=1)
        found: list[int] = places[estimates >= self._least].tolist()
        return found


def _shared_buckets(signatures: Signatures, band_rows: int) -> dict[int, list[int]]:
    """The buckets of each document in which it is not alone; documents that are alone everywhere are not there."""
    members: list[NDArray[np.int64]] = []
    names: list[NDArray[np.int64]] = []
    for band in range(PERMUTATIONS // band_rows if len(signatures) else 0):
        keys = signatures[:, band * band_rows].astype(np.uint64)
        for row in range(1, band_rows):
            keys = (keys << np.uint64(32)) | signatures[:, band * band_rows + row]
        _, group, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        shared = np.flatnonzero(sizes[group] > 1)
        members.append(shared)
        names.append(group[shared] + band * len(signatures))
    if not members:
        return {}
    documents, buckets = np.concatenate(members), np.concatenate(names)
    order = np.argsort(documents, kind="stable")
    documents, buckets = documents[order], buckets[order]
    edges = [0, *(np.flatnonzero(np.diff(documents)) + 1).tolist(), len(documents)]
    return {int(documents[start]): buckets[start:end].tolist() for start, end in pairwise(edges) if start < end}
