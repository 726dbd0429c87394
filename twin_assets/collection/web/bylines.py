"""Who wrote a page, by its byline: the author, someone else, or both together."""

import re
from collections.abc import Callable, Iterable, Sequence

from twin_assets.collection.collector import Origin
from twin_assets.collection.text import storable

_BY = re.compile(r"^\W*(?:(?:written|posted|published|words)\s+)?by\b[\s:]*", re.IGNORECASE)
_AND = re.compile(r"\s*(?:;|\||&|\+|,\s*and\s|\sand\s|\sund\s|\set\s|\swith\s)\s*", re.IGNORECASE)
_COMMA = re.compile(r"\s*,\s*")
_LONGEST = 100
"""Characters from which a byline is no name but a sentence."""


def names_in(bylines: Iterable[str], is_own: Callable[[str], bool]) -> tuple[str, ...]:
    """The names in several bylines."""
    return distinct(name for byline in bylines for name in split_names(storable(byline), is_own))


def split_names(byline: str, is_own: Callable[[str], bool]) -> list[str]:
    """The names in a byline such as `By Jo Doe and Ann Roe`; a name that is the author's is never split."""
    byline = " ".join(_BY.sub("", byline).split()).strip(" .,;|·•–—-")
    if not byline or len(byline) > _LONGEST:
        return []
    if is_own(byline):
        return [byline]
    for separator in (_AND, _COMMA):
        parts = [part for part in separator.split(byline) if part]
        if len(parts) > 1:
            return list(dict.fromkeys(name for part in parts for name in split_names(part, is_own)))
    return [byline]


def attribute(names: Sequence[str], origin: Origin, is_own: Callable[[str], bool] | None = None) -> tuple[str, str]:
    """Who wrote what bears these names ("" for the author), and the reason why it is not own words ("" if it is).

    Without a name it is the author's: the site is. Several names with the author's among them are co-authors.
    """
    own = is_own or origin.is_own
    others = [name for name in names if not own(name)]
    if not others:
        return "", ""
    if len(others) == len(names):
        return ", ".join(names), "guest"
    return ", ".join(names), "" if origin.source.include_coauthored else "coauthored"


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names without repetitions and blanks, in their order."""
    return tuple(dict.fromkeys(name for name in (" ".join(n.split()) for n in names) if name))
