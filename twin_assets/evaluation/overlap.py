"""Verbatim overlap: the longest run of words that a text shares with the training text.

A twin that recites is not a twin that writes. Runs of 13 words are the length from which Brown et al. (2020, "Language
Models are Few-Shot Learners", appendix C) take a text as seen in training.
"""

import statistics
from collections.abc import Iterable, Sequence

from twin_assets.evaluation.measured import Measured
from twin_assets.evaluation.text import WORD, Piece

RECITED = 13
"""Words from which a shared run counts as recited."""


class Match(Measured):
    """The longest run of words of one text that is in the training text: its length, the passage and its document."""

    words: int
    passage: str
    document: str


class Overlap(Measured):
    """Longest shared runs of a set of texts, in words."""

    texts: int
    maximum: int
    median: float
    recited_share: float
    """Share of the texts with a shared run of at least `RECITED` words."""
    longest: Match


class _SuffixAutomaton:
    """All substrings of several word sequences (Blumer et al. 1985), as states with a length and a suffix link."""

    def __init__(self) -> None:
        self.edges: list[dict[str, int]] = [{}]
        self.link: list[int] = [-1]
        self.length: list[int] = [0]

    def add(self, words: Sequence[str]) -> None:
        """Add a sequence; its substrings and those of the earlier ones are all accepted."""
        last = 0
        for word in words:
            last = self._extend(last, word)

    def _extend(self, last: int, word: str) -> int:
        known = self.edges[last].get(word)
        if known is not None:
            return known if self.length[known] == self.length[last] + 1 else self._split(last, known, word)
        new = self._state(self.length[last] + 1, {})
        state = last
        while state != -1 and word not in self.edges[state]:
            self.edges[state][word] = new
            state = self.link[state]
        if state == -1:
            self.link[new] = 0
            return new
        target = self.edges[state][word]
        fits = self.length[target] == self.length[state] + 1
        self.link[new] = target if fits else self._split(state, target, word)
        return new

    def _split(self, state: int, target: int, word: str) -> int:
        clone = self._state(self.length[state] + 1, dict(self.edges[target]))
        self.link[clone] = self.link[target]
        self.link[target] = clone
        while state != -1 and self.edges[state].get(word) == target:
            self.edges[state][word] = clone
            state = self.link[state]
        return clone

    def _state(self, length: int, edges: dict[str, int]) -> int:
        self.edges.append(edges)
        self.length.append(length)
        self.link.append(-1)
        return len(self.edges) - 1


def longest_matches(texts: Sequence[str], training: Iterable[Piece]) -> list[Match]:
    """For each text the longest run of its words that occurs in one of the training pieces.

    Words compare without regard to case and punctuation. Exact, and linear in the words of both sides: the (few)
    texts become an automaton, and the (large) training text is read through it once.
    """
    spans = [[match.span() for match in WORD.finditer(text)] for text in texts]
    sequences = [[text[a:b].casefold() for a, b in found] for text, found in zip(texts, spans, strict=True)]
    automaton = _SuffixAutomaton()
    for sequence in sequences:
        automaton.add(sequence)
    best, source = _read_through(automaton, training)
    matches = []
    for text, found, sequence in zip(texts, spans, sequences, strict=True):
        length, end, document = _longest(automaton, sequence, best, source)
        passage = text[found[end - length][0] : found[end - 1][1]] if length else ""
        matches.append(Match(words=length, passage=passage, document=document))
    return matches


def summarize(matches: Sequence[Match]) -> Overlap:
    """Maximum, median and share of recited texts."""
    lengths = [match.words for match in matches]
    nothing = Match(words=0, passage="", document="")
    return Overlap(
        texts=len(lengths),
        maximum=max(lengths, default=0),
        median=statistics.median(lengths) if lengths else 0.0,
        recited_share=sum(length >= RECITED for length in lengths) / len(lengths) if lengths else 0.0,
        longest=max(matches, key=lambda match: match.words, default=nothing),
    )


def _read_through(automaton: _SuffixAutomaton, training: Iterable[Piece]) -> tuple[list[int], list[str]]:
    """For each state the longest suffix of it that the training text holds, and the document that holds it."""
    edges, link, length = automaton.edges, automaton.link, automaton.length
    best = [0] * len(edges)
    source = [""] * len(edges)
    for piece in training:
        state = matched = 0
        for word in (match.group().casefold() for match in WORD.finditer(piece.text)):
            while state and word not in edges[state]:
                state = link[state]
                matched = length[state]
            if word in edges[state]:
                state = edges[state][word]
                matched += 1
            if matched > best[state]:
                best[state], source[state] = matched, piece.document
    for state in sorted(range(1, len(edges)), key=lambda s: -length[s]):
        parent = link[state]
        inherited = min(length[parent], best[state])
        if inherited > best[parent]:
            best[parent], source[parent] = inherited, source[state]
    return best, source


def _longest(
    automaton: _SuffixAutomaton, sequence: Sequence[str], best: Sequence[int], source: Sequence[str]
) -> tuple[int, int, str]:
    """Length, end position and document of the longest run of one sequence."""
    found, end, document = 0, 0, ""
    state = 0
    for position, word in enumerate(sequence, 1):
        state = automaton.edges[state][word]
        suffix = state
        while suffix and not best[suffix]:
            suffix = automaton.link[suffix]
        if suffix and best[suffix] > found:
            found, end, document = best[suffix], position, source[suffix]
    return found, end, document
