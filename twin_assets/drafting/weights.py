"""How X counts characters: twitter-text's configuration v3, in which 280 is the most.

Letters of most alphabets weigh 1, those of the others (Chinese, Japanese, Korean) and an emoji, however many code
points it is joined of, 2. A link weighs 23, whatever its length.
"""

import unicodedata

import regex

LINK = 23
_LINK = regex.compile(r"https?://\S*[^\s.,;:!?\"')\]}»”’]", regex.IGNORECASE)
_BARE = regex.compile(r"(?<![\w@./-])(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}(?:/\S*[^\s.,;:!?\"')\]}»”’])?(?![\w@])")
"""What may be a domain: X turns it into a link when it is one."""
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_EMOJI = regex.compile(r"\p{Extended_Pictographic}|\p{Regional_Indicator}|⃣|\p{Emoji_Modifier}")


def weighted_length(text: str) -> int:
    """The length of a post. What may or may not be a link counts as whatever is more, so that a post is never longer
    than this says."""
    text = unicodedata.normalize("NFC", text)
    total, at = 0, 0
    for link in _LINK.finditer(text):
        total += _bare_length(text[at : link.start()]) + LINK
        at = link.end()
    return total + _bare_length(text[at:])


def graphemes(text: str) -> list[str]:
    """What a reader takes for one character, one by one: an emoji of several code points is not cut."""
    found: list[str] = regex.findall(r"\X", text)
    return found


def _bare_length(text: str) -> int:
    total, at = 0, 0
    for domain in _BARE.finditer(text):
        total += _plain_length(text[at : domain.start()]) + max(LINK, _plain_length(domain[0]))
        at = domain.end()
    return total + _plain_length(text[at:])


def _plain_length(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(2 if _EMOJI.search(one) else sum(map(_weight, one)) for one in graphemes(text))


def _weight(character: str) -> int:
    return 1 if any(first <= ord(character) <= last for first, last in _LIGHT) else 2
