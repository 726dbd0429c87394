"""What a passage is about: its noun phrases, those first that mark it among all passages.

A phrase counts by how rare its words are (inverse document frequency; Sparck Jones 1972, "A statistical interpretation
of term specificity") and by how central they are: said early, said again, or said in the title or heading.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence, Set

from twin_assets.datasets.markdown_blocks import prose
from twin_assets.datasets.phrases import Phrase, article
from twin_assets.datasets.words import STOP_WORDS, content_stems, stem, words

_COUNTED = re.compile(
    r"\b(?:an?|every|each|another) (?:[\w\-]+ ){0,2}?([\w\-]{3,})(?=[.,;:)?!]| (?:is|was|to|of|that|which|for|in|on"
    r"|with|and|or|from|by|at|as|can|will|has|would)\b)",
    re.I,
)
"""A noun that is counted: "a fixture that", "every single row"."""
_COUNTED_SHARE = 0.12
_SAID_OFTEN = 2
"""Times that a single common noun is said at most without being a subject."""
RAREST = 5.0
"""Bound of a word's rarity: beyond it a word is a slip of the pen rather than a topic."""


class Topics:
    """In how many passages of a corpus each word stands."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._passages = 0
        self._holding: Counter[str] = Counter()
        self._counted: Counter[str] = Counter()
        self._forms: Counter[str] = Counter()
        for text in texts:
            self._passages += 1
            plain = prose(text)
            said = [word for word in words(plain) if word not in STOP_WORDS and len(word) > 2]
            self._forms.update(said)
            self._holding.update({stem(word) for word in said})
            self._counted.update(found.lower() for found in _COUNTED.findall(" ".join(plain.split())))

    def __contains__(self, root: str) -> bool:
        return root in self._holding

    def rarity(self, root: str) -> float:
        """Inverse document frequency of a stem, in nats, at most `RAREST`."""
        return min(math.log((1 + self._passages) / (1 + self._holding[root])), RAREST)

    def counted(self, noun: str) -> bool:
        """Whether the author says "a …" of a noun, so that it does not stand alone in the singular."""
        return self._counted[noun] > max(_COUNTED_SHARE * self._forms[noun], 1)

    def ranked(self, phrases: Sequence[Phrase], text: str, named: str) -> list[Phrase]:
        """The phrases of a passage, best first, none twice.

        Args:
            phrases: what `phrases.noun_phrases` found in it.
            text: the passage.
            named: its title and headings, whose words are central.
        """
        said = counted_stems(text)
        central = content_stems(named)
        best: dict[str, tuple[float, int, Phrase]] = {}
        for place, found in enumerate(phrases):
            phrase = found
            if found.bare and found.text[:1].islower() and self.counted(found.bare):
                phrase = found._replace(text=article(found.text) + found.text)
            if not phrase.name and len(phrase.stems) == 1 and not phrase.stems & central:
                # A bare word counts as a subject when it is said again.
                phrase = phrase._replace(alone=phrase.alone and said[next(iter(phrase.stems))] > 1)
            weight = self._weight(phrase, said, central)
            key = phrase.text.casefold()
            if key not in best or weight > best[key][0]:
                best[key] = (weight, place, phrase)
        ordered = sorted(best.values(), key=lambda entry: (-entry[0], entry[1]))
        return [phrase for _, _, phrase in ordered]

    def _weight(self, phrase: Phrase, said: Counter[str], central: set[str]) -> float:
        roots = phrase.stems
        rarity = sum(self.rarity(root) for root in roots) / len(roots)
        again = sum(math.log2(max(said[root], 1)) for root in roots) / len(roots)
        shared = len(roots & central) / len(roots)
        early = (1.5, 1.0, 0.5)[phrase.sentence] if phrase.sentence < 3 else 0.0
        length = 1.3 if len(roots) > 1 else 1.0
        return rarity * (0.3 + again + early + shared) * length * (1.1 if phrase.name else 1.0)


def counted_stems(text: str) -> Counter[str]:
    """How often each stem is said in the prose of a text."""
    return Counter(stem(word) for word in words(prose(text)))


def central(phrase: Phrase, said: Counter[str], named: Set[str]) -> bool:
    """Whether a phrase is a subject beside the best one: a name, said again, or said in title and headings.

    Args:
        phrase: of the passage.
        said: `counted_stems` of the passage.
        named: the content stems of its title and headings.
    """
    if phrase.stems & named:
        return True
    again = sum(said[root] > 1 for root in phrase.stems)
    if len(phrase.stems) == 1 and not phrase.name:
        return said[next(iter(phrase.stems))] > _SAID_OFTEN
    # What is brought in by "a" is a subject when it comes up again.
    early = phrase.sentence < 2 and not phrase.text.startswith(("a ", "an "))
    return early or again == len(phrase.stems)


def returned_to(phrase: Phrase, said: Counter[str], named: Set[str]) -> bool:
    """Whether a passage comes back to a phrase: all its words are said again, there or in title and headings."""
    return all(said[root] > 1 or root in named for root in phrase.stems)
