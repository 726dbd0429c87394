"""Text cut where a sentence ends, and at words only where one sentence is too long by itself."""

import re
from collections.abc import Callable, Sequence

from twin_assets.drafting.weights import graphemes

Size = Callable[[str], int]
"""The length of a text in the units of its limit."""

_END = re.compile(r"[.!?…][\"'”’)\]*_`]*\s+(?=[^\sa-z])|[。！？]")
_NO_END = re.compile(r"(?:^|[\s(\"'“‘])(?:[A-Z]|Dr|Mrs?|Ms|Prof|St|vs|cf|al|No|Fig|e\.g|i\.e|etc)\.$")
"""An initial, or an abbreviation that a capital letter may follow."""


def sentences(text: str) -> list[str]:
    """The sentences of a text without the space between them; lines end a sentence, too."""
    found = []
    for line in text.splitlines():
        start = 0
        for end in _END.finditer(line):
            if _NO_END.search(line[start : end.end()].rstrip()):
                continue
            found.append(line[start : end.end()].strip())
            start = end.end()
        found.append(line[start:].strip())
    return [sentence for sentence in found if sentence]


def fitted(text: str, limit: int, size: Size) -> str:
    """The text as far as it is within the limit: whole paragraphs, then whole sentences, else whole words."""
    if size(text) <= limit:
        return text
    kept = ""
    for paragraph in text.split("\n\n"):
        joined = f"{kept}\n\n{paragraph}" if kept else paragraph
        if size(joined) <= limit:
            kept = joined
            continue
        start = f"{kept}\n\n" if kept else ""
        for sentence in sentences(paragraph):
            longer = f"{start}{sentence}"
            if size(longer) > limit:
                break
            kept, start = longer, f"{longer} "
        break
    return kept or pieces(text, limit, size)[0]


def packed(parts: Sequence[str], limit: int, size: Size, joint: str) -> list[str]:
    """Neighbours joined as long as they are within the limit; a part that is not within it is cut."""
    found: list[str] = []
    for part in parts:
        if found and size(found[-1] + joint + part) <= limit:
            found[-1] += joint + part
        else:
            found += [part] if size(part) <= limit else pieces(part, limit, size)
    return found


def pieces(text: str, limit: int, size: Size) -> list[str]:
    """A text in pieces within the limit: cut between sentences, in a longer one between words, in those anywhere."""
    if size(text) <= limit:
        return [text]
    parts = sentences(text)
    if len(parts) > 1:
        return packed(parts, limit, size, " ")
    words = text.split()
    if len(words) > 1:
        return packed(words, limit, size, " ")
    return packed(graphemes(text), limit, size, "") if len(text) > 1 else [text]
