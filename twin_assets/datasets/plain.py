"""A text without its manner: what it says, by rules, in the flat prose that its author does not write.

No paraphrase by a model: words and order stay, and what is taken away is what readers know a writer by. Contractions
are written out; typography, emphasis, lists and line breaks go; openers, asides' marks and intensifiers go; sentences
are ended at semicolons, dashes and before a clause with `and`, `but`, `so` or `because`; some everyday words become the
longer ones of reports, and connectives that anyone could have written are put before some sentences.
"""

import re
from collections.abc import Iterator

from twin_assets.datasets.words import word_set
from twin_assets.digests import digest

PLAIN_VERSION = 1
"""Raised when the rules change, so that pairs are made again."""

_IRREGULAR = {
    "won't": "will not",
    "can't": "cannot",
    "shan't": "shall not",
    "ain't": "is not",
    "let's": "let us",
    "it's": "it is",
    "that's": "that is",
    "there's": "there is",
    "here's": "here is",
    "what's": "what is",
    "who's": "who is",
    "he's": "he is",
    "she's": "she is",
    "where's": "where is",
}
_ENDINGS = {"n't": " not", "'re": " are", "'ve": " have", "'ll": " will", "'m": " am"}
# What `'d` and, before a participle, `'s` stand for is not told by rules.
_CONTRACTION = re.compile(
    r"\b([A-Za-z]+(?:n't|'(?:re|ve|ll|m)|'s(?!\s+(?:already\b|\w+ly\s+|been\b|got\b|had\b|\w+ed\b))))\b"
)
_TYPOGRAPHY = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "–": "—", "\u00a0": " "})
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"^[ \t]*(?:#{1,6}\s+|[-*+]\s+|\d{1,3}[.)]\s+)", re.M)
_EMPHASIS = re.compile(r"(?<!\w)[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?!\w)|`+")
_CODE = re.compile(r"^(`{3,}|~{3,}).*?(?:^\1[`~]*\s*$|\Z)", re.M | re.S)
_ASIDE = re.compile(r"\s*\(([^()\n]{1,120})\)")
_BREAK = re.compile(
    r"\s*(?:;|\s—\s?|—|\s--+\s|\s-\s)\s*"
    r"|,\s+(?=(?:and|but|so|because)\s+(?:i|we|you|he|she|it|they|there|this|that|the|a|my|our|his|her)\b)",
    re.I,
)
_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+|\n\s*\n|\n(?=\S)")
_OPENER = re.compile(
    r"^(?:so|well|anyway|anyhow|look|honestly|frankly|now|again|alas|yes|no|oh|okay|ok|right|sure|still|of course"
    r"|in fact|to be (?:fair|honest|sure)|i (?:think|guess|suppose|believe|suspect|mean)(?: that)?"
    r"|in my (?:view|opinion))"
    r"(?:,\s+|\s+(?=(?:i|we|it|this|that|the|there)\b))",
    re.I,
)
_JOINED = {"and": "In addition,", "but": "However,", "or": "Alternatively,", "yet": "However,"} | {
    "so": "Therefore,",
    "because": "This is because",
}
_START = re.compile(
    r"^(and|but|or|yet|so|because)\s+(?=(?:i|we|you|he|she|it|they|there|this|that|the|an?|my|our|in|on|if|when|as)\b)",
    re.I,
)
_INTENSIFIER = re.compile(
    r"(?<!not )\b(?:really|very|just|actually|quite|pretty|simply|basically|literally|totally|absolutely|certainly|"
    r"perhaps|probably|arguably|of course)\s+(?=[a-z])",
    re.I,
)
_REPORTED = {
    "ask": "request", "asked": "requested", "begin": "commence", "big": "significant", "bought": "purchased",
    "buy": "purchase", "buys": "purchases", "easy": "straightforward", "fix": "resolve", "fixed": "resolved",
    "gave": "provided", "gives": "provides", "helps": "assists", "helped": "assisted", "keeps": "maintains",
    "many": "numerous", "needs": "requires", "needed": "required", "nice": "pleasant", "often": "frequently",
    "said": "stated", "says": "states", "shows": "demonstrates", "showed": "demonstrated", "small": "limited",
    "start": "commence", "started": "commenced", "tells": "informs", "told": "informed",
    "tried": "attempted", "try": "attempt", "use": "utilize", "used": "utilized", "uses": "utilizes",
    "using": "utilizing", "wanted": "desired", "wants": "desires", "whole": "entire", "wrong": "incorrect",
    "maybe": "possibly", "sometimes": "on occasion", "nearly": "approximately",
    "later": "subsequently", "bit": "small amount", "kind": "type",
}  # fmt: skip
_REPORT = re.compile(rf"\b(?:{'|'.join(_REPORTED)})\b")
_CONNECTIVES = ("Additionally,", "Furthermore,", "It is important to note that", "Moreover,")
_EVERY = 2
"""Sentences from one connective to the next."""


def plain(text: str) -> str:
    """The text in flat prose, as one paragraph; empty where nothing but code is in it. The same text gives the same."""
    text = _CODE.sub(" ", text.translate(_TYPOGRAPHY))
    text = _EMPHASIS.sub("", _MARKS.sub("", _LINK.sub(r"\1", text)))
    sentences = [flat for part in _sentences(text) if (flat := _flattened(part))]
    first = int(digest("plain", text)[:4], 16)
    found = []
    for number, sentence in enumerate(sentences):
        if number and number % _EVERY == 0 and not sentence.startswith(tuple(_JOINED.values())):
            connective = _CONNECTIVES[(first + number // _EVERY) % len(_CONNECTIVES)]
            sentence = f"{connective} {lowered}" if (lowered := _lowered(sentence)) else sentence
        found.append(sentence)
    return " ".join(found)


def _sentences(text: str) -> Iterator[str]:
    for part in _SENTENCE.split(text):
        for piece in _BREAK.split(_ASIDE.sub(r", \1,", part)):
            yield " ".join(piece.split())


def _flattened(sentence: str) -> str:
    sentence = _CONTRACTION.sub(_written_out, sentence.strip("\"' "))
    sentence = _OPENER.sub("", sentence)
    sentence = _START.sub(lambda found: f"{_JOINED[found[1].lower()]} ", sentence)
    sentence = _REPORT.sub(lambda found: _REPORTED[found[0]], _INTENSIFIER.sub("", sentence))
    sentence = re.sub(r",\s*([,.?:])", r"\1", sentence).rstrip("!.,:… ")
    if not any(character.isalnum() for character in sentence):
        return ""
    if re.match(r"[a-z]+(?:'[a-z]+)?(?:[\s,]|$)", sentence):
        sentence = sentence[0].upper() + sentence[1:]
    return sentence if sentence.endswith("?") else f"{sentence}."


def _written_out(found: re.Match[str]) -> str:
    word = found[1]
    lower = word.lower()
    full = _IRREGULAR.get(lower)
    if full is None:
        ending = next((e for e in _ENDINGS if lower.endswith(e)), None)
        if ending is None:
            return word  # a possessive
        return word[: -len(ending)] + _ENDINGS[ending]
    return full[0].upper() + full[1:] if word[0].isupper() else full


def _lowered(sentence: str) -> str:
    """A sentence that goes on after a connective, or nothing where its first word may be a name or an identifier."""
    first, _, rest = sentence.partition(" ")
    if first == "I":
        return sentence
    return f"{first.lower()} {rest}" if first.lower() in _COMMON else ""


_COMMON = word_set(
    """the a an this that these those it we you they he she there here in on at for from with by as if when while what
    which who how why not no one some many most all each every my our your his her its their to of is are was were do
    does did have has had will would can could should may might then than because since after before"""
)
