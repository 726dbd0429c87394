"""A Markdown text as a reader sees it: words in order, code told apart from prose, links as their text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from twin_assets.features.markdown_blocks import code_spans
from twin_assets.features.shingles import WordHashes, word_hashes
from twin_assets.features.words import words

_ADDRESS_CHARACTERS = 23
"""What an address counts, however long it is: as much as on X."""
_SAYING = 4
"""Words from which a list item or a heading says something."""

_CODE_MARKS = ("```", "~~~", "    ", "\t")
_QUOTE = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]+\]:[ \t]*\S+.*$", re.MULTILINE)
_LINK = re.compile(r"(!?)\[([^\[\]\n]*(?:\n[^\[\]\n]+)?)\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\]\n]*\])")
_ADDRESS = re.compile(r"<?(?:https?://|www\.)[^\s<>]+>?")
_MARKED = re.compile(r"^[ \t]*(\||(?:[-*+]|\d{1,9}[.)]|#{1,6})[ \t])(.*)$", re.MULTILINE)
_SENTENCE_END = tuple(".!?…:;。！？\"”'’)*_")


@dataclass(frozen=True)
class Reading:
    """What is in a text. Characters are those that are not white space; link targets and images are not counted."""

    hashes: WordHashes
    """Of all words in order, code included."""
    prose_hashes: WordHashes
    """Of the words outside code."""
    letters: int
    """Characters of words in running text: not in code, tables, or list items and headings of fewer than 4 words."""
    text_characters: int
    """Those outside code, without addresses."""
    code_characters: int
    prose_characters: int
    """Those outside code, a bare address as 23 of them."""
    link_characters: int
    """Those of them that are link texts and bare addresses."""


def own_text(markdown: str) -> str:
    """The text without block quotes, which are other people's words; all of it where nothing else is left."""
    if ">" not in markdown:
        return markdown
    own = _QUOTE.sub("", markdown)
    return own if own.strip() else markdown


def read(markdown: str) -> Reading:
    """Read a text once for all that is asked of it. Platforms set apostrophes anew, so all are read as straight."""
    markdown = markdown.replace("’", "'")
    found: list[WordHashes] = []
    prose: list[WordHashes] = []
    letters = text_characters = code_characters = prose_characters = link_characters = 0
    for is_code, part in _parts(markdown):
        if is_code:
            found.append(word_hashes(words(part)))
            code_characters += _visible(part)
            continue
        text, linked, addresses = _without_targets(part)
        tokens = words(text)
        prose.append(word_hashes(tokens))
        found.append(prose[-1])
        letters += _letters(tokens) - sum(_letters(words(line)) for line in _dull_lines(text))
        visible = _visible(text)
        text_characters += visible
        prose_characters += visible + addresses
        link_characters += linked + addresses
    return Reading(
        hashes=_joined(found),
        prose_hashes=_joined(prose),
        letters=letters,
        text_characters=text_characters,
        code_characters=code_characters,
        prose_characters=prose_characters,
        link_characters=link_characters,
    )


def _parts(markdown: str) -> Iterator[tuple[bool, str]]:
    """Code blocks and what lies between them."""
    at = 0
    if any(mark in markdown for mark in _CODE_MARKS):
        for start, end in code_spans(markdown):
            yield False, markdown[at:start]
            yield True, markdown[start:end]
            at = end
    yield False, markdown[at:]


def _without_targets(prose: str) -> tuple[str, int, int]:
    """The words without images and addresses, the characters of link texts, and what the bare addresses count."""
    linked = 0
    if "[" in prose:
        prose = _DEFINITION.sub("", prose)
        linked = sum(_visible(found[2]) for found in _LINK.finditer(prose) if not found[1])
        prose = _LINK.sub(lambda found: "" if found[1] else found[2], prose)
    addresses = 0
    if "://" in prose or "www." in prose:
        prose, addresses = _ADDRESS.subn(" ", prose)
    return prose, linked, addresses * _ADDRESS_CHARACTERS


def _dull_lines(text: str) -> Iterator[str]:
    """Rows of tables, and list items and headings that say nothing."""
    for line in _MARKED.finditer(text):
        said = line[2].rstrip()
        if line[1] == "|" or (len(said.split()) < _SAYING and not said.endswith(_SENTENCE_END)):
            yield line[0]


def _letters(tokens: list[str]) -> int:
    return sum(len(token) for token in tokens if not token[0].isdigit())


def _visible(text: str) -> int:
    return len("".join(text.split()))


def _joined(parts: list[WordHashes]) -> WordHashes:
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.uint64), *parts])
