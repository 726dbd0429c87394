"""One form for the same characters: line ends, invisible characters, mojibake, NFC, blank lines. Code is left alone."""

import re
import unicodedata

from twin_assets.features.markdown_blocks import code_spans

_INVISIBLE = re.compile(r"[\u200b\u200e\u200f\u2060\ufeff\u00ad]")
_STRAY_JOINER = re.compile(r"(?<![^\x00-\x7f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\x7f])")
"""Joiners between letters of scripts that need them, and inside emoji, stay."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2007": " ", "\u2028": "\n", "\u2029": "\n", "\x85": "\n"})
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")
_MAX_PASSES = 8


def normalize(text: str) -> str:
    """The text in one form: `\\n` line ends, no invisible or control characters, no mojibake, NFC, single blank lines.

    Fenced and indented code keeps every character; only its line ends become `\\n`. Applying it twice changes nothing.
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
        text = _unicode(text)
    text = _CONTROL.sub("", text)
    return _BLANK_LINES.sub("\n\n", _TRAILING.sub("", text))


def _unicode(text: str) -> str:
    import ftfy

    # Quotes, ligatures and full-width letters are how the author writes: only what an encoding error made is mended.
    mended = ftfy.fix_text(
        text,
        unescape_html=False,
        uncurl_quotes=False,
        fix_latin_ligatures=False,
        fix_character_width=False,
        remove_terminal_escapes=False,
        normalization=None,
        explain=False,
    )
    mended = _STRAY_JOINER.sub("", _INVISIBLE.sub("", mended.translate(_SPACES)))
    return unicodedata.normalize("NFC", mended)
