"""What platforms and templates write around the author's words, paragraph by paragraph, by what it says."""

import re

from twin_assets.features.chrome_phrases import PHRASES
from twin_assets.features.markdown_blocks import Block, blocks, plain
from twin_assets.features.normalize import normalize
from twin_assets.features.removal import Removal

_MOST_CHARACTERS = 500
_CHROME = [(reason, re.compile("|".join(patterns), re.IGNORECASE | re.DOTALL)) for reason, patterns in PHRASES.items()]
_AROUND = " \t\n\r*_~|·•←→«»‹›↑↓❤♥♡👍🔁➡⬅🔗.!…:-–—©>#0"
_PLACEHOLDER = re.compile(r"(?<!\S)(?:https?://)?pic\.(?:twitter|x)\.com/\w+[ \t]*")
_SEPARATOR = re.compile(r"\n-- ?\n(?P<lines>[^\n]+(?:\n[^\n]+){0,5})\s*\Z")
"""The line that parts a signature from a message (RFC 3676, section 4.3)."""
_HASHTAG = r"#\w[\w-]*"
_HASHTAG_TAIL = re.compile(rf"(?:\n[ \t]*(?:{_HASHTAG}[ \t,]*)+|[ \t]+{_HASHTAG}(?:[ \t,]+{_HASHTAG})+)\s*\Z")
"""Hashtags on lines of their own at the end, or two and more after the last words: one may belong to the sentence."""


def without_chrome(text: str) -> tuple[str, list[Removal]]:
    """A Markdown text without paragraphs that say nothing but what a platform says, and without a tail of hashtags.

    Only whole paragraphs of up to 500 characters go, never headings, code, quotes or a paragraph that introduces
    something (it ends in a colon). Applying it twice changes nothing.
    """
    removals: list[Removal] = []
    while True:
        found = blocks(text)
        gone = [(block, reason) for n, block in enumerate(found) if (reason := _reason(text, found, n))]
        removals += [Removal(reason, text[block.start : block.end]) for block, reason in gone]
        after, tail = without_tail(cut(text, [block for block, _ in gone]))
        removals += tail
        if after == text:
            return text, removals
        text = after


def without_tail(text: str) -> tuple[str, list[Removal]]:
    """A text without hashtags after its last words, placeholders of pictures, and the signature of a mail."""
    removals: list[Removal] = []

    def placeholder(found: re.Match[str]) -> str:
        removals.append(Removal("embed", found[0]))
        return ""

    last = blocks(text)[-1:]
    if last and last[0].kind == "code":
        return text, removals
    if "pic." in text and not any(block.kind == "code" for block in blocks(text)):
        text = normalize(_PLACEHOLDER.sub(placeholder, text))
    while (tail := _HASHTAG_TAIL.search(text)) or (tail := _SEPARATOR.search(text)):
        removals.append(Removal("hashtags" if tail.re is _HASHTAG_TAIL else "signature", tail[0]))
        text = normalize(text[: tail.start()])
    return text, removals


def cut(text: str, gone: list[Block]) -> str:
    """The text without these blocks, blank lines closed."""
    if not gone:
        return text
    parts, at = [], 0
    for block in gone:
        parts.append(text[at : block.start])
        at = block.end
    return normalize("".join([*parts, text[at:]]))


def visible(paragraph: str) -> str:
    """What a reader sees of a paragraph: links as their text, no emphasis, one space between words."""
    return plain(re.sub(r"\]\([^()\n]*\)", "]()", paragraph))


def _reason(text: str, found: list[Block], number: int) -> str:
    block = found[number]
    if block.kind != "text" or block.end - block.start > _MOST_CHARACTERS:
        return ""
    paragraph = text[block.start : block.end]
    if paragraph.lstrip()[:1] in (">", "|") or paragraph.rstrip().endswith(":"):
        return ""
    says = visible(re.sub(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+", "", paragraph, flags=re.MULTILINE)).strip(_AROUND)
    return next((reason for reason, pattern in _CHROME if pattern.fullmatch(says)), "")
