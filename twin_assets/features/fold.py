"""Exact and near duplicates as one document: cross-posts, reposts of one's own, a draft beside the final version.

Candidates come from MinHash signatures in a locality-sensitive hash, as 64 bands of 2 (128 of 1 where little is asked
for), and are verified by the exact sets of their shingles.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

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
    buckets = _shared_buckets(columns.signatures, places, likely.band_rows)
    kept: dict[int, list[int]] = {}
    folded: dict[int, tuple[int, float]] = {}
    involved = sorted(buckets)
    for start in range(0, len(involved), _BLOCK):
        block = involved[start : start + _BLOCK]
        near = _candidates(block, buckets, kept, likely)
        needed = sorted({member for one, others in near.items() for member in (one, *others)})
        shingles = dict(zip(needed, shingles_of(needed), strict=True)) if needed else {}
        for one in block:
            others = [other for other in near.get(one, ()) if other not in folded]
            share, nearest = max(
                ((share_of_longer(shingles[one], shingles[other]), -other) for other in others), default=(-1.0, 0)
            )
            if share >= threshold:
                folded[one] = -nearest, share
            else:
                for bucket in buckets[one].tolist():
                    kept.setdefault(bucket, []).append(one)
    return folded


def _candidates(
    block: Sequence[int], buckets: dict[int, NDArray[np.int64]], kept: dict[int, list[int]], likely: "_Likely"
) -> dict[int, list[int]]:
    """For each document of a block those before it, kept or still undecided, that it may be one with."""
    undecided: dict[int, list[int]] = {}
    near: dict[int, list[int]] = {}
    for one in block:
        found: set[int] = set()
        for bucket in buckets[one].tolist():
            found.update(kept.get(bucket, ()))
            found.update(undecided.setdefault(bucket, []))
            undecided[bucket].append(one)
        if found and (others := likely.of(one, found)):
            near[one] = others
    return near


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
        signatures = self._signatures.rows(np.append(places, one))
        estimates = np.mean(signatures[:-1] == signatures[-1], axis=1)
        found: list[int] = places[estimates >= self._least].tolist()
        return found


def _shared_buckets(
    signatures: SignatureFile, places: NDArray[np.int64], band_rows: int
) -> dict[int, NDArray[np.int64]]:
    """The buckets of each of these documents in which it is not alone; one that is alone everywhere is not there."""
    members: list[NDArray[np.int64]] = []
    names: list[NDArray[np.int64]] = []
    for band, keys in enumerate(_bands(signatures, places, band_rows)):
        _, group, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        shared = np.flatnonzero(sizes[group] > 1)
        members.append(places[shared])
        names.append(group[shared] + band * len(places))
    if not members:
        return {}
    documents, buckets = np.concatenate(members), np.concatenate(names)
    order = np.argsort(documents, kind="stable")
    documents, buckets = documents[order], buckets[order]
    edges = [0, *(np.flatnonzero(np.diff(documents)) + 1).tolist(), len(documents)]
    return {int(documents[start]): buckets[start:end] for start, end in pairwise(edges) if start < end}


def _bands(signatures: SignatureFile, places: NDArray[np.int64], band_rows: int) -> Iterator[NDArray[np.uint64]]:
    """The key of each of these documents in one band after the other."""
    for start in range(0, PERMUTATIONS if len(places) else 0, _COLUMNS):
        columns = signatures.columns(start, start + _COLUMNS)[places].astype(np.uint64)
        for first in range(0, _COLUMNS, band_rows):
            keys = columns[:, first]
            for row in range(first + 1, first + band_rows):
                keys = (keys << np.uint64(32)) | columns[:, row]
            yield keys
