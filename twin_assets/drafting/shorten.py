"""Material shortened to its share of the prompt: its own sentences, those that matter most, in their order."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from twin_assets.datasets.words import content_stems
from twin_assets.drafting.sentences import fitted, sentences

_BLOCK = re.compile(r"\n\s*\n")
_LONGEST = 600
"""Characters from which a sentence is no sentence but a table or a list in one line, and is cut."""
_MOST_SENTENCES = 4_000
"""What is looked at of a book; its beginning."""


def shortened(text: str, query: str, characters: int) -> str:
    """At most `characters` of a text: whole sentences, chosen by what they share with the query and with the text as a
    whole (Luhn 1958, "The Automatic Creation of Literature Abstracts"), and by where they stand. What was left out
    between two is shown as an ellipsis.
    """
    if len(text) <= characters:
        return text
    if characters < 1:
        return ""
    found = [s[:_LONGEST] for block in _BLOCK.split(text) for s in sentences(block)][:_MOST_SENTENCES]
    chosen = _chosen(found, query, characters)
    if not chosen:
        return fitted(text, characters, len)
    out, before = [], -1
    for index in chosen:
        if before >= 0:
            out.append(" " if index == before + 1 else " … ")
        out.append(found[index])
        before = index
    return "".join(out)


def shares(sizes: Sequence[int], room: int) -> list[int]:
    """How much of `room` each gets: equal shares, and what one does not need is shared among the others."""
    given = [0] * len(sizes)
    left, open_ = room, sorted(range(len(sizes)), key=lambda i: sizes[i])
    for position, index in enumerate(open_):
        given[index] = max(min(sizes[index], left // (len(open_) - position)), 0)
        left -= given[index]
    return given


def _chosen(found: Sequence[str], query: str, characters: int) -> list[int]:
    """The indexes of the sentences that fit, in their order."""
    stems = [content_stems(sentence) for sentence in found]
    frequent = Counter(stem for those in stems for stem in those)
    asked = content_stems(query)

    def score(index: int) -> float:
        those = stems[index]
        if not those:
            return 0.0
        central = sum(math.log1p(frequent[stem]) for stem in those if frequent[stem] > 1) / math.sqrt(len(those) + 3)
        wanted = sum(1 for stem in those if stem in asked)
        return central + 2.0 * wanted + 2.0 / (1 + index)

    chosen, left = [], characters
    for index in sorted(range(len(found)), key=lambda i: (-score(i), i)):
        cost = len(found[index]) + 3
        if cost <= left:
            chosen.append(index)
            left -= cost
    return sorted(chosen)
