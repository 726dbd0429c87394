"""Answer a question from your own writing: the prompt holds retrieved passages, in the form that serving uses."""

from collections.abc import Iterator

from twin_assets.datasets.drafts import Draft, Material, listed
from twin_assets.datasets.families.headings import heading_questions
from twin_assets.datasets.markdown_blocks import prose
from twin_assets.datasets.words import word_count

_LEAST_WORDS = 30
_ASKED = (
    "What have you written about {about}?",
    "What do you say about {about}?",
    "What is there in your writing on {about}?",
    "Tell me what you have written on {about}.",
    "I am looking for what you wrote about {about}. What was it?",
)
_TITLED = (
    'What do you say about {about} in "{title}"?',
    'In your {piece} "{title}", what have you written about {about}?',
)


def answer(material: Material) -> Iterator[Draft]:
    """Questions to the author's writing; none of a passage that no chunk was made of."""
    if not material.english or not material.chunk_ids:
        return
    if material.title and word_count(prose(material.text)) < _LEAST_WORDS:
        return
    yield from heading_questions(material)
    for about in material.subject_sets():
        templates = (*_ASKED, *_TITLED) if material.title else _ASKED
        for template in material.choose(templates, "answer"):
            request = template.format(about=listed(about), title=material.title, piece=material.piece[0])
            yield material.draft(request, *about)
