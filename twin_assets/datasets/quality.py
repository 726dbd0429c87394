"""What of an author's own text is nothing to learn from: boilerplate, personal data, refusals, what is no text."""

import re
from collections import Counter

from twin_assets.datasets.markdown_blocks import prose
from twin_assets.datasets.words import word_count, words

_BOILERPLATE = re.compile(
    r"\b(?:subscribe (?:now|here|below|to)|thanks for (?:reading|subscribing)|thank you for (?:reading|subscribing)"
    r"|share this (?:post|article)|follow me on|sign up (?:here|below|for)"
    r"|originally (?:published|appeared) (?:in|on|at)"
    r"|all rights reserved|unsubscribe|leave a comment|click here|read more at|this (?:post|email) (?:is|was) sponsored"
    r"|discuss (?:this )?on|view (?:this )?(?:email )?in (?:your )?browser|cookies? (?:policy|settings))\b",
    re.I,
)
_BOILERPLATE_WORDS = 45
"""A longer passage may say such a thing among others."""
_REFUSAL = re.compile(
    r"\bas an? (?:ai|artificial intelligence|large language model|language model)\b"
    r"|^\W*(?:i['’]?m sorry|i am sorry|sorry),? (?:but )?i (?:can(?:no|['’])t|am unable|['’]m unable|won['’]t)"
    r"|^\W*i (?:can(?:no|['’])t|am unable to|['’]m unable to) (?:help|assist|answer|provide|fulfil|comply)",
    re.I,
)
_EMAIL = re.compile(r"(?<![\w.+/@:])[\w.+\-]+@(?:[a-z0-9\-]+\.)+[a-z]{2,24}\b", re.I)
_NOBODY = re.compile(r"^(?:git|hg|svn|no-?reply|you|your\w*|user|name|foo|root)@|@(?:[\w\-.]+\.)?example\.", re.I)
_PHONE = re.compile(r"(?<![\w./#=\-])(?:\+\d{1,3}[ .\-]?(?:\(\d{1,4}\)[ .\-]?)?\d[\d .\-]{6,14}\d)(?![\w\-./])")
_CARD = re.compile(r"(?<![\w.\-])(?:\d{4}[ \-]){3}\d{4}(?![\w\-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: [A-Z0-9]{4}){3,7}(?: [A-Z0-9]{1,3})?\b")
_LETTER_SHARE = 0.55
_PROSE_WORDS, _PROSE_SHARE = 30, 0.4
"""Prose of so few words, and so little of a passage, is a caption of the code or addresses beside it."""
_REPEATED_SHARE = 0.34
_REPEATED_LEAST = 12


def unfit(text: str, *, code: bool = False) -> str:
    """Why a passage is nothing to train on, or an empty string: `pii`, `refusal`, `boilerplate`, `low_quality`.

    Args:
        text: the passage, in Markdown.
        code: whether it is code as a whole, of which only `pii` is asked.
    """
    if personal(text):
        return "pii"
    if code:
        return ""
    said = prose(text)
    if _REFUSAL.search(said):
        return "refusal"
    if _BOILERPLATE.search(said) and word_count(said) <= _BOILERPLATE_WORDS:
        return "boilerplate"
    return "low_quality" if _is_no_text(said) or _is_mostly_code(text, said) else ""


def personal(text: str) -> bool:
    """Whether an address of a person, a telephone, card or account number stands in a text."""
    if any(not _NOBODY.search(match[0]) for match in _EMAIL.finditer(text)):
        return True
    return any(pattern.search(text) for pattern in (_PHONE, _CARD, _IBAN))


def _is_mostly_code(text: str, said: str) -> bool:
    prose_words = word_count(said)
    return prose_words < _PROSE_WORDS and prose_words < _PROSE_SHARE * word_count(text)


def _is_no_text(said: str) -> bool:
    """Marks and digits rather than words, or the same words again and again."""
    visible = "".join(said.split())
    if not visible or sum(map(str.isalpha, visible)) < _LETTER_SHARE * len(visible):
        return True
    counts = Counter(words(said))
    if counts.total() < _REPEATED_LEAST:
        return False
    _, most = counts.most_common(1)[0]
    return most > _REPEATED_SHARE * counts.total()
