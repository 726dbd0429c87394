"""Whether there is enough to train on and to test with, and how much is missing."""

import math
from collections.abc import Sequence

from twin_assets.errors import InsufficientDataError
from twin_assets.records import Split
from twin_assets.settings import DatasetSettings

_TYPICAL_WORDS = 80
"""Words of a passage where there is none to measure."""


def require_enough(passages: Sequence[tuple[Split, int]], settings: DatasetSettings) -> None:
    """Raise InsufficientDataError, with an estimate of the words to add, when train or test is too small.

    Args:
        passages: the split and the words of each passage.
        settings: the least that is needed, and the shares of the splits.
    """
    train = [words for split, words in passages if split == "train"]
    test_words = sum(words for split, words in passages if split == "test")
    missing_train = settings.min_train_samples - len(train)
    missing_test = settings.min_test_words - test_words
    if missing_train <= 0 and missing_test <= 0:
        return
    total = sum(words for _, words in passages)
    typical = total / len(passages) if passages else _TYPICAL_WORDS
    train_share = max(1 - settings.test - settings.validation, 0.01)
    to_add = max(missing_train * typical / train_share, missing_test / max(settings.test, 0.01))
    what = (
        f"too little of the author's own writing: {len(train)} passages to train on (needed: "
        f"{settings.min_train_samples}) and {test_words:,} words to test with (needed: {settings.min_test_words:,}), "
        f"from {total:,} usable words in all"
    )
    remedy = f"add about {_rounded(to_add):,} words of own writing to the sources"
    if missing_train <= 0 and missing_test <= settings.test * total:
        other = "set datasets.split to `hash`" if settings.split == "time" else "give datasets.seed another number"
        remedy += f", or {other} in config/twin.yaml: the split of the documents is uneven"
    raise InsufficientDataError(what, remedy)


def _rounded(words: float) -> int:
    """Up to two digits: an estimate, and said as one."""
    step = int(10 ** max(math.floor(math.log10(max(words, 1))) - 1, 0))
    return math.ceil(words / step) * step
