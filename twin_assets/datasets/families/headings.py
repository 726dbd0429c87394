"""Questions that the author's own headings ask, made to stand alone by the title."""

import re
from collections.abc import Iterator

from twin_assets.datasets.drafts import Draft, Material
from twin_assets.datasets.tagging import tagged
from twin_assets.datasets.words import word_count

_QUESTION = re.compile(
    r"(?:why|how|what|when|where|who|which|is|are|do|does|did|can|could|should|would|will)\b.*\?$", re.I
)
_INDIRECT = re.compile(r"(?:how to|why|how|what)\b", re.I)
_GERUND_WORDS = range(2, 9)


def heading_questions(material: Material) -> Iterator[Draft]:
    """The heading as a question ("Are delivery guarantees absolute?", "Deprecating fields carefully"), where it asks
    for this passage alone and can be read as one."""
    heading = material.heading
    if not heading or material.place.under != 1 or not material.title:
        return
    raw = material.span.heading_path[-1].strip()
    lead = f'On "{material.title}": '
    if _QUESTION.match(raw):
        yield material.draft(f"{lead}{_small(raw)}")
    elif _INDIRECT.match(raw) and word_count(raw) > 2:
        yield material.draft(f'Explain {_small(raw)}, as in your {material.piece[0]} "{material.title}".')
    elif word_count(raw) in _GERUND_WORDS and (tokens := tagged(raw)) and tokens[0].tag == "VVG":
        yield material.draft(f"{lead}how do you go about {_small(heading)}?")


def _small(text: str) -> str:
    """With a small first letter, unless the first word is a name."""
    first = text.split()[0]
    return text if first[1:] != first[1:].lower() or first == "I" else text[0].lower() + text[1:]
