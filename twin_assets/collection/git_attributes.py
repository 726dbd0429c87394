"""`.gitattributes`, as far as GitHub's linguist reads them: which paths are vendored or generated, or are not."""

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass

_ATTRIBUTE = re.compile(r"(?P<unset>[-!]?)linguist-(?P<name>vendored|generated)(?:=(?P<value>\S*))?", re.IGNORECASE)
_QUOTED = re.compile(r'"(?P<pattern>(?:[^"\\]|\\.)*)"\s+(?P<rest>.*)')
_ESCAPED = re.compile(r"\\(.)")
_FALSE = frozenset({"false", "0", "no", "off"})
_MOST_RULES = 2000
"""Rules that are read of one repository."""


@dataclass(frozen=True, slots=True)
class _Rule:
    folder: tuple[str, ...]
    pattern: tuple[str, ...]
    name: str
    value: bool | None
    """None takes back what an earlier rule said."""


class Attributes:
    """What the `.gitattributes` files of a repository say.

    Args:
        texts: the files' texts by path.
    """

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        # A file nearer to a path wins, and within a file the later line.
        nearest_last = sorted((texts or {}).items(), key=lambda item: item[0].count("/"))
        self._rules = [rule for path, text in nearest_last for rule in _rules(path, text)][:_MOST_RULES]

    def vendored(self, path: str) -> bool | None:
        """Whether `linguist-vendored` is set (True), unset (False) or not mentioned (None) for a path."""
        return self._value(path, "vendored")

    def generated(self, path: str) -> bool | None:
        """The same for `linguist-generated`."""
        return self._value(path, "generated")

    def _value(self, path: str, name: str) -> bool | None:
        parts = tuple(path.split("/"))
        for rule in reversed(self._rules):
            depth = len(rule.folder)
            if rule.name == name and parts[:depth] == rule.folder and _matches(parts[depth:], rule.pattern):
                return rule.value
        return None


def _rules(path: str, text: str) -> list[_Rule]:
    folder = tuple(path.split("/")[:-1])
    found = []
    for line in text.lstrip("\ufeff").splitlines():
        quoted = _QUOTED.fullmatch(line.strip())
        pattern, *words = line.split() or [""]
        if quoted:
            pattern, words = _ESCAPED.sub(r"\1", quoted["pattern"]), quoted["rest"].split()
        if not pattern or pattern.startswith(("#", "[attr]")):
            continue
        for word in words:
            if attribute := _ATTRIBUTE.fullmatch(word):
                value = None if attribute["unset"] == "!" else attribute["unset"] == ""
                if value and (attribute["value"] or "").lower() in _FALSE:
                    value = False
                found.append(_Rule(folder, _segments(pattern), attribute["name"].lower(), value))
    return found


def _segments(pattern: str) -> tuple[str, ...]:
    """The pattern by folder. Git ignores a pattern that ends in a slash; whoever writes one means the whole folder."""
    anchored = "/" in pattern.rstrip("/")
    if pattern.endswith("/"):
        pattern += "**"
    segments = [_shell(segment) for segment in pattern.strip("/").split("/")]
    return tuple(segments if anchored else ["**", *segments])


def _shell(segment: str) -> str:
    """A segment for `fnmatch`, which knows neither `\\x` nor `[^x]`."""
    return _ESCAPED.sub(lambda found: f"[{found[1]}]" if found[1] in "*?[" else found[1], segment).replace("[^", "[!")


def _matches(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether the whole path matches: `**` stands for any number of folders, at the end for at least one name."""
    reached = {0}
    for number, segment in enumerate(pattern):
        if segment == "**":
            first = min(reached, default=len(parts) + 1)
            last = number == len(pattern) - 1
            reached = set(range(first + 1 if last else first, len(parts) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(parts) and fnmatch.fnmatchcase(parts[at], segment)}
    return len(parts) in reached
