"""Task families: kinds of requests that the author's own text answers, one module each.

A family reads a passage and yields drafts, best first; none where the passage does not suit it.
"""

from collections.abc import Callable, Iterator
from typing import Literal

from twin_assets.datasets.drafts import Draft, Material
from twin_assets.datasets.families.answer import answer
from twin_assets.datasets.families.chat import chat
from twin_assets.datasets.families.code import code
from twin_assets.datasets.families.continuation import continuation
from twin_assets.datasets.families.explain import explain
from twin_assets.datasets.families.notes import notes
from twin_assets.datasets.families.opinion import opinion
from twin_assets.datasets.families.summary import lengthen, shorten
from twin_assets.datasets.families.write import write, write_anyhow

Family = Callable[[Material], Iterator[Draft]]

FAMILIES: dict[str, Family] = {
    "write": write,
    "explain": explain,
    "opinion": opinion,
    "notes": notes,
    "continue": continuation,
    "shorten": shorten,
    "lengthen": lengthen,
    "answer": answer,
    "code": code,
    "chat": chat,
}
"""Every family that answers with the author's text; `unanswerable` is made beside them, of no passage."""

LAST_RESORT: tuple[Literal["write"], Family] = ("write", write_anyhow)
"""What a passage serves that suits no family: the family it is counted with."""

UNANSWERABLE = "unanswerable"
RAG = "answer"
"""The family whose prompt holds retrieved passages."""

FAMILIES_VERSION = 2
"""Raised when a family words or chooses otherwise, so that instructions are made again."""
