"""The definitions in a block of code as passages: a function, a class, a type, with the remarks above it."""

import re
from typing import NamedTuple

from twin_assets.datasets.markdown_blocks import Block

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*(?P<language>[\w+#.\-]*)[^\n]*\n")
_DEFINITION = re.compile(
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub(?:\([^)]*\))?|open|unsafe"
    r"|inline|extern|const)\s+)*"
    r"(?P<sort>def|class|func|function|fn|struct|enum|trait|interface|type|impl|module|object|defmodule|defp?|proc|sub"
    r"|record|protocol)\s+(?:\([^)\n]*\)\s*)?(?P<name>[A-Za-z_][\w.:!?]*)"
)
_REMARK = re.compile(r"(?://|#(?!include|!)|--|/\*|\*|\*/|@|\"\"\"|;;)")
LEAST_LINES = 3


class Definition(NamedTuple):
    """A definition in a document, `[start, end)` in characters, without white space around it."""

    start: int
    end: int
    sort: str
    name: str
    language: str


def definitions(text: str, block: Block) -> list[Definition]:
    """The definitions at the left margin of a fenced block, each with its remarks and decorators; short ones left out.

    A language whose definitions do not begin with a word that is known gives none.
    """
    fence = _FENCE.match(text, block.start, block.end)
    if fence is None:
        return []
    lines: list[tuple[int, str]] = []
    at = fence.end()
    for line in text[at : block.end].splitlines(keepends=True):
        if line.strip().startswith(fence[1]):
            break
        lines.append((at, line))
        at += len(line)
    heads = [(n, match) for n, (_, line) in enumerate(lines) if (match := _DEFINITION.match(line))]
    firsts = [_first(lines, n) for n, _ in heads]
    found = []
    for number, (at, match) in enumerate(heads):
        first = firsts[number]
        stop = _stop(lines, at, firsts[number + 1] if number + 1 < len(heads) else len(lines))
        content = "".join(line for _, line in lines[first:stop])
        body = content.rstrip()
        if body.count("\n") + 1 >= LEAST_LINES:
            start = lines[first][0]
            found.append(
                Definition(start, start + len(body), match["sort"], match["name"].rstrip(":."), fence["language"])
            )
    return found


def _first(lines: list[tuple[int, str]], at: int) -> int:
    """The first line of the remarks and decorators right above a definition."""
    while at > 0 and _REMARK.match(lines[at - 1][1]):
        at -= 1
    return at


def _stop(lines: list[tuple[int, str]], head: int, limit: int) -> int:
    """Where a definition ends: before an empty line after which the left margin holds something else."""
    for at in range(head + 1, limit - 1):
        following = lines[at + 1][1]
        if not lines[at][1].strip() and following.strip() and not following[0].isspace() and following[0] not in ")]}":
            return at
    return limit
