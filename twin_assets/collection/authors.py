"""Who wrote a paper: the names in its metadata, or in the block of names under its title."""

import re
from collections.abc import Callable, Sequence

_NOBODY = frozenset(
    {
        *("user", "admin", "administrator", "author", "authors", "anonymous", "unknown", "owner", "root", "none"),
        *("default", "default user", "microsoft office user", "anonymous submission", "anonymous authors"),
    }
)
"""What programs write for an author whom they do not know."""
_BETWEEN = re.compile(r"\s*(?:;|\band\b|&|\n|\bund\b)\s*")
_MARKS = re.compile(r"[\d*†‡§¶∗⋆,;&•·|]+|\b(?:and|und|by)\b", re.IGNORECASE)
"""What stands between names on a page: commas, and the signs that lead to their addresses."""
_PARTICLES = frozenset({"van", "de", "von", "der", "den", "la", "le", "di", "da", "dos", "bin", "al", "el", "ter"})
_NO_NAMES = frozenset(
    {
        *("a", "an", "the", "of", "on", "in", "for", "with", "to", "from", "at", "is", "are", "how", "why", "what"),
        *("abstract", "paper", "working", "draft", "preprint", "report", "technical", "version", "revised", "chapter"),
        *("research", "group", "team", "center", "centre", "company", "corporation", "ai", "sciences", "technologies"),
    }
)
"""Words of lines that are capitalized like names."""
_PLACE = re.compile(
    r"\b(?:university|universit\w+|institute?|department|dept|laborator\w+|labs?|school|college|faculty|inc|gmbh)\b",
    re.IGNORECASE,
)


def split_names(written: Sequence[str]) -> tuple[str, ...]:
    """The names in strings that may hold several, last names first or not; what names nobody is left out."""
    names: list[str] = []
    for text in written:
        for part in _BETWEEN.split(text):
            pieces = [piece.strip() for piece in part.split(",") if piece.strip()]
            if len(pieces) == 2 and not all(" " in piece for piece in pieces):
                names.append(f"{pieces[1]} {pieces[0]}")
            else:
                names += pieces
    known = (" ".join(name.split()) for name in names if name.casefold() not in _NOBODY)
    return tuple(dict.fromkeys(name for name in known if name))


def is_address(line: str) -> bool:
    """Whether a line of a paper's first page gives an institution, or where to write to."""
    words = [word for word in line.split() if word[0].isalpha()]
    capitalized = sum(word[0].isupper() for word in words)
    return "@" in line or (bool(_PLACE.search(line)) and 2 * capitalized >= len(words))


def read_names(line: str) -> tuple[str, ...]:
    """The names that a line consists of; none if there is anything else in it."""
    parts = [part for part in (part.strip() for part in _MARKS.split(line)) if part]
    return tuple(parts) if parts and not is_address(line) and all(map(_is_name, parts)) else ()


def _is_name(text: str) -> bool:
    words = text.split()
    return (
        2 <= len(words) <= 5
        and all(w in _PARTICLES or (w[0].isupper() and letters(w)) for w in words)
        and not any(w.casefold() in _NO_NAMES for w in words)
    )


def named_in(block: Sequence[str], is_own: Callable[[str], bool], own: Sequence[str]) -> tuple[str, ...]:
    """The authors in the block of names and addresses under a title.

    Where the author's own name stands, what looks like a name counts in that line, before it and right behind it, and
    everywhere if there are several e-mail addresses: else it may be a town's or a company's.
    """
    found = [_names_with_own(line, own) for line in block]
    at = next((i for i, names in enumerate(found) if any(map(is_own, names))), None)
    if at is not None and sum(line.count("@") for line in block) < 2:
        found = found[: next((i for i in range(at, len(found)) if not found[i]), len(found))]
    return tuple(dict.fromkeys(name for names in found for name in names))


def _names_with_own(line: str, own: Sequence[str]) -> tuple[str, ...]:
    """Like `read_names`, and those of one's own names that stand in a line with other things, such as a title."""
    here = [name for name in own if " " in name and letters(name) in letters(line)]
    others = (name for name in read_names(line) if not any(letters(mine) in letters(name) for mine in here))
    return (*here, *others)


def letters(text: str) -> str:
    """Letters and digits of a text only, to compare it with another that is spaced differently."""
    return "".join(c for c in text.casefold() if c.isalnum())
