"""Cosine Delta: how alike two texts use the commonest words (Burrows 2002, "'Delta': a measure of stylistic
difference"; with the cosine of Smith & Aldridge 2011, which Evert et al. 2017, "Understanding and explaining Delta
measures", found the best of the family).

The reference in which frequencies are standardized is the author's training text and other people's, with the same
weight, and each of the others with the same. The base model's outputs are left out of it. With them in, people whom the
reference does not know land at 0.3 to 0.7 on the scale of `voice` (measured on one author and nine others): the axis
then tells people from language models. Without them they land at -0.4 to -3.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin_assets.evaluation.folds import MIN_BLOCK_WORDS, Fold
from twin_assets.evaluation.text import Block, blocks, count_blocks, person_weights, words_by_person

COMMON_WORDS = 150
BLOCK_WORDS = (1500, 1200, 900, 750, 600, 500, 400, MIN_BLOCK_WORDS)
_BLOCKS_WANTED = 4

Scores = dict[str, NDArray[np.float64]]
"""For each of `author`, `base`, `others` and `twin` one raw score a block."""


def block_words(folds: Sequence[Fold]) -> int:
    """Words in a block: the most, of `BLOCK_WORDS`, at which each text makes four blocks; else the least of them."""
    texts = [
        words_by_person(pieces)
        for fold in folds
        for pieces in (
            fold.author_train,
            fold.author_held_out,
            fold.others_reference,
            fold.others_held_out,
            (*fold.base_reference, *fold.base_held_out),
            fold.twin,
        )
    ]
    fitting = (size for size in BLOCK_WORDS if all(count_blocks(text, size) >= _BLOCKS_WANTED for text in texts))
    return next(fitting, BLOCK_WORDS[-1])


def delta_scores(fold: Fold, size: int, seed: int = 0) -> Scores:
    """Cosine, from -1 to 1, of each block with the mean of the author's training blocks, in standardized frequencies.

    Args:
        size: words in a block. Every text of the fold must hold one block at least.
    """
    author, others = blocks(fold.author_train, size, seed), blocks(fold.others_reference, size, seed)
    weights = np.array([*person_weights(author), *person_weights(others)]) / 2
    vocabulary = _commonest([*author, *others], weights.tolist(), COMMON_WORDS)
    reference = _frequencies([*author, *others], vocabulary)
    mean = weights @ reference
    deviation = np.sqrt(weights @ (reference - mean) ** 2)
    varying = deviation > 0

    def standardized(frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((frequencies - mean)[:, varying] / deviation[varying], dtype=np.float64)

    centroid = standardized(reference[: len(author)]).mean(axis=0)
    tried = {
        "author": fold.author_held_out,
        "base": (*fold.base_reference, *fold.base_held_out),
        "others": fold.others_held_out,
        "twin": fold.twin,
    }
    scores = {}
    for name, pieces in tried.items():
        vectors = standardized(_frequencies(blocks(pieces, size, seed), vocabulary))
        norms = np.linalg.norm(vectors, axis=1) * np.linalg.norm(centroid)
        scores[name] = vectors @ centroid / np.where(norms > 0, norms, 1.0)
    return scores


def _commonest(group: Sequence[Block], weights: Sequence[float], count: int) -> list[str]:
    """The words with the highest weighted mean frequency in the blocks."""
    average: defaultdict[str, float] = defaultdict(float)
    for block, weight in zip(group, weights, strict=True):
        for word, times in Counter(block.words).items():
            average[word] += weight * times / len(block.words)
    return sorted(average, key=lambda word: (-average[word], word))[:count]


def _frequencies(group: Sequence[Block], vocabulary: Sequence[str]) -> NDArray[np.float64]:
    """Relative frequencies, blocks by words."""
    frequencies = np.zeros((len(group), len(vocabulary)))
    for row, block in enumerate(group):
        counts = Counter(block.words)
        frequencies[row] = [counts[word] / len(block.words) for word in vocabulary]
    return frequencies
