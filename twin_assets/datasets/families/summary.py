"""Shorten and lengthen: only where the author wrote both, a summary and the piece that it sums up.

A summary is a section that says so by its heading or first words. The piece beside it must be short enough to stand
in the prompt, or to be the answer, as a whole: nothing is ever invented or cut to make a pair.
"""

import re
from collections.abc import Iterator

from twin_assets.datasets.drafts import Draft, Material
from twin_assets.datasets.words import word_count

_SUMMARY = re.compile(
    r"(?:tl;?\s?dr|summary|in short|in brief|abstract|the short version|executive summary|in a nutshell|synopsis)\W*$",
    re.I,
)
_SAID = re.compile(r"\W*(?:tl;?\s?dr|in short|in brief|summary|the short version)\b\W+", re.I)
LONGEST_WORDS = 220
"""Words of the whole piece above which it fits into no prompt."""
_RATIO = 0.6
"""A summary has at most this share of the words of what it sums up."""


def shorten(material: Material) -> Iterator[Draft]:
    """The piece is given, its author's own summary is the answer."""
    if not material.english or not _is_summary(material):
        return
    rest = _without(material)
    said = _SAID.match(material.text)
    start = material.span.start + (said.end() if said else 0)
    answer = material.document.text[start : material.span.end]
    if _pair(answer, rest):
        for template in material.choose(
            ("Sum this up in your own words.", "Write a short version of this text of yours."), "shorten"
        ):
            yield Draft(template, start, material.span.end, rest)


def lengthen(material: Material) -> Iterator[Draft]:
    """The author's own summary is given, the piece is the answer: where that is one passage."""
    if not material.english or _is_summary(material):
        return
    document = material.document.text
    around = f"{document[: material.span.start]}\n\n{document[material.span.end :]}".strip()
    heading, _, body = around.partition("\n")
    said = _SAID.match(around)
    if said:
        summary = around[said.end() :].strip()
    elif heading.startswith("#") and _SUMMARY.match(heading.strip("# ")):
        summary = body.strip()
    else:
        return
    if "\n#" not in f"\n{summary}" and _pair(summary, material.text):
        for template in material.choose(
            ("Write this out at length, in your own voice.", "Expand this summary into the full text."), "lengthen"
        ):
            yield material.draft(template, material=summary)


def _is_summary(material: Material) -> bool:
    heading = material.span.heading_path[-1] if material.span.heading_path else ""
    return bool(_SUMMARY.match(heading) or _SAID.match(material.text))


def _without(material: Material) -> str:
    """The document without the summary and the heading above it."""
    text = material.document.text
    before = text[: material.span.start].rstrip()
    lines = before.split("\n")
    if lines and lines[-1].startswith("#"):
        before = "\n".join(lines[:-1]).rstrip()
    return f"{before}\n\n{text[material.span.end :].strip()}".strip()


def _pair(summary: str, whole: str) -> bool:
    words = word_count(whole)
    return words <= LONGEST_WORDS and 0 < word_count(summary) <= _RATIO * words
