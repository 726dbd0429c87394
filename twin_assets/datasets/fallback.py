"""Instructions without a teacher: what a reader would ask for, made from titles, headings and characteristic words.

Deterministic: which of several wordings is used follows from a digest of the sample's id.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from twin_assets.datasets.words import word_count
from twin_assets.digests import digest
from twin_assets.records import Kind

FALLBACK_VERSION = 1
"""Raised when wordings change, so that instructions are made again."""

_LONGEST_NAME = 14
"""A title or heading of more words is a sentence, and is not quoted as a name."""
_WORDS_FIRST = 3
_WORDS_MOST = 6

_PIECE: dict[Kind, tuple[str, str]] = {
    "linkedin": ("LinkedIn article", "a LinkedIn article"),
    "medium": ("Medium story", "a Medium story"),
    "substack": ("newsletter", "a newsletter"),
    "x": ("thread", "a thread on X"),
    "bluesky": ("thread", "a thread on Bluesky"),
    "mastodon": ("thread", "a thread on Mastodon"),
    "whatsapp": ("message", "a message"),
    "telegram": ("message", "a message"),
    "wordpress": ("blog post", "a blog post"),
    "markdown": ("article", "an article"),
    "git": ("project notes", "a page of project notes"),
    "paper": ("paper", "a paper"),
    "site": ("article", "an article"),
}

_TITLE_HEADING = (
    'Write the section "{heading}" for {a_piece} titled "{title}".',
    'What do you have to say under "{heading}" in your {piece} "{title}"?',
    'In {a_piece} called "{title}", how would you write the part on "{heading}"?',
    'Tell me about "{heading}", as in your {piece} "{title}".',
)
_TITLE_HEADING_WORDS = (
    'Write about {words} for the section "{heading}" of {a_piece} titled "{title}".',
    'What do you say about {words} under "{heading}" in your {piece} "{title}"?',
    'In the part on "{heading}" of "{title}", what is there to say about {words}?',
    'Explain {words}, as you would under the heading "{heading}" in {a_piece} called "{title}".',
    'Tell me about {words} in the context of "{heading}", from your {piece} "{title}".',
)
_NAME_WORDS = (
    'Write about {words} for {a_piece} titled "{name}".',
    'What do you think about {words}, in the context of "{name}"?',
    'Tell me about {words}, as in your {piece} "{name}".',
    'In {a_piece} called "{name}", how would you write about {words}?',
    'Explain {words}, the way you would in {a_piece} on "{name}".',
)
_NAME = (
    'Write a short piece titled "{name}".',
    'Tell me about "{name}".',
    'What do you have to say about "{name}"?',
    'How would you write {a_piece} titled "{name}"?',
)
_ARTICLE = (
    "Tell me about {words}.",
    "Explain {words}.",
    "What do you think about {words}?",
    "Write a few paragraphs on {words}.",
)
_MESSAGE = (
    "What would you tell a friend about {words}?",
    "Write a message about {words}.",
    "Tell me about {words}, as in a chat.",
)
_WORDS: dict[Kind, tuple[str, ...]] = {
    "linkedin": (
        "Write a LinkedIn post about {words}.",
        "Share your thoughts on {words} in a LinkedIn post.",
        "What would you tell your LinkedIn network about {words}?",
        "Draft a post for LinkedIn on {words}.",
    ),
    "substack": (
        "Write a newsletter section about {words}.",
        "Tell your newsletter's readers about {words}.",
        "What would you write to your subscribers about {words}?",
    ),
    "x": (
        "Write a tweet about {words}.",
        "What would you post on X about {words}?",
        "Share a short thought on {words}.",
        "Post something about {words}.",
    ),
    "bluesky": (
        "Write a post for Bluesky about {words}.",
        "What would you post on Bluesky about {words}?",
        "Share a short thought on {words}.",
    ),
    "mastodon": (
        "Write a post for Mastodon about {words}.",
        "What would you post on Mastodon about {words}?",
        "Share a short thought on {words}.",
    ),
    "whatsapp": _MESSAGE,
    "telegram": _MESSAGE,
    "medium": _ARTICLE,
    "wordpress": _ARTICLE,
    "markdown": _ARTICLE,
    "git": _ARTICLE,
    "paper": _ARTICLE,
    "site": _ARTICLE,
}


@dataclass(frozen=True)
class Topic:
    """What a passage is about: its document's kind and title, its heading, and words that mark it, best first.

    `alone` says that no other passage has the same title and heading, so that they name it.
    """

    kind: Kind
    title: str
    heading: str
    words: tuple[str, ...]
    opening: str
    alone: bool


def fallback_instruction(sample_id: str, topic: Topic, accept: Callable[[str], bool]) -> str:
    """The first wording that `accept` takes (unique in the dataset, nothing copied from the answer).

    When none is taken the last resort is a numbered one, which always ends.
    """
    candidates = list(_candidates(sample_id, topic))
    for candidate in candidates:
        if accept(candidate):
            return candidate
    for plain in (candidates[-1], _WORDS[topic.kind][0].format(words="what is on your mind")):
        for number in range(2, 1000):
            numbered = f"{plain[:-1]} (part {number}){plain[-1]}"
            if accept(numbered):
                return numbered
    return f"{_WORDS[topic.kind][0].format(words='what is on your mind')[:-1]} ({sample_id})."


def _candidates(sample_id: str, topic: Topic) -> Iterator[str]:
    title, heading = _name(topic.title), _name(topic.heading)
    piece, a_piece = _PIECE[topic.kind]
    shared = {"title": title, "heading": heading, "name": title or heading, "piece": piece, "a_piece": a_piece}
    if topic.alone and title and heading:
        yield from _filled(_TITLE_HEADING, sample_id, **shared)
    elif topic.alone and (title or heading):
        yield from _filled(_NAME, sample_id, **shared)
    for count in range(min(_WORDS_FIRST, len(topic.words)), len(topic.words[:_WORDS_MOST]) + 1):
        words = listed(topic.words[:count])
        if not words:
            continue
        if title and heading:
            yield from _filled(_TITLE_HEADING_WORDS, sample_id, words=words, **shared)
        if title or heading:
            yield from _filled(_NAME_WORDS, sample_id, words=words, **shared)
        yield from _filled(_WORDS[topic.kind], sample_id, words=words, **shared)
    if not topic.words and topic.opening:
        yield from _filled(_WORDS[topic.kind], sample_id, words=f'"{topic.opening}"', **shared)
    if title or heading:
        yield from _filled(_NAME, sample_id, **shared)
    yield _WORDS[topic.kind][0].format(words="what is on your mind")


def _filled(templates: Sequence[str], sample_id: str, **values: str) -> Iterator[str]:
    """The templates, filled in, from one on that the sample's id chooses."""
    first = int(digest("template", sample_id)[:8], 16) % len(templates)
    return (template.format(**values) for template in (*templates[first:], *templates[:first]))


def _name(text: str) -> str:
    """A title or heading as it stands in quotation marks, or nothing when it is too long for a name."""
    plain = re.sub(r"[\"“”]", "'", " ".join(text.split())).rstrip(".: ")
    return plain if 0 < word_count(plain) <= _LONGEST_NAME else ""


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
