"""Documents that say the same at any length worth the name: what must not be parted by a split."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from twin_assets.datasets.shingles import run_hashes
from twin_assets.datasets.words import OVERLAP, words
from twin_assets.features.reading import own_text

MOST_HOLDERS = 12
"""Documents that hold a run of words from which it is a formula (a signature, a licence) and joins nothing."""


class Written(Protocol):
    """What is grouped: a text with its id."""

    @property
    def document_id(self) -> str: ...
    @property
    def text(self) -> str: ...


def near_duplicate_groups(documents: Sequence[Written]) -> list[list[str]]:
    """Document ids in groups: two that share a run of 13 words outside of block quotes are in one, and so is what is
    joined by a third.

    A run that more than `MOST_HOLDERS` documents hold joins nothing: passages with it are taken out one by one instead
    (`splits.leaking`). A document of fewer than 13 words is compared as a whole. Groups and their members are in the
    order of `documents`. Time and memory grow with the number of words: some 16 bytes for each.
    """
    hashes = [run_hashes(words(own_text(document.text)), OVERLAP) for document in documents]
    if not hashes:
        return []
    runs = np.concatenate(hashes)
    holders = np.repeat(np.arange(len(documents), dtype=np.int32), [len(found) for found in hashes])
    order = np.argsort(runs, kind="stable")
    runs, holders = runs[order], holders[order]
    starts = np.flatnonzero(np.r_[True, runs[1:] != runs[:-1]]) if len(runs) else np.empty(0, np.int64)
    sizes = np.diff(np.r_[starts, len(runs)])
    joining = np.repeat((sizes > 1) & (sizes <= MOST_HOLDERS), sizes)
    same = joining[1:] & (runs[1:] == runs[:-1])
    pairs = np.unique(np.stack([holders[:-1][same], holders[1:][same]], axis=1), axis=0)
    return _components([document.document_id for document in documents], pairs.tolist())


def parted(groups: Iterable[Sequence[str]], splits: Mapping[str, str]) -> list[Sequence[str]]:
    """The groups whose documents are in more than one split; documents without a split do not count."""
    return [group for group in groups if len({splits[i] for i in group if i in splits}) > 1]


def _components(ids: Sequence[str], pairs: Iterable[Sequence[int]]) -> list[list[str]]:
    above = list(range(len(ids)))

    def top(node: int) -> int:
        while above[node] != node:
            above[node] = above[above[node]]
            node = above[node]
        return node

    for left, right in pairs:
        first, second = sorted((top(left), top(right)))
        above[second] = first
    members: defaultdict[int, list[str]] = defaultdict(list)
    for node, identity in enumerate(ids):
        members[top(node)].append(identity)
    return list(members.values())
