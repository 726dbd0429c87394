"""Noun phrases of English text: what a sentence is about, as one would say it after "about".

A phrase is what may stand alone: those that point back ("this", "its", "the" before a bare noun) are marked or left
out.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from twin_assets.datasets.tagging import Token, unmarked
from twin_assets.datasets.words import STOP_WORDS, stem, word_set

_LONGEST_CODE = 32
"""Characters of inline code above which it is no name."""
_LONGEST_PHRASE = 7

_PREMODIFIER = word_set("AJ0 ORD NN0 NN1 NN2 NN NP0 UNC")
_ADJECTIVES = word_set("AJ0 ORD")
_HEAD = word_set("NN0 NN1 NN2 NN NP0 UNC")
_BACKWARDS = word_set("its their his her this that these those such another any some each every no both all other same")
_GENERIC = word_set(
    """number lot lots part parts kind kinds sort sorts type types thing things way ways bit bits piece pieces set rest
    couple range variety amount handful case cases example examples fact idea point points reason reasons time times
    day days week weeks month months year years one ones side sides something anything everything nothing people
    person man woman place places end beginning start top bottom middle use place problem question answer result
    results moment while half hour minute second note notes sense majority minority bunch ton tons plenty level series
    list pair group context presence absence existence
    most form forms today yesterday tomorrow hand hands update updates edit quarter morning evening
    night monday tuesday wednesday thursday friday saturday sunday january february march april june july august
    september october november december"""
)
_VAGUE = word_set(
    """improvement improvements deal chance news change changes difference differences approach issue issues advantage
    advantages benefit benefits problems solution solutions matter story job jobs point step steps start effect effects
    experience effort stuff look feature choice option options feeling interest success extent degree world life attempt
    possibility line lines mistake turn thought thoughts word words sense rule detail details term terms area areas
    aspect aspects thanks pm am km cm kg mb gb right other others own everyone someone anyone nobody history doubt
    decision decisions doubts past future process seconds minutes hours progress intention impression"""
)
"""Nouns that say little by themselves."""
_MONTHS = word_set(
    """january february march april may june july august september october november december jan feb mar apr jun jul aug
    sep"""
)
_PLACED = word_set(
    """last first next second third previous single various certain whole entire own new recent relevant other multiple
    several different additional further former latter"""
)
NOT = ("n't", "n’t")
_CONNECTIVES = word_set("of for")
_DETERMINERS = {"the": "the ", "a": "a ", "an": "an ", "my": "your ", "our": "your ", "your": ""}
"""What stands before a noun, and what another says in its place."""
_AFTER_GROUP = word_set("PUN PUR PUQ VBZ VBD VBB VHZ VVZ VVD VM0 PRF PRP CJC CJS CJT AV0")


class Phrase(NamedTuple):
    """A noun phrase; `text` is how another names it to the author (`my` has become `your`)."""

    text: str
    stems: frozenset[str]
    sentence: int
    name: bool
    """A proper name, or inline code."""
    alone: bool
    """Understood without what went before."""
    bare: str = ""
    """Its noun, where that is singular and has no article; empty otherwise."""


def noun_phrases(texts: Sequence[Sequence[Token]], names: Collection[str] = ()) -> list[Phrase]:
    """The noun phrases of tagged sentences, in their order.

    A word that begins a sentence is written small, unless it is capitalized elsewhere in them or stands in `names`.
    """
    capitalized = {token.text for tokens in texts for token in tokens[1:] if token.text[:1].isupper()}.union(names)
    return [phrase for number, tokens in enumerate(texts) for phrase in _phrases(tokens, number, capitalized)]


def _phrases(tokens: Sequence[Token], sentence: int, capitalized: Collection[str]) -> Iterator[Phrase]:
    at = 0
    while at < len(tokens):
        end = _noun_group(tokens, at)
        if end == at:
            at += 1
            continue
        if end > at + 1 and tokens[at].text.lower() == "say":
            at += 1  # "a city, say Berlin"
            continue
        if end == at + 1 and tokens[at].tag == "NN2" and end < len(tokens) and tokens[end].tag in _ADJECTIVES:
            at = end  # "ships new features": what was taken for a noun is a verb
            continue
        start, further = at, end
        # "the format of abbreviated keys": one step, over a determiner.
        link = tokens[end].text.lower() if end < len(tokens) else ""
        if link in _CONNECTIVES:
            second = end + 1
            second += second < len(tokens) and tokens[second].text.lower() in _DETERMINERS
            last = _noun_group(tokens, second)
            if last > second:
                further = last
        yield from _made(tokens, (start, end, further), sentence, capitalized)
        at = further


def _made(
    tokens: Sequence[Token], bounds: tuple[int, int, int], sentence: int, capitalized: Collection[str]
) -> Iterator[Phrase]:
    """The phrase of a noun group `[start, end)` that `of` or `for` leads on to `further`; none that points back."""
    start, end, further = bounds
    before = tokens[start - 1].text.lower() if start else ""
    if start > 1 and tokens[start - 1].tag == "AV0" and tokens[start - 2].text.lower() in ("a", "an", "the"):
        # "a particularly good book"
        before = tokens[start - 2].text.lower()
    if tokens[end - 1].text.lower() in _GENERIC or before in _BACKWARDS:
        if further > end and before not in _BACKWARDS:
            inner = end + 1 + (tokens[end + 1].text.lower() in _DETERMINERS)
            yield from _made(tokens, (inner, further, further), sentence, capitalized)
        return
    if further - start > _LONGEST_PHRASE or tokens[further - 1].text.lower() in _GENERIC:
        further = end
    group = tokens[start:further]
    if len(group) > _LONGEST_PHRASE or any(len(t.text) > _LONGEST_CODE or _broken(t.text) for t in group):
        return
    said = [unmarked(token.text).casefold() for token in group]
    said_set = set(said)
    stems = frozenset(stem(word) for word in said if word not in STOP_WORDS and len(word) > 1)
    if not stems:
        return
    name = group[-1].tag == "NP0" or _is_name(group[-1].text)
    vague = len(group) == 1 and before in _DETERMINERS and group[-1].tag != "NN2"
    following = tokens[further].text.lower() if further < len(tokens) else ""
    # Dates, and what is the last or a single one of its kind only in its place.
    vague = vague or not said_set.isdisjoint(_MONTHS) or group[0].text.lower() in _PLACED
    # "a 45 minute episode": what is left without its number.
    vague = vague or (start > 0 and tokens[start - 1].tag == "CRD")
    # "transient network or server problems": the noun comes after.
    vague = vague or tokens[end - 1].text.lower() in _VAGUE or following in ("or", "/")
    small = start == 0 and group[0].tag != "NP0" and group[0].text not in capitalized
    small = small and not (len(group) > 1 and group[1].text[:1].isupper())
    text = _joined(group, small)
    determiner = _DETERMINERS.get(before, "")
    if determiner in ("a ", "an "):
        determiner = article(text)
    bare = not determiner and not name and tokens[end - 1].tag == "NN1"
    head = tokens[end - 1].text.lower() if bare else ""
    yield Phrase(determiner + text, stems, sentence, name, name or not vague, head)


def article(text: str) -> str:
    """The indefinite article that goes before a text, with a space."""
    first = text.lstrip("`")
    vowel = first[:1].lower() in "aeiou" and not re.match(r"U[A-Z]|(?i:uni|use|usa|usu|uti|eu|one|once|ub)", first)
    spelled = re.match(r"[AEFHILMNORSX](?=[A-Z]{1,4}\b)", first) is not None
    return "an " if vowel or spelled else "a "


def _noun_group(tokens: Sequence[Token], at: int) -> int:
    """Where a run of adjectives and nouns that ends in a noun ends; `at` when none begins there."""
    end = last = at
    while end < len(tokens) and (_in_group(tokens[end]) or _possessive(tokens, end, at)):
        if end > at and tokens[end].tag in _ADJECTIVES and tokens[end - 1].tag in _HEAD:
            break
        end += 1
        if tokens[end - 1].tag in _HEAD:
            last = end
    if last > at and last < len(tokens):
        following = tokens[last + 1].tag if last + 1 < len(tokens) else "PUN"
        # A number after a name belongs to it ("Rails 7.1"), and a participle that ends a group ("rate limiting").
        if tokens[last].tag == "CRD" and tokens[last].text[0].isdigit():
            last += tokens[last - 1].text[0].isupper() or _is_name(tokens[last - 1].text)
        elif tokens[last].tag == "VVG" and tokens[last - 1].tag == "NN1":
            last += following in _AFTER_GROUP
    return last


def _in_group(token: Token) -> bool:
    return token.tag in _PREMODIFIER and token.text not in NOT and (token.text[0].isalnum() or token.text[0] == "`")


def _possessive(tokens: Sequence[Token], at: int, start: int) -> bool:
    return at > start and tokens[at].text in ("'s", "’s") and tokens[at].tag == "POS" and tokens[at - 1].tag in _HEAD


def _joined(group: Sequence[Token], small: bool) -> str:
    text = ""
    for number, token in enumerate(group):
        word = {"my": "your", "our": "your"}.get(token.text, token.text)
        if number == 0 and small and not _is_name(word):
            word = word.lower()
        text += (" " if text and token.text not in ("'s", "’s") else "") + word
    return text


def _is_name(word: str) -> bool:
    """Code, or capitals or digits inside: `SQLite`, `HTTP/3`, `v2`."""
    return word.startswith("`") or word[1:] != word[1:].lower() or (word[-1].isdigit() and not word[0].isdigit())


def _broken(word: str) -> bool:
    return word.startswith("`") and not re.fullmatch(r"`[\w.#@:\-/+ ()*]+`", word)
