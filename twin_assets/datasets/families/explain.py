"""Explain something: asked of passages that say how or why, or what a thing is."""

import re
from collections.abc import Iterator

from twin_assets.datasets.drafts import Draft, Material, listed
from twin_assets.datasets.families.headings import heading_questions
from twin_assets.datasets.words import word_count

_EXPLAINS = re.compile(
    r"\b(?:because|means? that|that means|which means|in order to|so that|for example|for instance|e\.g\.|i\.e\."
    r"|called|known as|refers? to|consists? of|works? by|the way (?:it|this|that)|the reason|this is why|that is why"
    r"|is an?|are the|allows?|makes? (?:it|sure)|lets? (?:you|us|it)|instead of|rather than|depends? on|by default)\b",
    re.I,
)
_LEAST_CUES = 2
_LEAST_WORDS = 40

_TITLED = (
    'In your {piece} "{title}", how do you explain {about}?',
    'Explain {about} the way you do in "{title}".',
    'I am reading your {piece} "{title}". Can you explain {about}?',
    'With "{title}" as the background, explain {about}.',
)
_UNTITLED = (
    "Explain {about}.",
    "Can you explain {about}?",
    "How would you explain {about} to somebody who is new to it?",
)


def explain(material: Material) -> Iterator[Draft]:
    """Requests for an explanation; none of a passage that only tells what happened, or that is short."""
    cues = len(_EXPLAINS.findall(material.text))
    if not material.english or cues < _LEAST_CUES or word_count(material.text) < _LEAST_WORDS:
        return
    if material.kind in ("whatsapp", "telegram"):
        return
    yield from heading_questions(material)
    templates = _TITLED if material.title else _UNTITLED
    for about in material.subject_sets():
        for template in material.choose(templates, "explain"):
            request = template.format(about=listed(about), title=material.title, piece=material.piece[0])
            yield material.draft(request, *about)
