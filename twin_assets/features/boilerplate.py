"""Boilerplate of a source, found by how many of its documents have it: footers, calls to action, lists of links.

Each document notes digests of the short paragraphs near its beginning and end. Which of them are boilerplate follows
from counting those of all documents, so it depends neither on their order nor on what was cleaned before.
"""

import hashlib
import math
import re
from collections.abc import Collection, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin_assets.features.chrome import cut, visible
from twin_assets.features.markdown_blocks import Block, blocks
from twin_assets.features.removal import Removal
from twin_assets.features.words import words

LEAST_DOCUMENTS = 3
_LINK = re.compile(r"\]\(|\]\[|https?://|www\.")
_FIRST, _LAST = 3, 8
_MOST_CHARACTERS = 600
_LEAST_WORDS = 8
"""Shorter ones count only with a link: "Until next week." is how this author ends a letter, not a template."""


def candidates(text: str) -> tuple[int, ...]:
    """Digests (signed, 64 bits) of the paragraphs and headings that could be boilerplate, in order and each once.

    They lie among the first 3 or last 8 blocks of a text of several, are no code, no quote and no table, do not
    introduce what follows with a colon, have 8 words or a link, and at most 600 characters. What a link points to
    counts only in those of fewer than 8 words: an author writes "Try it here" for many places.
    """
    return tuple(dict.fromkeys(digest for _, digest in _candidates(text)))


def boilerplate(by_document: pa.ListArray | pa.ChunkedArray, share: float) -> frozenset[int]:
    """Those digests that at least `share` of the documents have, and 3 documents at least."""
    least = max(LEAST_DOCUMENTS, math.ceil(share * len(by_document)))
    # Sorted, the same digests are neighbours. A hash table of all, most of which are there once, takes ten times this.
    digests = np.sort(pc.list_flatten(by_document).to_numpy())
    first, last = digests[: max(len(digests) - least + 1, 0)], digests[least - 1 :]
    return frozenset(last[first == last].tolist())


def without_boilerplate(text: str, digests: Collection[int]) -> tuple[str, list[Removal]]:
    """The text without its candidates among `digests`; a heading goes only with all that stands below it."""
    if not digests:
        return text, []
    found = blocks(text)
    gone = {block for block, digest in _candidates(text) if digest in digests and block.kind == "text"}
    for number, digest in reversed([(found.index(b), d) for b, d in _candidates(text) if b.kind == "heading"]):
        below = list(_section(found, number))
        if digest in digests and below and all(block in gone for block in below):
            gone.add(found[number])
    ordered = sorted(gone, key=lambda block: block.start)
    removals = [Removal("boilerplate", text[block.start : block.end]) for block in ordered]
    return cut(text, ordered), removals


def _section(found: list[Block], number: int) -> Iterator[Block]:
    """The blocks below a heading, up to the next of its level or above."""
    for block in found[number + 1 :]:
        if block.kind == "heading" and block.level <= found[number].level:
            return
        yield block


def _candidates(text: str) -> Iterator[tuple[Block, int]]:
    found = blocks(text)
    if sum(block.kind != "heading" for block in found) < 2:
        return
    for number, block in enumerate(found):
        if block.kind == "code" or _FIRST <= number < len(found) - _LAST or block.end - block.start > _MOST_CHARACTERS:
            continue
        paragraph = text[block.start : block.end]
        if block.kind == "text" and (paragraph.lstrip()[0] in ">|" or paragraph.rstrip().endswith(":")):
            continue
        said = words(visible(paragraph))
        short = len(said) < _LEAST_WORDS
        if block.kind == "heading" or not short or (said and _LINK.search(paragraph)):
            tells = paragraph if short and block.kind == "text" else " ".join(said)
            key = f"{block.kind} {tells}".encode("utf-8", "surrogatepass")
            yield block, int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big", signed=True)
