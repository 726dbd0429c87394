"""Whether a text is English, for which instructions are worded; what other language it is in."""

from twin_assets.datasets.markdown_blocks import prose
from twin_assets.datasets.words import STOP_WORDS, words
from twin_assets.features.language import language

ENGLISH = "en"
_CHARACTERS = 800
_STOP_SHARE = 0.25
"""Share of a text's words that only say how others hang together: no other language comes near it by chance."""
_LEAST_WORDS = 5


def language_of(text: str) -> str:
    """The ISO 639-1 code of a text's language; empty where there is too little to tell."""
    said = words(prose(text)[:_CHARACTERS])
    if sum(word in STOP_WORDS for word in said) >= max(_STOP_SHARE * len(said), 2):
        return ENGLISH
    if len(said) < _LEAST_WORDS:
        return ""
    return language(" ".join(said))[0]
