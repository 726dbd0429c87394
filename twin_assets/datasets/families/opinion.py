"""Give your opinion on something: asked of passages in which the author says what they think."""

import re
from collections.abc import Iterator

from twin_assets.datasets.drafts import Draft, Material, listed
from twin_assets.datasets.markdown_blocks import prose
from twin_assets.datasets.words import word_count

_OWN = re.compile(
    r"\bI(?:['’]d| would| do|['’]m| am| have|['’]ve)?(?: \w+ly| also| still| even| always| never| just)*"
    r" (?:think|believe|argue|argued|prefer|love|loved|hate|hated|suspect|recommend|doubt|convinced|fan of|glad|trust"
    r"|skeptical|sceptical|disagree|agree|regret|enjoy|enjoyed|admire|dislike)\b"
    r"|\b(?:in|to) my (?:opinion|view|mind|experience|taste)\b|\bmy (?:favou?rite|take|opinion|view|feeling|guess)\b",
    re.I,
)
_JUDGED = re.compile(
    r"\b(?:should(?:n['’]t)?|ought to|must) (?:always|never|not|be|have)\b"
    r"|\b(?:overrated|underrated|overkill|worth it|the wrong|a mistake|better off|no excuse|unfortunately|frankly"
    r"|the best|the worst|terrible|wonderful|brilliant|awful|dreadful|nonsense|beautiful|ridiculous|absurd)\b",
    re.I,
)
_LEAST_JUDGED = 2
_LEAST_WORDS = 30

_TITLED = (
    'What is your opinion on {about}? I ask with your {piece} "{title}" in mind.',
    'What do you think about {about}, in the context of "{title}"?',
    'In "{title}", what is your view of {about}?',
    'Give me your honest opinion on {about}, as in your {piece} "{title}".',
)
_UNTITLED = (
    "What do you think about {about}?",
    "What is your opinion on {about}?",
    "What is your take on {about}?",
    "Give me your honest opinion on {about}.",
)


def opinion(material: Material) -> Iterator[Draft]:
    """Requests for the author's opinion; none of a passage without one."""
    if not material.english or material.kind in ("whatsapp", "telegram"):
        return
    said = prose(material.text)
    if material.title and word_count(said) < _LEAST_WORDS:
        return
    if not _OWN.search(said) and len(_JUDGED.findall(said)) < _LEAST_JUDGED:
        return
    templates = _TITLED if material.title else _UNTITLED
    for about in material.subject_sets():
        for template in material.choose(templates, "opinion"):
            request = template.format(about=listed(about), title=material.title, piece=material.piece[0])
            yield material.draft(request, *about)
