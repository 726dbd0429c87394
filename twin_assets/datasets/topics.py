"""The words that tell one passage from the others: term frequency times inverse document frequency.

Sparck Jones (1972, "A statistical interpretation of term specificity"). Two content words side by side are taken
together when a passage repeats them or both are capitalized, as names are. Among words of like weight those come
first that the author uses as nouns, by the words that stand before them.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from twin_assets.datasets.markdown_blocks import prose
from twin_assets.datasets.words import STOP_WORDS, WORD, stem, word_set

_BEFORE_NOUNS = word_set(
    """a an the this that these those my our your his her its their some any no every each of in on with for from by
    between about into like without through against under over via across"""
)
_BEFORE_VERBS = word_set(
    """to i you we they he she it who that will would can could should must may might don't doesn't didn't can't
    won't not never always just also then and"""
)
_MARKUP = re.compile(r"`[^`\n]*`|[*_`]+")
_SEAM = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"[.!?…:]|\n\s*(?:\n|[-*+]\s|\d+[.)]\s)|--|—")
_PRIOR = 2.0
"""Occurrences that every word is taken to have as a noun and as a verb besides those seen."""


class _Term(NamedTuple):
    stems: tuple[str, ...]
    surface: str
    as_noun: bool
    as_verb: bool
    name: bool
    """Capitalized, and not because a sentence begins there."""


class Topics:
    """Word statistics of all passages of a corpus."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._passages = 0
        self._holding: Counter[str] = Counter()
        self._as_noun: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()
        for text in texts:
            self._passages += 1
            single = [term for term in _terms(text) if len(term.stems) == 1]
            self._holding.update({term.stems[0] for term in single})
            for term in single:
                self._seen[term.stems[0]] += 1
                self._as_noun[term.stems[0]] += term.as_noun - term.as_verb

    def of(self, text: str, count: int, known: Iterable[str] = ()) -> list[str]:
        """At most `count` words or pairs of words that mark a passage, as the author writes them, best first.

        Args:
            text: the passage.
            count: how many are wanted; fewer come back from a passage with little in it.
            known: texts, such as its title, whose words say nothing more about it.
        """
        said = {root for other in known for term in _terms(other) for root in term.stems}
        forms: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        names: Counter[tuple[str, ...]] = Counter()
        for term in _terms(text):
            forms[term.stems][term.surface] += 1
            names[term.stems] += term.name
        weights = {
            stems: self._weight(stems, seen.total(), bool(names[stems]))
            for stems, seen in forms.items()
            if said.isdisjoint(stems) and (len(stems) == 1 or seen.total() > 1 or names[stems])
        }
        chosen: list[str] = []
        taken: set[str] = set()
        for stems in sorted(weights, key=lambda s: (-weights[s], s)):
            if len(chosen) == count:
                break
            if taken.isdisjoint(stems):
                taken.update(stems)
                chosen.append(max(forms[stems], key=lambda form: (forms[stems][form], form)))
        return chosen

    def _weight(self, stems: tuple[str, ...], occurrences: int, name: bool) -> float:
        rarity = sum(math.log((1 + self._passages) / (1 + self._holding[root])) for root in stems) / len(stems)
        evidence, seen = self._as_noun[stems[-1]], self._seen[stems[-1]]
        noun = 1.0 if name else (evidence + _PRIOR) / (seen + 2 * _PRIOR) if evidence > 0 else 0.0
        return (1 + math.log(occurrences)) * rarity * (0.1 + noun) * (1.5 if len(stems) == 2 else 1.0)


def _terms(text: str) -> list[_Term]:
    """Content words, and pairs of content words with only a space between, in order."""
    plain = _MARKUP.sub(lambda found: " ; " if len(found[0]) > 3 else "", prose(text))
    found: list[_Term] = []
    matches = list(WORD.finditer(plain))
    lower = [match[0].casefold().replace("’", "'") for match in matches]
    content = [_is_content(word) for word in lower]
    joined = [bool(_SEAM.fullmatch(plain[a.end() : b.start()])) for a, b in pairwise(matches)] + [False]
    first = 0
    for at, match in enumerate(matches):
        if at and not joined[at - 1]:
            first = at  # of the run of words without punctuation between
        if not content[at]:
            continue
        starts_sentence = at == 0 or bool(_SENTENCE_END.search(plain[matches[at - 1].end() : match.start()]))
        surface = match[0] if not starts_sentence or match[0][1:] != match[0][1:].lower() else match[0].lower()
        name = surface[0].isupper()
        before = lower[at - 1] if at > first else ""
        ends_phrase = not (joined[at] and at + 1 < len(lower) and content[at + 1])
        found.append(
            _Term((stem(lower[at]),), surface, ends_phrase and before in _BEFORE_NOUNS, before in _BEFORE_VERBS, name)
        )
        if at > first and content[at - 1]:
            pair = (stem(lower[at - 1]), stem(lower[at]))
            found[-1] = found[-1]._replace(as_noun=ends_phrase)
            previous = found[-2] if len(found[-2].stems) == 1 else found[-3]
            found.append(_Term(pair, f"{previous.surface} {surface}", ends_phrase, False, name and previous.name))
    return found


def _is_content(word: str) -> bool:
    return (
        len(word) > 2 and word[0].isalpha() and "'" not in word and not word.endswith("ly") and word not in STOP_WORDS
    )
