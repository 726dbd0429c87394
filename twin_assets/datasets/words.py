"""Words of a text and what makes them comparable: content words, stems, runs of words."""

import re
from collections.abc import Iterator, Sequence

_IDEOGRAPH = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_LETTER = rf"[^\W_{_IDEOGRAPH}]"
WORD = re.compile(rf"{_LETTER}+(?:['’\-.]{_LETTER}+)*|[{_IDEOGRAPH}]")
"""A run of letters and digits with inner marks, as in `don't` and `Node.js`, or one ideograph or kana."""

OVERLAP = 13
"""Words running from which two texts are held to share wording (Brown et al. 2020, appendix C)."""

STOP_WORDS = frozenset(
    """a about above actually after again all almost also although always am an and another any anyone anything are
    around as at away back be became because become been before behind being below best better between both bit but by
    came can can't cannot certain certainly come comes could couldn't day did didn't different do does doesn't doing
    don't done down during each either else enough even ever every everyone everything exactly fact far few find first
    for found from full further gave get gets getting give given go goes going gone good got great had hadn't half
    hand hard has hasn't have haven't having he he'd he'll he's her here hers herself him himself his how however i
    i'd i'll i'm i've if in instead into is isn't it it'd it'll it's its itself just keep kept kind knew know known
    large last later least left less let let's like likely little long look looked looks lot made make makes making
    many may maybe me mean means might mine more most much must my myself near need needs never new next no nobody
    none nor not nothing now of off often old on once one ones only onto or other others otherwise our ours ourselves
    out over own part particular perhaps please point possible pretty probably put quite rather really right said same
    saw say says second see seem seems seen several shall she she's should shouldn't show side simply since small so
    some someone something sometimes somewhat soon sort still stuff such sure take taken takes tell than that that's
    the their theirs them themselves then there there's therefore these they they'd they'll they're they've thing
    things think this those though thought three through thus time times to today together told too took toward
    towards tried try trying turn turned two under until up upon us use used uses using usually various very want
    wanted wants was wasn't way ways we we'd we'll we're we've week well went were weren't what what's whatever when
    where whether which while who who's whole whom whose why will with within without won't word words work worked
    works would wouldn't wrong year years yes yet you you'd you'll you're you've your yours yourself
    except day days hour hours minute minutes moment couple example examples original final number result results four five
    six seven eight nine ten hundred thousand general current ongoing majority chance chances multitude course impression
    literally purely significant whatever main lack total extra bunch handful plenty amount matter matters issue reason
    reasons case cases sense idea ideas fine nice bad worse worst big bigger biggest long longer short high low early late
    simple single similar common typical modern decent huge tiny able available possible true false start started begin
    began beginning ended ending happen happened happens instance section sections notable according inside outside anytime wherein whereby working running named
    e.g i.e etc vs ie eg per via ago re ex whichever wherever meanwhile nearly merely mostly largely especially
    particularly roughly slightly recently currently basically obviously clearly entirely eventually immediately
    quickly easily already absolutely completely finally fairly similarly typically specifically generally
    relatively unfortunately luckily interestingly ultimately effectively apparently essentially originally
    highly extremely incredibly necessarily directly somehow somewhere anyway""".split()
)
"""English words that say nothing of what a text is about."""

_ENDINGS = ("ations", "ation", "ingly", "edly", "ings", "ing", "ies", "ied", "ers", "ed", "er", "es", "ly", "s", "e", "y")


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
