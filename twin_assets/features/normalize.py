"""One form for the same characters: line ends, invisible ones, styled letters, mojibake, NFC. Code is left alone."""

import re
import unicodedata

from twin_assets.features.markdown_blocks import INLINE_CODE, code_spans
from twin_assets.features.styled import plain_letters

_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\u061c\u180e\ufeff\u00ad\ufff9-\ufffc]")
"""Zero-width characters and marks of direction: right-to-left text is stored in reading order and needs none."""
_STRAY_JOINER = re.compile(r"(?<![^\x00-\x7f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\x7f])")
"""Joiners between letters of scripts that need them, and inside emoji, stay."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPACES = str.maketrans(
    dict.fromkeys(["\u00a0", "\u1680", *map(chr, range(0x2000, 0x200B)), "\u202f", "\u205f", "\u3164"], " ")
    | dict.fromkeys(["\u2028", "\u2029", "\x85"], "\n")
)
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_PASSES = 8


def normalize(text: str) -> str:
    """The text in one form: `\\n` line ends, no invisible or control characters, plain letters for styled ones, no
    mojibake, NFC, single blank lines.

    Code keeps every character; only the line ends of code blocks become `\\n`. Applying it twice changes nothing.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for _ in range(_MAX_PASSES):
        after = _normalized(text)
        if after == text:
            break
        text = after
    return text


def _normalized(text: str) -> str:
    parts, at = [], 0
    for start, end in code_spans(text):
        parts += [_prose(text[at:start]), text[start:end]]
        at = end
    parts.append(_prose(text[at:]))
    return "".join(parts).strip("\n")


def _prose(text: str) -> str:
    if not text.isascii():
        parts, at = [], 0
        for code in INLINE_CODE.finditer(text) if "`" in text else ():
            parts += [_unicode(text[at : code.start()]), code[0]]
            at = code.end()
        text = "".join([*parts, _unicode(text[at:])])
    text = _CONTROL.sub("", text)
    return _BLANK_LINES.sub("\n\n", _TRAILING.sub("", text))


def _unicode(text: str) -> str:
    if text.isascii():
        return text
    from ftfy import fix_text
    from ftfy.badness import is_bad

    if is_bad(text) or _SURROGATE.search(text):
        # Quotes, ligatures and full-width letters are how the author writes: only an encoding error's work is mended.
        text = fix_text(
            text,
            unescape_html=False,
            uncurl_quotes=False,
            fix_latin_ligatures=False,
            fix_character_width=False,
            remove_terminal_escapes=False,
            normalization=None,
            explain=False,
        )
    text = _STRAY_JOINER.sub("", _INVISIBLE.sub("", text.translate(_SPACES)))
    return unicodedata.normalize("NFC", plain_letters(text))
