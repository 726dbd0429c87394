"""Letters that only look like a font (𝗯𝗼𝗹𝗱, ⓒⓘⓡⓒⓛⓔⓓ, ᴄᴀᴘꜱ, Ｗｉｄｅ) as the letters that they stand for."""

import re
import unicodedata
from functools import cache

_SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "ABCDEFGHIJKLMNOPRSTUVWYZ", strict=True))
_LETTERLIKE = "ℂℊℋℌℍℎℐℑℒℓℕℙℚℛℜℝℤℨℬℭℯℰℱℳℴℹ"
"""Where the mathematical alphabets have gaps, older symbols fill them."""

_MATHEMATICAL = re.compile(rf"[\U0001d400-\U0001d7ff](?:[\U0001d400-\U0001d7ff{_LETTERLIKE}])*")
_LETTERLIKE_FIRST = re.compile(rf"[{_LETTERLIKE}]+(?=[\U0001d400-\U0001d7ff])")
_ENCLOSED = re.compile(
    "[\u24b6-\u24e9]{2,}|[\U0001f130-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189]{2,}(?!\ufe0f)"
)
"""Two and more: a single one is a mark such as Ⓜ or the emoji 🅿."""
_SMALL_CAPS = re.compile(rf"(?<![^\W\d_])(?:[{''.join(_SMALL_CAPITALS)}]|(?<=[ᴀ-ꜱ])[sx])+(?![^\W\d_])")
_FULL_WIDTH = re.compile("[\uff01-\uff5e][\u3000\uff01-\uff5e]*")
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_ANY = re.compile(f"[\U0001d400-\U0001d7ff\u24b6-\u24e9\U0001f130-\U0001f189\uff01-\uff5e{''.join(_SMALL_CAPITALS)}]")


def plain_letters(text: str) -> str:
    """The text with styled letters and digits as plain ones; how many characters it has does not change.

    Full-width letters stay in a line with East Asian ones, where they are no styling, and so do single enclosed
    letters and phonetic symbols.
    """
    if not _ANY.search(text):
        return text
    text = _MATHEMATICAL.sub(_compatible, _LETTERLIKE_FIRST.sub(_compatible, text))
    text = _ENCLOSED.sub(lambda found: "".join(map(_enclosed, found[0])), text)
    text = _SMALL_CAPS.sub(_capitals, text)
    return "\n".join(
        line if _EAST_ASIAN.search(line) else _FULL_WIDTH.sub(_compatible, line) for line in text.split("\n")
    )


def _compatible(found: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", found[0])


def _capitals(found: re.Match[str]) -> str:
    if len(found[0]) < 3:
        return found[0]
    return "".join(_SMALL_CAPITALS.get(letter, letter.upper()) for letter in found[0])


@cache
def _enclosed(letter: str) -> str:
    """`NEGATIVE CIRCLED LATIN CAPITAL LETTER A` is an A."""
    name = unicodedata.name(letter)
    plain = name.rsplit(" ", 1)[-1]
    return plain.lower() if "SMALL" in name else plain
