"""Front matter of Markdown files: YAML between `---` lines (Jekyll, Hugo) or TOML between `+++` lines (Hugo)."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

import yaml

from twin_assets.collection.text import Unreadable

_OPENING = re.compile(r"\s*(---|\+\+\+)[ \t]*\n")
_KEY = re.compile(r"[ \t]*[\w\"'-]+[ \t]*[:=]")
_LARGEST = 1 << 18


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The front matter's keys and values, and the body after it; no keys for a text without front matter.

    Raises Unreadable for front matter that is not closed or cannot be parsed, naming the line but not the text.
    """
    opening = _OPENING.match(text)
    if not opening:
        return {}, text
    fence = opening[1]
    closing = re.compile(r"^(?:---|\.\.\.)[ \t]*$" if fence == "---" else r"^\+\+\+[ \t]*$", re.MULTILINE)
    end = closing.search(text, opening.end())
    if not end:
        # A dash line may be a horizontal rule; keys after it say that it was meant to open front matter.
        if fence == "---" and not _KEY.match(text, opening.end()):
            return {}, text
        raise Unreadable("unreadable", f"its front matter is not closed by {fence!r}")
    block = text[opening.end() : end.start()]
    if len(block) > _LARGEST:
        raise Unreadable("unreadable", f"its front matter has {len(block)} characters")
    values = _yaml(block) if fence == "---" else _toml(block)
    if values is None:
        return {}, text
    return values, text[end.end() :].lstrip("\n")


def _yaml(block: str) -> dict[str, Any] | None:
    """The mapping, or None for what is no mapping: a text between two horizontal rules."""
    try:
        values = yaml.safe_load(block)
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 2}" if error.problem_mark else ""
        raise Unreadable("unreadable", f"its front matter is not YAML: {error.problem}{line}") from error
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise Unreadable("unreadable", f"its front matter is not YAML: {type(error).__name__}") from error
    if values is None:
        return {}
    return {str(k): v for k, v in values.items()} if isinstance(values, dict) else None


def _toml(block: str) -> dict[str, Any]:
    try:
        return tomllib.loads(block)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at [^()]*\)$", str(error))
        raise Unreadable("unreadable", f"its front matter is not TOML {where[0] if where else ''}".strip()) from error
    except (ValueError, RecursionError, OverflowError) as error:
        raise Unreadable("unreadable", f"its front matter is not TOML: {type(error).__name__}") from error


def scalar(front: Mapping[str, Any], *keys: str) -> str:
    """The first of the keys that holds a plain value, as text."""
    for key in keys:
        value = front.get(key)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""


def is_true(value: object) -> bool:
    """Whether a flag is set: `true`, or the word for it in quotes."""
    return value is True or (isinstance(value, str) and value.strip().lower() in ("true", "yes", "on", "1"))


def bylines(front: Mapping[str, Any]) -> list[str]:
    """Names in `author` and `authors`: a name, a list of names, or mappings with a `name`."""
    names: list[str] = []
    for key in ("author", "authors", "byline"):
        value = front.get(key)
        for entry in value if isinstance(value, list) else [value]:
            name = entry.get("name") if isinstance(entry, dict) else entry
            if isinstance(name, str) and name.strip():
                names.append(name.strip())
    return names
