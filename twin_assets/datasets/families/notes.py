"""Rewrite these notes in your voice: of each sentence its first clause without function words, or its key phrases.

By rule and by parts of speech, so that a note holds the facts and none of the voice: no articles, pronouns, auxiliaries
and adverbs; numbers and names stay. A clause that says nothing without what stands around it gives its noun phrases.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from twin_assets.datasets.drafts import Draft, Material
from twin_assets.datasets.phrases import NOT, noun_phrases
from twin_assets.datasets.tagging import Token
from twin_assets.datasets.words import ngrams, word_count, word_set, words

_NOTE_WORDS = (4, 14)
_MOST_NOTES = 8
_LEAST_NOTES = 3
_LEAST_SHARE = 0.6
"""Share of the passage's sentences, or of the most notes, that must have become notes."""
_SAID_SHARE = 0.12
"""Words of the notes for each word of the passage: fewer leave most of it to be guessed."""
_LEAST_WORDS = 35
_KEY_PHRASES = (2, 3)
_TELLING_WORDS = 3
RUN = 6
"""Words running that a note may have in common with the passage: more would hand over its sentences."""

_DROPPED = word_set(
    "AT0 PNP PNX DPS VBB VBD VBZ VBI VBN VHB VHD VHZ VHI VHN VDB VDD VDZ VDI VM0 EX0 ITJ PUL PUR PUQ ZZ0 POS"
)
_FILLERS = word_set(
    """also just even still really very quite pretty so then now again already rather perhaps maybe however anyway
    indeed instead though thus therefore yet almost somewhat somehow simply"""
)
_NOUNS = word_set("NN0 NN1 NN2 NN NP0 UNC")
_VERBS = word_set("VVB VVD VVI VVN VVZ VVG VBN VBG")
_OPENERS = word_set("NN0 NN1 NN2 NN NP0 UNC AJ0 AJC AJS CRD ORD DT0 VVG XX0")
_CLAUSE_END = frozenset(",;:—–(")
_LOOSE = word_set("it they them he she him her")
_POINTING = word_set("this that these those there")
"""Words that need what stands around them; the latter as pronouns and articles only."""
_OWN = word_set("i we you")
_HANGING = word_set(
    "of in on at to for with by from as than that if when and or but because so while though since into"
)
_CODE_BLOCK = re.compile(r"^ {0,3}(?:```|~~~)|^(?: {4}|\t)\S", re.M)

_TITLED = (
    'Rewrite these notes in your own voice. They are for {a_piece} titled "{title}".',
    'Turn these notes into a passage of your {piece} "{title}".',
    'Here are notes for {a_piece} called "{title}". Write them out the way you would.',
)
_UNTITLED = (
    "Rewrite these notes in your own voice.",
    "Turn these notes into {a_piece}, in your own words.",
    "Write these notes out the way you would.",
)


def notes(material: Material) -> Iterator[Draft]:
    """The passage as notes; none of one that is short, or holds code, which notes do not keep."""
    if not material.english or _CODE_BLOCK.search(material.text) or word_count(material.text) < _LEAST_WORDS:
        return
    clauses = [_clause(tokens) for tokens in material.tagged]
    found = [
        note for tokens, clause in zip(material.tagged, clauses, strict=True) if (note := clause or _phrases(tokens))
    ]
    least = max(_LEAST_NOTES, _LEAST_SHARE * min(len(material.sentences), _MOST_NOTES))
    if len(found) < least or 3 * sum(map(bool, clauses)) < len(found):
        return
    text = words(material.text)
    runs = set(ngrams(text, RUN + 1))
    kept = [note for note in _spread(found) if _telling(note) and runs.isdisjoint(ngrams(words(note), RUN + 1))]
    said = sum(word_count(note) for note in kept)
    if len(kept) < _LEAST_NOTES or said < _SAID_SHARE * word_count(material.text):
        return
    lines = "\n".join(f"- {note}" for note in kept)
    piece, a_piece = material.piece
    for template in material.choose(_TITLED if material.title else _UNTITLED, "notes"):
        request = template.format(piece=piece, a_piece=a_piece, title=material.title)
        yield material.draft(request, material=lines)


def _telling(note: str) -> bool:
    """Whether a note holds enough words: "TB, Google, TB" tells nothing."""
    return sum(len(word) > 2 for word in set(words(note))) >= _TELLING_WORDS


def _phrases(tokens: Sequence[Token]) -> str:
    """The key phrases of a sentence; nothing of one with too few."""
    fewest, most = _KEY_PHRASES
    phrases = [p.text for p in noun_phrases([tokens]) if p.alone and (p.name or len(p.stems) > 1)]
    return ", ".join(_bare(phrase) for phrase in phrases[:most]) if len(phrases) >= fewest else ""


def _clause(tokens: Sequence[Token]) -> str:
    """The first clause without its function words, where it begins with its subject, has a verb and stands alone."""
    low, high = _NOTE_WORDS
    kept: list[Token] = []
    end = next((n for n, t in enumerate(tokens) if t.text in _CLAUSE_END and n >= low), len(tokens))
    for token in tokens[:end]:
        word = token.text.lower()
        if word in _LOOSE or (word in _POINTING and token.tag in ("DT0", "EX0", "PNP")):
            return ""
        if _says(token):
            kept.append(token)
    while kept and kept[-1].text.lower() in _HANGING:
        kept.pop()
    tags = {token.tag for token in kept}
    if not low <= len(kept) <= high or not tags & _NOUNS or not tags & _VERBS:
        return ""
    own = tokens[0].text.lower() in _OWN and kept[0].tag in _VERBS
    return _written(kept) + _figures(tokens[end:]) if own or kept[0].tag in _OPENERS else ""


def _figures(tokens: Sequence[Token]) -> str:
    """The numbers in what is left of a sentence, each with the noun after it."""
    found = [
        f"{number.text} {counted.text}"
        for number, counted in pairwise(tokens)
        if number.tag == "CRD" and number.text[0].isdigit() and counted.tag in _NOUNS
    ]
    return "".join(f", {figure}" for figure in found)


def telegraphic(tokens: Sequence[Token]) -> str:
    """A sentence without its function words, cut at `_NOTE_WORDS`."""
    kept = [token for token in tokens if _says(token)][: _NOTE_WORDS[1]]
    while kept and kept[-1].text.lower() in _HANGING:
        kept.pop()
    return _written(kept) if len(kept) > 1 else ""


def _says(token: Token) -> bool:
    if token.text in NOT:
        return True
    if not token.text[0].isalnum() and not token.text.startswith("`"):
        return False
    if token.tag == "AV0":
        return not token.text.endswith("ly") and token.text.lower() not in _FILLERS
    return token.tag not in _DROPPED


def _written(tokens: Sequence[Token]) -> str:
    return " ".join("not" if token.text in NOT else token.text for token in tokens)


def _bare(phrase: str) -> str:
    """Without the article."""
    return re.sub(r"^(?:the|an?|your) ", "", phrase)


def _spread(found: Sequence[str]) -> list[str]:
    """At most `_MOST_NOTES`, from all over the passage."""
    count = min(len(found), _MOST_NOTES)
    places = sorted({round(n * (len(found) - 1) / max(count - 1, 1)) for n in range(count)})
    return [found[place] for place in places]
