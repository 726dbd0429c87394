"""A discriminator of wording: character n-grams of text whose content words are masked (after Stamatatos 2018, "Masking
topic-related information to enhance authorship attribution"), and a logistic regression that tells the author's
training text from other people's and from the base model's outputs.

Base outputs have a tenth of the weight of the negative class. With as much weight as other people's text they become
what is told apart, and people whom the measure has not seen land at 0.1 to 0.5 on the scale of `voice`; with a tenth
they land at 0 to -1.4 (measured on one author and eleven others).
"""

import re
from collections import Counter
from collections.abc import Sequence, Set

import numpy as np

from twin_assets.evaluation.delta import Scores
from twin_assets.evaluation.folds import MIN_BLOCK_WORDS, Fold
from twin_assets.evaluation.text import WORD, Block, blocks, by_turns, person_weights

FUNCTION_WORDS = 150
BASE_WEIGHT = 0.1
MAX_BLOCKS = 160
"""Blocks of each group to learn from, and to score: more takes minutes and makes little difference."""
MAX_FEATURES = 20_000

_DIGITS = re.compile(r"\d+")


def discriminator_scores(fold: Fold, seed: int = 0) -> Scores:
    """The regression's decision value (a logit) of each block of 300 words of what the fold holds out.

    Every text of the fold must hold one block at least.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    learned = [
        by_turns(blocks(pieces, MIN_BLOCK_WORDS, seed), MAX_BLOCKS)
        for pieces in (fold.author_train, fold.others_reference, fold.base_reference)
    ]
    kept = function_words(learned, FUNCTION_WORDS)
    texts = [mask(block.text, kept) for group in learned for block in group]
    labels = [1] * len(learned[0]) + [0] * (len(learned[1]) + len(learned[2]))
    shares = (1.0, 1.0 - BASE_WEIGHT, BASE_WEIGHT)
    weights = [share * w for share, group in zip(shares, learned, strict=True) for w in person_weights(group)]
    vectorizer = TfidfVectorizer(
        analyzer="char",
        lowercase=False,
        ngram_range=(3, 5),
        sublinear_tf=True,
        min_df=min(3, len(texts)),
        max_features=MAX_FEATURES,
    )
    model = LogisticRegression(max_iter=1000)
    model.fit(vectorizer.fit_transform(texts), labels, sample_weight=np.array(weights) * len(texts) / 2)
    tried = {
        "author": fold.author_held_out,
        "base": fold.base_held_out,
        "others": fold.others_held_out,
        "twin": fold.twin,
    }
    return {
        name: np.asarray(
            model.decision_function(
                vectorizer.transform(
                    [mask(b.text, kept) for b in by_turns(blocks(pieces, MIN_BLOCK_WORDS, seed), MAX_BLOCKS)]
                )
            ),
            dtype=np.float64,
        )
        for name, pieces in tried.items()
    }


def function_words(groups: Sequence[Sequence[Block]], count: int) -> frozenset[str]:
    """Words that all groups use: those with the highest relative frequency in the group that uses them least.

    In any language these are the function words, since no topic is everybody's.
    """
    shares = []
    for group in groups:
        counts = Counter(word for block in group for word in block.words)
        total = max(counts.total(), 1)
        shares.append({word: times / total for word, times in counts.items()})
    common = set(shares[0]).intersection(*shares[1:])
    ranked = sorted(common, key=lambda word: (-min(share[word] for share in shares), word))
    return frozenset(ranked[:count])


def mask(text: str, kept: Set[str]) -> str:
    """The text with function words and punctuation as they are, and of any other word only its class of length.

    That is `#` below 5 letters, `##` below 9, and `###`; a number is `0`.
    """
    return _DIGITS.sub("0", WORD.sub(lambda match: _masked(match.group(), kept), text))


def _masked(word: str, kept: Set[str]) -> str:
    folded = word.casefold()
    if folded in kept:
        return folded
    return "#" if len(word) < 5 else "##" if len(word) < 9 else "###"
