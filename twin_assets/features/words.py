"""What counts as a word, for lengths and for comparing documents."""

import re

_URL = re.compile(r"\b(?:https?://|www\.)\S+")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W_]+(?:['’\-][^\W_]+)*")
"""A run of letters and digits with inner apostrophes and hyphens, or one ideograph or kana, which no space parts."""


def words(text: str) -> list[str]:
    """The words of a text in lower case; addresses and punctuation are none."""
    return _WORD.findall(_URL.sub(" ", text).casefold())


def word_count(text: str) -> int:
    """How many words a text has."""
    return len(words(text))
