"""What a task family reads, and what it writes: a passage with what is known of it, and drafts of samples."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from twin_assets.datasets.languages import ENGLISH, language_of
from twin_assets.datasets.passages import PassageSpan
from twin_assets.datasets.phrases import Phrase, noun_phrases
from twin_assets.datasets.tagging import Token, sentences, tagged
from twin_assets.datasets.topics import Topics, central, counted_stems, returned_to
from twin_assets.datasets.words import WORD, content_stems, word_count
from twin_assets.digests import digest
from twin_assets.records import CorpusDocument, Kind, Split

_LONGEST_NAME = 16
"""A title or heading of more words is a sentence, and is not quoted as a name."""
_SUBJECTS = 6

_PIECES: dict[Kind, tuple[str, str]] = {
    "linkedin": ("LinkedIn article", "a LinkedIn article"),
    "medium": ("Medium story", "a Medium story"),
    "substack": ("newsletter", "a newsletter"),
    "x": ("post on X", "a post on X"),
    "bluesky": ("Bluesky post", "a Bluesky post"),
    "mastodon": ("Mastodon post", "a Mastodon post"),
    "whatsapp": ("message", "a message"),
    "telegram": ("message", "a message"),
    "wordpress": ("blog post", "a blog post"),
    "markdown": ("article", "an article"),
    "git": ("page of project notes", "a page of project notes"),
    "paper": ("paper", "a paper"),
    "site": ("article", "an article"),
}


@dataclass(frozen=True)
class Draft:
    """An instruction, and the span of its passage's document that answers it.

    `instruction` is the request with `material` (an opening, notes) below it. `slots` are the words of the request that
    were taken from the passage; what is left is the template's. `edits` says what was changed against the span.
    """

    request: str
    start: int
    end: int
    material: str = ""
    slots: tuple[str, ...] = ()
    edits: str = ""

    @property
    def instruction(self) -> str:
        """What the model is asked."""
        return f"{self.request}\n\n{self.material}" if self.material else self.request


@dataclass(frozen=True)
class Place:
    """Where a passage stands: number `position` of `of` in its document, and of `under` in its section."""

    position: int
    of: int
    under: int


@dataclass(frozen=True)
class Material:
    """A passage of the author's with what is known of it; what takes time is found when a family asks for it."""

    document: CorpusDocument
    span: PassageSpan
    passage_id: str
    split: Split
    chunk_ids: tuple[str, ...]
    place: Place
    topics: Topics = field(compare=False, repr=False)

    @property
    def text(self) -> str:
        """The passage, verbatim."""
        return self.span.text

    @property
    def kind(self) -> Kind:
        """What kind of writing it is of."""
        return self.document.kind

    @property
    def piece(self) -> tuple[str, str]:
        """What such a document is called, without and with an article."""
        return _PIECES[self.kind] if self.title or self.kind != "linkedin" else ("LinkedIn post", "a LinkedIn post")

    @cached_property
    def title(self) -> str:
        """The document's title as it stands in quotation marks; empty where it has none, or one that is no name."""
        return named(self.document.title)

    @cached_property
    def heading(self) -> str:
        """The innermost heading, likewise."""
        return named(self.span.heading_path[-1]) if self.span.heading_path else ""

    @cached_property
    def known(self) -> str:
        """Title and headings: words that an instruction may use besides the passage's."""
        return " ".join([self.document.title, *self.span.heading_path])

    @cached_property
    def english(self) -> bool:
        """Whether it is written in English."""
        return language_of(self.text) == ENGLISH

    @cached_property
    def sentences(self) -> list[str]:
        """Its sentences without markup."""
        return sentences(self.text)

    @cached_property
    def tagged(self) -> list[list[Token]]:
        """Its sentences with parts of speech; none where it is not English."""
        return [tagged(sentence) for sentence in self.sentences] if self.english else []

    @cached_property
    def subjects(self) -> list[Phrase]:
        """The noun phrases that tell what it is about, best first; those that point back come last."""
        names = WORD.findall(self.known)
        found = self.topics.ranked(noun_phrases(self.tagged, names), self.text, self.known)
        return sorted(found, key=lambda phrase: not phrase.alone)[: 4 * _SUBJECTS]

    @cached_property
    def _central(self) -> tuple[list[Phrase], list[Phrase]]:
        """The central subjects, and those of them that the passage comes back to, names in full."""
        said, named_stems = counted_stems(self.text), content_stems(self.known)
        alone = (p for p in self.subjects if p.alone)
        found = [p for p in alone if central(p, said, named_stems)][:_SUBJECTS]
        return found, [self._whole(p) for p in found if returned_to(p, said, named_stems)]

    def choose(self, templates: Sequence[str], purpose: str) -> Iterator[str]:
        """The templates, from one on that the passage's id chooses."""
        first = int(digest("template", purpose, self.passage_id)[:8], 16) % len(templates)
        yield from (*templates[first:], *templates[:first])

    def draft(self, request: str, *slots: str, material: str = "") -> Draft:
        """A draft that the whole passage answers."""
        return Draft(request, self.span.start, self.span.end, material, slots)

    def subject_sets(self, *, weak: bool = False) -> Iterator[tuple[str, ...]]:
        """Subjects to ask for: two that the passage comes back to, or one; with `weak` central ones, then any others.

        What is only mentioned is no second subject: nobody would ask for it beside the first.
        """
        found, again = self._central
        if again:
            best, *rest = again
            others = [p for p in rest if p.stems.isdisjoint(best.stems)]
            for other in sorted(others, key=lambda p: p.sentence == best.sentence):
                yield best.text, other.text
        yield from ((phrase.text,) for phrase in again)
        if not weak:
            return
        yield from ((phrase.text,) for phrase in found if phrase not in again)
        others = [p for p in self.subjects if p not in found][: 2 * _SUBJECTS]
        yield from ((phrase.text,) for phrase in others)
        for first, second in pairwise(others):
            if first.stems.isdisjoint(second.stems):
                yield first.text, second.text

    def _whole(self, phrase: Phrase) -> Phrase:
        """The longest name that a part of a name is of: "Jo Quail" for "Jo"."""
        longer = (p for p in self.subjects if p.name and p.alone and phrase.stems < p.stems)
        return max(longer, key=lambda p: len(p.stems), default=phrase) if phrase.name else phrase


def named(text: str) -> str:
    """A title or heading as it stands in quotation marks, or nothing when it is too long for a name."""
    plain = re.sub(r"[\"“”]", "'", " ".join(text.split())).rstrip(".:, ")
    return plain if 0 < word_count(plain) <= _LONGEST_NAME else ""


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
