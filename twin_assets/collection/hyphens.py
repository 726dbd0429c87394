"""Words that a typesetter broke at the ends of lines, made whole."""

import re
from collections.abc import Iterable

_TAIL = 80
"""Characters at the end of a text in which a broken word begins."""
_HYPHENS = "-\u00ad\u2010"
_BROKEN = re.compile(rf"(?P<first>[^\W\d_][{_HYPHENS}\w]*)[{_HYPHENS}]$")
_GOING_ON = re.compile(r"[^\W\d_]+")
_TOKEN = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_KEPT = frozenset(
    {
        *("self", "well", "so", "all", "high", "low", "long", "short", "half", "full", "two", "three", "four"),
        *("five", "one", "real", "state", "open", "end", "top", "bottom", "left", "right", "first", "second"),
        *("third", "hand", "fine", "large", "small", "cross", "user"),
    }
)
"""What is joined to another word by a hyphen that is written within a line, too."""


class Vocabulary:
    """The words that a text holds within its lines: they tell how one that is broken at an end is written."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._known: set[str] = set()
        for line in lines:
            self._known.update(word.lower() for word in _TOKEN.findall(line.rstrip(_HYPHENS)))

    def __contains__(self, word: str) -> bool:
        return word.lower() in self._known


def join_lines(lines: Iterable[str], vocabulary: Vocabulary) -> str:
    """Lines as one, words whole. A hyphen at the end of a line goes if the next line goes on in lower case, unless
    the text, or the use of its first part, says that the word has one."""
    joined = ""
    for line in lines:
        broken = _BROKEN.search(joined, max(0, len(joined) - _TAIL))
        going_on = _GOING_ON.match(line)
        if not joined:
            joined = line
        elif broken and going_on and line[0].islower():
            first = broken["first"].replace("\u00ad", "").replace("\u2010", "-")
            whole = joined[: broken.start()] + first
            joined = whole + ("-" if _keeps_hyphen(first, going_on[0], vocabulary) else "") + line
        elif joined[-1] == "\u2014" or (broken and line[:1].isalnum()):
            joined += line
        else:
            joined = f"{joined} {line}"
    return joined


def _keeps_hyphen(first: str, second: str, vocabulary: Vocabulary) -> bool:
    if "-" in first or len(first) == 1 or any(c.isupper() for c in first[1:]):
        return True
    if first + second in vocabulary:
        return False
    return f"{first}-{second}" in vocabulary or first.lower() in _KEPT
