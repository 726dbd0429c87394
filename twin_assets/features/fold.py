"""Exact and near duplicates as one document: cross-posts, reposts of one's own, a draft beside the final version.

Candidates come from MinHash signatures in a locality-sensitive hash, as 64 bands of 2 (128 of 1 where little is asked
for), and are verified by the exact sets of their shingles.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin_assets.features.shingles import PERMUTATIONS, Shingles, share_of_longer
from twin_assets.features.signatures import SignatureFile

ShinglesOf = Callable[[Sequence[int]], Sequence[Shingles]]
"""Gives the shingles of documents by their places."""

_BLOCK = 512
"""Documents decided together, whose shingles are in memory at a time."""
_PAIRS_OF_ROWS = 0.3
"""Jaccard similarity from which 64 bands of 2 find 99.7 % of the pairs; below, 128 bands of 1 do."""
_COLUMNS = 16
"""Columns of all signatures in memory at a time."""
_DEVIATIONS = 4.0
"""How far below its expectation a signature's estimate may lie: one pair in 30,000 has a lower one."""


@dataclass(frozen=True)
class Columns:
    """What folding decides from, in the order of precedence: of two that are one, the earlier one is kept."""

    document_ids: pa.Array | pa.ChunkedArray
    words_digests: pa.Array | pa.ChunkedArray
    shingle_counts: NDArray[np.int64]
    signatures: SignatureFile
    """Those of documents without shingles are not looked at."""


@dataclass(frozen=True)
class Decision:
    """For each document the place of the one it is folded into (its own where it is kept), and why."""

    into: NDArray[np.int64]
    reasons: dict[int, str]
    """Of those that are not kept."""


def decide(columns: Columns, shingles_of: ShinglesOf, threshold: float) -> Decision:
    """Which documents are one.

    Several rows of one id (an export and the live side) are one document, however it was edited since. So are documents
    of the same words, and those of which the longer one has at least `threshold` (0 to 1) of its 8-word shingles in
    common with the shorter one. By this measure a short piece that a long one contains or quotes stays a document of
    its own: most of the longer one is new. It is at least the Jaccard similarity, and of two documents of one length
    it is the share of either. Shingles are asked for only of candidates, of some hundred documents at a time.
    """
    places = np.arange(len(columns.document_ids))
    same_id, same_words = _first(columns.document_ids), _first(columns.words_digests)
    into = np.where(same_id < places, same_id, same_words)
    reasons = {int(place): "the same words" for place in np.flatnonzero(same_words < places)}
    reasons |= {int(place): "another source's version" for place in np.flatnonzero(same_id < places)}
    compared = np.flatnonzero((into == places) & (columns.shingle_counts > 0))
    for place, (other, share) in _near(columns, compared, shingles_of, threshold).items():
        into[place], reasons[place] = other, f"{share:.0%} of the 8-word runs"
    while not np.array_equal(into, further := into[into]):
        into = further
    return Decision(into, reasons)


def _first(values: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
    """For each value the place of the first one that is the same."""
    kinds = pc.index_in(values, pc.unique(values)).to_numpy()
    first: NDArray[np.int64] = np.unique(kinds, return_index=True)[1][kinds]
    return first


def _near(
    columns: Columns, places: NDArray[np.int64], shingles_of: ShinglesOf, threshold: float
) -> dict[int, tuple[int, float]]:
    """The near duplicates among distinct texts: place to the place of the nearest kept one, and what they share."""
    likely = _Likely(columns.shingle_counts, columns.signatures, threshold)
    shared = _shared_buckets(columns.signatures, places, likely.band_rows)
    kept = _Kept(shared.count)
    folded: dict[int, tuple[int, float]] = {}
    for start in range(0, len(shared.documents), _BLOCK):
        block = {one: shared.of(start + at) for at, one in enumerate(shared.documents[start : start + _BLOCK].tolist())}
        near = _candidates(block, kept, likely)
        needed = sorted({member for one, others in near.items() for member in (one, *others)})
        shingles = dict(zip(needed, shingles_of(needed), strict=True)) if needed else {}
        for one, buckets in block.items():
            others = [other for other in near.get(one, ()) if other not in folded]
            share, nearest = max(
                ((share_of_longer(shingles[one], shingles[other]), -other) for other in others), default=(-1.0, 0)
            )
            if share >= threshold:
                folded[one] = -nearest, share
            else:
                kept.add(one, buckets)
    return folded


def _candidates(block: Mapping[int, NDArray[np.int64]], kept: "_Kept", likely: "_Likely") -> dict[int, list[int]]:
    """For each document of a block those before it, kept or still undecided, that it may be one with."""
    undecided: dict[int, list[int]] = {}
    near: dict[int, list[int]] = {}
    for one, buckets in block.items():
        found = kept.among(buckets)
        for bucket in buckets.tolist():
            found.update(undecided.setdefault(bucket, []))
            undecided[bucket].append(one)
        if found and (others := likely.of(one, found)):
            near[one] = others
    return near


class _Kept:
    """The kept documents by bucket. Most buckets have one: a list for each would take a hundred bytes."""

    def __init__(self, buckets: int) -> None:
        self._first = np.full(buckets, -1, np.int64)
        self._others: dict[int, list[int]] = {}

    def add(self, one: int, buckets: NDArray[np.int64]) -> None:
        """Keep a document in these buckets."""
        taken = self._first[buckets] >= 0
        self._first[buckets[~taken]] = one
        for bucket in buckets[taken].tolist():
            self._others.setdefault(bucket, []).append(one)

    def among(self, buckets: NDArray[np.int64]) -> set[int]:
        """Those kept in any of these buckets."""
        first = self._first[buckets]
        found: set[int] = set(first[first >= 0].tolist())
        for bucket in buckets.tolist() if self._others else ():
            found.update(self._others.get(bucket, ()))
        return found


@dataclass(frozen=True)
class _SharedBuckets:
    """The documents that are not alone in some bucket, in order, and the numbers of these buckets."""

    documents: NDArray[np.int64]
    edges: NDArray[np.int64]
    buckets: NDArray[np.int64]
    count: int
    """How many buckets there are."""

    def of(self, number: int) -> NDArray[np.int64]:
        """The buckets of the document of this number."""
        return self.buckets[self.edges[number] : self.edges[number + 1]]


class _Likely:
    """Tells from lengths and signatures alone which pairs may reach the threshold."""

    def __init__(self, counts: NDArray[np.int64], signatures: SignatureFile, threshold: float) -> None:
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
        low = self._signatures.low_bytes(np.append(places, one))
        estimates = np.mean(low[:-1] == low[-1], axis=1)
        found: list[int] = places[estimates >= self._least].tolist()
        return found


def _shared_buckets(signatures: SignatureFile, places: NDArray[np.int64], band_rows: int) -> _SharedBuckets:
    """In which buckets which of these documents are not alone."""
    members: list[NDArray[np.int64]] = []
    names: list[NDArray[np.int64]] = []
    count = 0
    for keys in _bands(signatures, places, band_rows):
        _, group, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        is_shared = sizes > 1
        number = np.cumsum(is_shared) - 1
        shared = np.flatnonzero(is_shared[group])
        members.append(places[shared])
        names.append(number[group[shared]] + count)
        count += int(is_shared.sum())
    documents, buckets = (np.concatenate(parts) if parts else np.empty(0, np.int64) for parts in (members, names))
    order = np.argsort(documents, kind="stable")
    different, begins = np.unique(documents[order], return_index=True)
    return _SharedBuckets(different, np.append(begins, len(order)), buckets[order], count)


def _bands(signatures: SignatureFile, places: NDArray[np.int64], band_rows: int) -> Iterator[NDArray[np.uint64]]:
    """The key of each of these documents in one band after the other."""
    for start in range(0, PERMUTATIONS if len(places) else 0, _COLUMNS):
        columns = signatures.columns(start, start + _COLUMNS)
        for first in range(0, _COLUMNS, band_rows):
            keys = columns[places, first].astype(np.uint64)
            for row in range(first + 1, first + band_rows):
                keys = (keys << np.uint64(32)) | columns[places, row]
            yield keys
