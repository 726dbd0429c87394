"""The activities in a Mastodon archive's `outbox.json`: as a whole, or one by one where the file is damaged."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from twin_assets.collection.text import Unreadable

_ITEMS = re.compile(r'"orderedItems"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
_ACTIVITY = re.compile(r'\{\s*"id"\s*:\s*"[^"\s]*/activit(?:y|ies/[^"\s]*)"')
"""How an activity begins in an outbox: where reading goes on behind a damaged one."""


def activities(text: str) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """Row number (from 1) with the activity, or with what is wrong with it. Raises Unreadable for what is no outbox."""
    try:
        outbox = json.loads(text)
    except (ValueError, RecursionError):
        yield from _salvaged(text)
        return
    items = outbox.get("orderedItems") if isinstance(outbox, dict) else None
    if not isinstance(items, list):
        raise Unreadable("unreadable", "has no list `orderedItems`")
    for row, value in enumerate(items, 1):
        yield row, value if isinstance(value, dict) else f"is a {type(value).__name__}, not an object"


def _salvaged(text: str) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """The activities of a damaged outbox, each parsed by itself."""
    start = _ITEMS.search(text)
    if not start:
        raise Unreadable("unreadable", "is not JSON with a list `orderedItems`")
    decoder, position, row = json.JSONDecoder(), start.end(), 0
    while True:
        position = _BETWEEN.match(text, position).end()  # type: ignore[union-attr]  # it matches the empty string
        row += 1
        if position >= len(text):
            yield row, "the file ends before its list does: it was cut off"
            return
        if text[position] == "]":
            return
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            where = f"at character {error.pos}" if isinstance(error, json.JSONDecodeError) else type(error).__name__
            yield row, f"is not JSON, {where}"
            following = _ACTIVITY.search(text, position + 1)
            if not following:
                return
            position = following.start()
            continue
        yield row, value if isinstance(value, dict) else f"is a {type(value).__name__}, not an object"
