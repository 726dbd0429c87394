"""The objects in a file such as `window.YTD.tweets.part0 = [ … ]`: parsed as JSON from the first `[`, never run."""

import json
import re
from collections.abc import Iterator
from typing import Any

from twin_assets.collection.text import Unreadable

_BETWEEN = re.compile(r"[\s,]*")


def read_objects(text: str, wrapper: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Row number (from 1) with the object inside `{"<wrapper>": …}` (or the bare object, as old archives have it), or
    with what is wrong with that row. After a damaged row, reading goes on at the next one that is wrapped.

    Raises Unreadable when the text holds no array.
    """
    position = text.find("[") + 1
    if not position:
        raise Unreadable("unreadable", "holds no array of objects")
    decoder = json.JSONDecoder()
    next_object = re.compile(rf'\{{\s*"{re.escape(wrapper)}"\s*:')
    row = 0
    while True:
        position = _BETWEEN.match(text, position).end()  # type: ignore[union-attr]  # it matches the empty string
        if position >= len(text):
            yield row + 1, "the file ends before its array does: it was cut off"
            return
        if text[position] == "]":
            return
        row += 1
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            where = f"at character {error.pos}" if isinstance(error, json.JSONDecodeError) else type(error).__name__
            yield row, f"is not JSON, {where}"
            following = next_object.search(text, position + 1)
            if not following:
                return
            position = following.start()
            continue
        inner = value.get(wrapper, value) if isinstance(value, dict) else value
        yield row, inner if isinstance(inner, dict) else f"is a {type(inner).__name__}, not an object"
