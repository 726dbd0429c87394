"""How good a document is to find and to learn from: a score of five parts, each of which a person can check.

The parts are those that filters of web text use (Rae et al. 2021, "Scaling Language Models", appendix A; Penedo et al.
2023, "The RefinedWeb Dataset"), as ramps and not as cuts, so that a short post is not refused for being short.
"""

import math
from dataclasses import dataclass

import numpy as np

from twin_assets.features.reading import Reading
from twin_assets.features.shingles import runs_of

_LENGTH_WORDS = 12
"""A text of so many words has 63 % of the score for length, one of three times as many 95 %."""
_FULL_PROSE = 0.6
"""Share of prose from which a text is none the worse: it has numbers and headings in it."""
_CODE_WEIGHT = 1 / 6
"""What a character of code counts: a note that explains a long listing is good to find."""
_LINKS = (0.3, 0.7)
_REPETITION = (0.15, 0.7)
"""Up to the first a text is none the worse, from the second on it is worth nothing."""
_RUN = 4


@dataclass(frozen=True)
class Quality:
    """A score in 0..1 and its parts, each in 0..1; more of `link_share` and `repetition` is worse."""

    quality: float
    length_score: float
    prose_share: float
    link_share: float
    repetition: float
    language_confidence: float

    def __str__(self) -> str:
        return (
            f"quality {self.quality:.2f}: length {self.length_score:.2f}, prose {self.prose_share:.2f}, "
            f"links {self.link_share:.2f}, repetition {self.repetition:.2f}, language {self.language_confidence:.2f}"
        )


def quality_of(reading: Reading, language_confidence: float) -> Quality:
    """The quality of a text.

    - `length_score`: `1 - exp(-words / 12)`, of the words outside code.
    - `prose_share`: characters of words in running text, of all characters, one of code as a sixth. Rows of tables, and
      list items and headings of fewer than 4 words, are no running text.
    - `link_share`: characters of link texts and addresses, of all characters outside code.
    - `repetition`: share of the runs of 4 words that were there before.
    - `language_confidence`: as cleaning found it.

    The score is the product of the parts as ramps: 60 % of prose, 30 % of links and 15 % of repetition cost nothing,
    70 % of links or of repetition cost everything, and a language that cannot be told costs half.
    """
    length_score = 1 - math.exp(-len(reading.prose_hashes) / _LENGTH_WORDS)
    prose_share = _share(reading.letters, reading.text_characters + _CODE_WEIGHT * reading.code_characters)
    link_share = _share(reading.link_characters, reading.prose_characters)
    runs = runs_of(reading.prose_hashes, _RUN)
    repetition = 1 - len(np.unique(runs)) / len(runs) if len(runs) else 0.0
    quality = (
        length_score
        * min(prose_share / _FULL_PROSE, 1.0)
        * _falling(link_share, *_LINKS)
        * _falling(repetition, *_REPETITION)
        * (1 + language_confidence)
        / 2
    )
    parts = (quality, length_score, prose_share, link_share, repetition, language_confidence)
    # Rounded, so that another build of a library does not make every row a new one.
    return Quality(*(round(part, 4) for part in parts))


def _share(part: float, whole: float) -> float:
    return min(part / whole, 1.0) if whole else 0.0


def _falling(value: float, free: float, worthless: float) -> float:
    """1 up to `free`, 0 from `worthless` on, and a straight line between them."""
    return min(max((worthless - value) / (worthless - free), 0.0), 1.0)
