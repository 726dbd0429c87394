"""Write a post, a thread, a newsletter section, an article section about something: by the kind of the document."""

from collections.abc import Iterator

from twin_assets.datasets.drafts import Draft, Material, listed
from twin_assets.datasets.markdown_blocks import prose
from twin_assets.datasets.words import word_count
from twin_assets.records import Kind

_SOCIAL: dict[Kind, tuple[str, ...]] = {
    "linkedin": (
        "Write a LinkedIn post about {about}.",
        "Share your thoughts on {about} in a LinkedIn post.",
        "Draft a post for LinkedIn on {about}.",
        "What would you tell your LinkedIn network about {about}?",
    ),
    "x": (
        "Write a {short} about {about}.",
        "What would you post on X about {about}?",
        "Post something about {about} on X.",
        "Put a thought about {about} into a {short}.",
    ),
    "bluesky": (
        "Write a Bluesky post about {about}.",
        "What would you post on Bluesky about {about}?",
        "Put a thought about {about} into a post for Bluesky.",
    ),
    "mastodon": (
        "Write a Mastodon post about {about}.",
        "What would you toot about {about}?",
        "Put a thought about {about} into a post for Mastodon.",
    ),
}
_WHOLE = (
    'Write {a_piece} titled "{title}".',
    'Write a short piece with the title "{title}".',
    'You are publishing {a_piece} called "{title}". What does it say?',
)
_WHOLE_ABOUT = (
    'Write {a_piece} titled "{title}", about {about}.',
    'Write a short piece called "{title}" that deals with {about}.',
    'Draft {a_piece} on {about}. Its title is "{title}".',
)
_OPENING = (
    'Write the opening of {a_piece} titled "{title}".',
    'How would you begin {a_piece} called "{title}"?',
    'Draft the introduction to {a_piece} titled "{title}".',
)
_OPENING_ABOUT = (
    'Write the opening of {a_piece} titled "{title}". Bring in {about}.',
    'Begin {a_piece} called "{title}", starting from {about}.',
    'Draft an introduction to {a_piece} titled "{title}" that talks about {about}.',
)
_SECTION = (
    'Write the section "{heading}" of {a_piece} titled "{title}".',
    'In {a_piece} called "{title}", write the part headed "{heading}".',
    'Draft the section on "{heading}" for {a_piece} titled "{title}".',
)
_SECTION_ABOUT = (
    'For the section "{heading}" of {a_piece} titled "{title}", write the part about {about}.',
    'Under the heading "{heading}" in {a_piece} called "{title}", write about {about}.',
    'Write a passage on {about} that belongs to the section "{heading}" of {a_piece} titled "{title}".',
)
_PART = (
    'Write the part of {a_piece} titled "{title}" that is about {about}.',
    'In {a_piece} called "{title}", write the part that discusses {about}.',
    'You are writing {a_piece} titled "{title}". Write the paragraphs that deal with {about}.',
)
_UNTITLED = (
    "Write a few paragraphs about {about}.",
    "Write a short piece on {about}.",
    "Write about {about}, the way you would in {a_piece}.",
)
_THREAD_PARAGRAPHS = 3
LEAST_WORDS = 25
"""Words of prose below which a passage of a longer piece is a remark, which nobody would ask for by its subject."""


def write(material: Material) -> Iterator[Draft]:
    """Requests for the piece of writing that the passage is or belongs to; none for chats and in other languages."""
    if not material.english or material.kind in ("whatsapp", "telegram"):
        return
    templates = _SOCIAL.get(material.kind, ())
    if templates and not material.title:
        short = "thread for X" if material.text.count("\n\n") + 1 >= _THREAD_PARAGRAPHS else "tweet"
        for about in material.subject_sets(weak=True):
            for template in material.choose(templates, "post"):
                yield material.draft(template.format(about=listed(about), short=short), *about)
        return
    if _remark(material):
        return
    yield from _named(material)
    yield from _of_subjects(material, weak=False)


def write_anyhow(material: Material) -> Iterator[Draft]:
    """Requests by what a passage mentions, for one that serves no family otherwise."""
    if material.english and material.kind not in ("whatsapp", "telegram") and not _remark(material):
        yield from _of_subjects(material, weak=True)


def _of_subjects(material: Material, *, weak: bool) -> Iterator[Draft]:
    about_templates = _about(material)
    for about in material.subject_sets(weak=weak):
        for template in material.choose(about_templates, "write"):
            yield material.draft(_filled(template, material, listed(about)), *about)


def _remark(material: Material) -> bool:
    return material.place.of > 1 and word_count(prose(material.text)) < LEAST_WORDS


def _named(material: Material) -> Iterator[Draft]:
    """Requests by title and heading alone, where they mean this passage and no other."""
    place = material.place
    if not material.title:
        return
    if material.heading and place.under == 1:
        templates = _SECTION
    elif place.of == 1:
        templates = _WHOLE
    elif place.position == 0 and not material.heading:
        templates = _OPENING
    else:
        return
    for template in material.choose(templates, "name"):
        yield material.draft(_filled(template, material, ""))


def _about(material: Material) -> tuple[str, ...]:
    if not material.title:
        return _UNTITLED
    if material.heading:
        return _SECTION_ABOUT
    if material.place.of == 1:
        return _WHOLE_ABOUT
    return _OPENING_ABOUT if material.place.position == 0 else _PART


def _filled(template: str, material: Material, about: str) -> str:
    _, a_piece = material.piece
    return template.format(title=material.title, heading=material.heading, a_piece=a_piece, about=about)
