"""Words of a text and what makes them comparable: content words, stems, runs of words."""

import re
from collections.abc import Iterator, Sequence

_IDEOGRAPH = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_LETTER = rf"[^\W_{_IDEOGRAPH}]"
WORD = re.compile(rf"{_LETTER}+(?:['’\-.]{_LETTER}+)*|[{_IDEOGRAPH}]")
"""A run of letters and digits with inner marks, as in `don't` and `Node.js`, or one ideograph or kana."""

OVERLAP = 13
"""Words running from which two texts are held to share wording (Brown et al. 2020, appendix C)."""


def word_set(text: str) -> frozenset[str]:
    """The words of a list that is written as running text."""
    return frozenset(text.split())


STOP_WORDS = word_set(
    """
    a able about above absolutely according actually after again ago all almost already also although always am
    amount an and another any anyone anything anytime anyway apparently are around as at available away back bad
    basically be became because become been before began begin beginning behind being below best better between
    big bigger biggest bit both bunch but by came can can't cannot case cases certain certainly chance chances
    clearly come comes common completely could couldn't couple course current currently day days decent did
    didn't different directly do does doesn't doing don't done down during e.g each early easily effectively eg
    eight either else ended ending enough entirely especially essentially etc even eventually ever every
    everyone everything ex exactly example examples except extra extremely fact fairly false far few final
    finally find fine first five for found four from full further gave general generally get gets getting give
    given go goes going gone good got great had hadn't half hand handful happen happened happens hard has hasn't
    have haven't having he he'd he'll he's her here hers herself high highly him himself his hour hours how
    however huge hundred i i'd i'll i'm i've i.e idea ideas ie if immediately impression in incredibly inside
    instance instead interestingly into is isn't issue it it'd it'll it's its itself just keep kept kind knew
    know known lack large largely last late later least left less let let's like likely literally little long
    longer look looked looks lot low luckily made main majority make makes making many matter matters may maybe
    me mean means meanwhile merely might mine minute minutes modern moment more most mostly much multitude must
    my myself named near nearly necessarily need needs never new next nice nine no nobody none nor not notable
    nothing now number obviously of off often old on once one ones ongoing only onto or original originally
    other others otherwise our ours ourselves out outside over own part particular particularly per perhaps
    please plenty point possible pretty probably purely put quickly quite rather re really reason reasons
    recently relatively result results right roughly running said same saw say says second section sections see
    seem seems seen sense seven several shall she she's short should shouldn't show side significant similar
    similarly simple simply since single six slightly small so some somehow someone something sometimes somewhat
    somewhere soon sort specifically start started still stuff such sure take taken takes tell ten than that
    that's the their theirs them themselves then there there's therefore these they they'd they'll they're
    they've thing things think this those though thought thousand three through thus time times tiny to today
    together told too took total toward towards tried true try trying turn turned two typical typically
    ultimately under unfortunately until up upon us use used uses using usually various very via vs want wanted
    wants was wasn't way ways we we'd we'll we're we've week well went were weren't what what's whatever when
    where whereby wherein wherever whether which whichever while who who's whole whom whose why will with within
    without won't word words work worked working works worse worst would wouldn't wrong year years yes yet you
    you'd you'll you're you've your yours yourself
    """
)
"""English words that say nothing of what a text is about."""

_ENDINGS = (
    "ations",
    "ation",
    "ingly",
    "edly",
    "ings",
    "ing",
    "ies",
    "ied",
    "ers",
    "ed",
    "er",
    "es",
    "ly",
    "s",
    "e",
    "y",
)


def words(text: str) -> list[str]:
    """The words of a text in lower case, with straight apostrophes."""
    return [word.casefold().replace("’", "'") for word in WORD.findall(text)]


def word_count(text: str) -> int:
    """How many words a text has."""
    return len(WORD.findall(text))


def stem(word: str) -> str:
    """A word without the commonest English endings: enough to see that two forms are of one word."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def content_stems(text: str) -> set[str]:
    """The stems of the words that say what a text is about."""
    return {stem(word) for word in words(text) if word not in STOP_WORDS and len(word) > 2}


def ngrams(tokens: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    """All runs of `n` tokens; none when there are fewer."""
    return (tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def same_wording(text: str) -> str:
    """A text as its bare words: what two instructions or answers are the same by."""
    return " ".join(words(text))
