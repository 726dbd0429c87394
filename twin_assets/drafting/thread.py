"""A text as the posts of a thread on X."""

import re

from twin_assets.drafting.formats import X_CHARACTERS
from twin_assets.drafting.sentences import packed, pieces
from twin_assets.drafting.weights import weighted_length

NUMBER = re.compile(
    r"^[ \t]*(?:(?:tweet|post)[ \t]+)?[(\[]?\d{1,2}[ \t]?/[ \t]?(?:\d{1,2}|n)?[)\]]?[.:]?(?=\s)[ \t]*"
    r"|[ \t]*[(\[]?\b\d{1,2}/(?:\d{1,2}|n)[)\]]?[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
"""What numbers a post: `1/`, `1/7`, `(1/n)`, before or after its text."""
_LEADING = re.compile(r"^[ \t]*(?:(?:tweet|post)[ \t]+)?[(\[]?\d{1,2}[ \t]?/", re.MULTILINE | re.IGNORECASE)
_RESERVED = len("99/99 ")


def thread(text: str, numbered: bool) -> list[str]:
    """The posts, each of at most 280 weighted characters; sentences stay whole where they can.

    Where the model has numbered its posts, each is one of the thread; else paragraphs that fit into one post together
    are one. Its own numbers are taken out, and `1/7` is put before each where `numbered`.
    """
    limit = X_CHARACTERS - (_RESERVED if numbered else 0)
    marked = len(_LEADING.findall(text)) > 1
    blocks = re.split(rf"(?={_LEADING.pattern})", text, flags=_LEADING.flags) if marked else text.split("\n\n")
    units = [unit for unit in (NUMBER.sub("", block).strip() for block in blocks) if unit]
    if marked:
        posts = [post for unit in units for post in pieces(unit, limit, weighted_length)]
    else:
        posts = packed(units, limit, weighted_length, "\n\n")
    if not numbered or len(posts) < 2:
        return posts
    return [f"{number}/{len(posts)} {post}" for number, post in enumerate(posts, 1)]
