"""The objects in a file such as `window.YTD.tweets.part0 = [ … ]`: parsed as JSON from the first `[`, never run.

The text comes in pieces and only a window of it is kept, so that a large archive costs little memory.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from twin_assets.collection.text import Unreadable

_AHEAD = 1 << 22
"""Characters behind a row's beginning that are looked at before it is called damaged: no row is as long."""
_OVERLAP = 256
"""Characters within which the wrapper of a row begins."""
_BETWEEN = re.compile(r"[\s,]*")


class _Window:
    """The part of a text that is looked at: `start` is where it begins in the whole."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces = iter(pieces)
        self.text = ""
        self.start = 0

    def advance(self, position: int) -> int:
        """Have `_AHEAD` characters behind a position, or all there are, and return where it is in the window now."""
        while len(self.text) - position < _AHEAD:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self.text = self.text[position:] + piece
            self.start += position
            position = 0
        return position

    def search(self, pattern: re.Pattern[str], position: int) -> int | None:
        """Where a pattern is found from a position on."""
        while True:
            position = self.advance(position)
            if match := pattern.search(self.text, position):
                return match.start()
            if len(self.text) - position < _AHEAD:
                return None
            position = len(self.text) - _OVERLAP

    def skip(self, position: int) -> int:
        """Where white space and commas from a position on end: the length of the window at the text's end."""
        while True:
            position = self.advance(position)
            end = _BETWEEN.match(self.text, position).end()  # type: ignore[union-attr]  # it matches the empty string
            if end < len(self.text) or end == position:
                return self.advance(end)
            position = end


def read_objects(pieces: Iterable[str], wrapper: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Row number (from 1) with the object inside `{"<wrapper>": …}` (or the bare object, as old archives have it), or
    with what is wrong with that row. After a damaged row, reading goes on at the next one that is wrapped.

    Raises Unreadable when the text, which is that of the pieces together, holds no array.
    """
    window = _Window(pieces)
    opening = window.search(re.compile(r"\["), 0)
    if opening is None:
        raise Unreadable("unreadable", "holds no array of objects")
    decoder = json.JSONDecoder()
    next_object = re.compile(rf'\{{\s*"{re.escape(wrapper)}"\s*:')
    position = opening + 1
    row = 0
    while True:
        position = window.skip(position)
        if position >= len(window.text):
            yield row + 1, "the file ends before its array does: it was cut off"
            return
        if window.text[position] == "]":
            return
        row += 1
        try:
            value, position = decoder.raw_decode(window.text, position)
        except (ValueError, RecursionError) as error:
            at = f"at character {window.start + error.pos}" if isinstance(error, json.JSONDecodeError) else ""
            yield row, f"is not JSON, {at or type(error).__name__}"
            following = window.search(next_object, position + 1)
            if following is None:
                return
            position = following
            continue
        inner = value.get(wrapper, value) if isinstance(value, dict) else value
        yield row, inner if isinstance(inner, dict) else f"is a {type(inner).__name__}, not an object"
