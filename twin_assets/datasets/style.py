"""Whether texts lie within the range of style that the author's own documents span.

Style is the frequency of character trigrams with content words masked (after Stamatatos 2018, "Masking topic-related
information to enhance authorship attribution"): function words, punctuation and word lengths, and no topic. Distance is
one minus the cosine, of blocks of 300 words to the mean of the author's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twin_assets.evaluation.discriminator import FUNCTION_WORDS, function_words, mask
from twin_assets.evaluation.folds import MIN_BLOCK_WORDS
from twin_assets.evaluation.text import Block, Piece, blocks, worded

MOST_BLOCKS = 160
WITHIN = 0.95
"""Quantile of the author's own distances that bounds the range."""
FEWEST_BLOCKS = 4
"""Blocks of the author's below which nothing is said about a range."""


@dataclass(frozen=True)
class StyleRange:
    """Distances of the author's own blocks, and of a group of texts. `inside` is a share of the group's blocks."""

    bound: float
    median: float
    group_median: float
    inside: float
    blocks: int


def style_ranges(author: Iterable[Piece], groups: Mapping[str, Sequence[Piece]]) -> dict[str, StyleRange]:
    """For each group of texts how much of it is within the author's range; groups of less than a block are left out.

    A block of the author's is compared with the mean of all the others, so that the range is not narrowed by itself.
    Empty where the author has fewer than `FEWEST_BLOCKS` blocks.
    """
    own = _blocks(author)
    cut = {name: group for name, pieces in groups.items() if (group := _blocks(pieces))}
    if len(own) < FEWEST_BLOCKS or not cut:
        return {}
    from sklearn.feature_extraction.text import CountVectorizer

    halves = [own[::2], own[1::2]]
    kept = function_words(halves, FUNCTION_WORDS)
    vectorizer = CountVectorizer(analyzer="char", ngram_range=(3, 3), lowercase=False, max_features=4000)
    counts = np.sqrt(vectorizer.fit_transform([mask(block.text, kept) for block in own]).toarray().astype(np.float64))
    own_vectors = _unit(counts)
    total = own_vectors.sum(axis=0)
    distances = 1 - (own_vectors * _unit(total - own_vectors)).sum(axis=1)
    bound = float(np.quantile(distances, WITHIN))
    found: dict[str, StyleRange] = {}
    for name, group in cut.items():
        tried = vectorizer.transform([mask(block.text, kept) for block in group]).toarray().astype(np.float64)
        away = 1 - _unit(np.sqrt(tried)) @ _unit(total[None, :])[0]
        found[name] = StyleRange(
            bound=bound,
            median=float(np.median(distances)),
            group_median=float(np.median(away)),
            inside=float(np.mean(away <= bound)),
            blocks=len(group),
        )
    return found


def _blocks(pieces: Iterable[Piece]) -> list[Block]:
    return blocks(worded(pieces), MIN_BLOCK_WORDS)[:MOST_BLOCKS]


def _unit(vectors: "np.typing.NDArray[np.float64]") -> "np.typing.NDArray[np.float64]":
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(norms > 0, norms, 1.0), dtype=np.float64)
