"""The language that a text is written in, by py3langid (Naive Bayes over byte n-grams; Lui & Baldwin, ACL 2012)."""

import re
from functools import cache
from typing import TYPE_CHECKING

from twin_assets.features.markdown_blocks import code_spans

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_CHARACTERS = 300
"""As much of a text as tells its language."""
_MIN_LETTERS = 12
_MIN_IDEOGRAPHS = 3
_LEAST_CONFIDENCE = 0.5
_NOT_WORDS = re.compile(r"`[^`\n]*`|https?://\S+|www\.\S+|\S+@\S+|[@#]\w+|\]\([^()\n]*\)|\[(?:email|phone|secret)\]")
_LETTER = re.compile(r"[^\W\d_]")
_IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def language(text: str) -> tuple[str, float]:
    """The ISO 639-1 code of a text's language and the confidence in it, 0 to 1.

    The code is empty where there are too few letters to tell, or the best guess has a confidence below 0.5. Code,
    addresses, mentions and hashtags are no words of a language.
    """
    prose = _prose(text)
    if len(_LETTER.findall(prose)) < _MIN_LETTERS and len(_IDEOGRAPH.findall(prose)) < _MIN_IDEOGRAPHS:
        return "", 0.0
    code, confidence = _identifier().classify(prose)
    # Rounded, so that another build of numpy does not make every row a new one.
    confidence = round(confidence, 3)
    return (code if confidence >= _LEAST_CONFIDENCE else ""), confidence


def _prose(text: str) -> str:
    parts, at = [], 0
    for start, end in code_spans(text):
        parts.append(text[at:start])
        at = end
    prose = "\n".join([*parts, text[at:]])
    return " ".join(_NOT_WORDS.sub(" ", prose[: 3 * _CHARACTERS]).split())[:_CHARACTERS]


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in identifier.labels if len(code) == 2])
    return identifier
