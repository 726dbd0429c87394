"""What makes a pair of answers worth learning from, and what would teach something else than was meant.

A pair teaches every way in which its two sides differ. Length is the one that preference tuning picks up first (Singhal
et al. 2023, "A long way to go: investigating length correlations in RLHF", arXiv:2310.03716), so that answers are
fitted to a length, filtered by it, and its bias over all pairs is measured and bounded.
"""

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from twin_assets.datasets.words import STOP_WORDS, same_wording, stem, word_count, words
from twin_assets.prompts import NOT_WRITTEN

LENGTH_RATIO = (0.25, 4.0)
"""Least and most words of the rejected answer for each word of the chosen one."""
MOST_ALIKE = 0.92
"""Normalized similarity of words and marks from which two answers do not differ enough."""
MEAN_LOG_RATIO = 0.1
"""Mean natural logarithm of words rejected / chosen, either way, that all pairs together may have: some 10 %."""
SHARE_LONGER = (0.3, 0.7)
"""Share of pairs whose rejected answer is the longer one."""
EVEN = 0.1
"""Log ratio, either way, within which neither is the longer one: such pairs count half."""
FEWEST = 24
"""Pairs below which their bias is chance, and none is left out for it."""

_REFUSAL = re.compile(
    r"^\W*(?:i'?m sorry|i am sorry|sorry,|i apologi[sz]e"
    r"|i can(?:'t|not) (?:help|assist|answer|provide|fulfil|write|create)|i(?:'m| am) (?:unable|not able)"
    r"|as an? (?:ai|artificial|language model)|i do(?:n't| not) have (?:access|enough))",
    re.I,
)
_TOKEN = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
_END = re.compile(r"[.!?…][\"'”’)\]*_`]*(?=\s|$)|(?<=\S)(?=\n)")


@dataclass(frozen=True)
class LengthBias:
    """How much longer rejected answers are than chosen ones, over all pairs."""

    pairs: int
    mean_log_ratio: float
    share_longer: float

    @property
    def bounded(self) -> bool:
        """Whether both figures are within their bounds."""
        low, high = SHARE_LONGER
        return not self.pairs or (abs(self.mean_log_ratio) <= MEAN_LOG_RATIO and low <= self.share_longer <= high)


def unusable(chosen: str, rejected: str, context: str) -> str:
    """Why a pair teaches nothing or the wrong thing, or an empty string.

    `empty`, `identical`, `refusal`, `length` (outside `LENGTH_RATIO`), `too_similar` (from `MOST_ALIKE`), and
    `better_grounded`: the retrieved context supports the rejected answer more than the chosen one.
    """
    if not word_count(rejected):
        return "empty"
    if same_wording(chosen) == same_wording(rejected):
        return "identical"
    if _REFUSAL.match(rejected.replace("’", "'")):
        return "refusal"
    if not LENGTH_RATIO[0] <= word_count(rejected) / max(word_count(chosen), 1) <= LENGTH_RATIO[1]:
        return "length"
    if similarity(chosen, rejected) >= MOST_ALIKE:
        return "too_similar"
    if context and chosen != NOT_WRITTEN and grounding(rejected, context) > grounding(chosen, context):
        return "better_grounded"
    return ""


def similarity(left: str, right: str) -> float:
    """How much of two texts is the same words and marks in the same order, 0 to 1 (Ratcliff and Obershelp 1988)."""
    return difflib.SequenceMatcher(None, _TOKEN.findall(left), _TOKEN.findall(right), autojunk=False).ratio()


def grounding(text: str, source: str) -> float:
    """Share of the text's pairs of consecutive content words that the source has, too; 0 for a text without."""
    claims = _claims(text)
    known = set(_claims(source))
    return sum(claim in known for claim in claims) / len(claims) if claims else 0.0


def fitted(answer: str, wanted: int) -> str:
    """The first whole sentences of a model's answer that come nearest to `wanted` words.

    A generation ends where its tokens do: an unfinished last sentence is left out, unless there is no other.
    """
    answer = answer.strip()
    ends = [found.end() for found in _END.finditer(answer)]
    counts = [(end, word_count(answer[:end])) for end in ends]
    counts = [(end, count) for end, count in counts if count]
    if not counts:
        return answer
    end, _ = min(counts, key=lambda entry: (abs(math.log(entry[1] / max(wanted, 1))), entry[0]))
    return answer[:end].rstrip()


def log_ratio(chosen: str, rejected: str) -> float:
    """Natural logarithm of words rejected / chosen; neither may be empty."""
    return math.log(word_count(rejected) / word_count(chosen))


def length_bias(ratios: Sequence[float]) -> LengthBias:
    """Of `log_ratio`s."""
    if not ratios:
        return LengthBias(0, 0.0, 0.5)
    longer = sum(0.5 if abs(ratio) <= EVEN else float(ratio > 0) for ratio in ratios)
    return LengthBias(len(ratios), sum(ratios) / len(ratios), longer / len(ratios))


def unbalanced(ratios: Sequence[float], fixed: Sequence[float] = ()) -> set[int]:
    """Which pairs to leave out so that the bias of the others, together with `fixed` ones, is bounded.

    The most one-sided ones, one after the other; none of fewer than `FEWEST`, and no more than half of them, however
    biased what is left remains.
    """
    order = sorted(range(len(ratios)), key=lambda at: (ratios[at], at))
    low, high = 0, len(order)
    out: set[int] = set()
    while len(ratios) + len(fixed) >= FEWEST and len(out) < len(ratios) // 2:
        bias = length_bias([*fixed, *(ratios[at] for at in order[low:high])])
        if bias.bounded:
            break
        longer = bias.mean_log_ratio > MEAN_LOG_RATIO or (
            bias.share_longer > SHARE_LONGER[1] and bias.mean_log_ratio >= -MEAN_LOG_RATIO
        )
        if longer:
            high -= 1
            out.add(order[high])
        else:
            out.add(order[low])
            low += 1
    return out


def _claims(text: str) -> list[tuple[str, str]]:
    content = [stem(word) for word in words(text) if word not in STOP_WORDS and len(word) > 2]
    return list(pairwise(content))
