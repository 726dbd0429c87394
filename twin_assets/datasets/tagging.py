"""Sentences of English text, and the parts of speech of their words.

Parts of speech come from HanTa's hidden Markov model (Wartena 2019, "A probabilistic morphology model for German
lemmatization"), trained on the BNC and kept in its package.
"""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from twin_assets.datasets.markdown_blocks import prose

if TYPE_CHECKING:
    from HanTa.HanoverTagger import HanoverTagger

_LONGEST_SENTENCE = 80
"""Tokens of a sentence that are read: the model's time grows with them, and its subject stands early."""
_REMEMBERED = 50_000
"""Words whose readings are remembered."""

_TOKEN = re.compile(
    r"`[^`\n]+`|n['’]t\b|(?:[A-Za-z]\.){2,}|[^\W_]+(?:[_.+#\-/][^\W_]+)*[+#]*|['’](?:s|re|ve|ll|d|m)\b|[^\w\s]"
)
_CONTRACTION = re.compile(r"(?<=\w)(?=['’](?:s|re|ve|ll|d|m)\b)|(?<=\w)(?=n['’]t\b)")
_TABLE = re.compile(r"^[ \t]*\|.*$", re.M)
ABBREVIATED = (
    r"(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\betc\.)(?<!\bvs\.)(?<!\b[A-Z]\.)(?<!\b(?:Mr|Dr|Ms|St|No|cf)\.)(?<!\bMrs\.)"
)
"""A look back: the full stop does not end a sentence after such a word."""
_SENTENCE = re.compile(
    ABBREVIATED + r"(?<=[.!?…])[\"'”’)\]*_]*\s+(?=[^\sa-z])|\s*\n\s*\n\s*|\n(?=[ \t]*(?:[-*+#]|\d{1,9}[.)])[ \t])"
)
_EMPHASIS = re.compile(r"(?<!\w)[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?!\w)|^[ \t]*(?:[-*+]|\d{1,9}[.)]|\|)[ \t]+|\\(?=\W)")


class Token(NamedTuple):
    """A word or mark with its part of speech, in the tags of the BNC (C5)."""

    text: str
    tag: str


def sentences(text: str) -> list[str]:
    """The sentences of a Markdown text, without markup; inline code keeps its marks."""
    found = []
    for part in _SENTENCE.split(_TABLE.sub("", prose(text))):
        plain = " ".join(_EMPHASIS.sub("", part).split()).strip("# ")
        if plain:
            found.append(plain)
    return found


def tagged(sentence: str) -> list[Token]:
    """The tokens of a sentence with their parts of speech; none where the model finds no reading."""
    found = _TOKEN.findall(_CONTRACTION.sub(" ", sentence))[:_LONGEST_SENTENCE]
    if not found:
        return []
    tagger = _tagger()
    try:
        tags = [tagger.int2tag[tag] for tag in tagger.tag_sent_viterbi([unmarked(text) for text in found])]
    except (KeyError, ValueError, IndexError):
        return []
    return [Token(text, "NP0" if text.startswith("`") else tag) for text, tag in zip(found, tags, strict=True)]


def unmarked(word: str) -> str:
    """A word without the marks of inline code, and with a straight apostrophe."""
    return word.strip("`").replace("’", "'")


@cache
def _tagger() -> "HanoverTagger":
    from HanTa.HanoverTagger import HanoverTagger

    tagger = HanoverTagger("morphmodel_en.pgz")
    # Words that are not in its list are taken apart anew each time, which is most of its work.
    tagger._tag_word = lru_cache(_REMEMBERED)(tagger._tag_word)
    return tagger
