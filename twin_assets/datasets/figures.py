"""Counts of a dataset's samples that a person wants to see."""

from collections import Counter
from collections.abc import Sequence

from twin_assets.datasets.words import word_count
from twin_assets.records import InstructionSample


def sample_figures(samples: Sequence[InstructionSample]) -> dict[str, int]:
    """How many samples and words there are, by split, and how many samples of each family and by a teacher."""
    words: Counter[str] = Counter()
    for sample in samples:
        words[sample.split] += word_count(sample.answer)
    figures = {"samples": len(samples), "by_teacher": sum(s.origin.startswith("teacher:") for s in samples)}
    figures |= {f"samples_{split}": n for split, n in sorted(Counter(s.split for s in samples).items())}
    figures |= {f"words_{split}": n for split, n in sorted(words.items())}
    return figures | {f"family_{family}": n for family, n in sorted(Counter(s.family for s in samples).items())}
