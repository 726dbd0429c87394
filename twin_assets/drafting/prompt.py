"""The prompt of a draft: what is asked, new material fenced as data, own passages, all within the budget."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from twin_assets.drafting.fence import fenced, fenced_draft, harmless
from twin_assets.drafting.formats import RULES, Format, Length
from twin_assets.drafting.habits import Habits
from twin_assets.drafting.shorten import shares, shortened
from twin_assets.prompts import Message, request_messages, with_passages

Count = Callable[[Sequence[Message]], Awaitable[int]]
"""Tokens of a chat under the model's own template."""

OWN_SHARE = 0.4
"""Of the room for passages and material together, what the author's own passages get where there is material."""
SHORTEST = 80
"""Characters below which a passage or material is left out rather than shortened further."""
SHORTEST_ANSWER = 64
"""Tokens that are left for a draft at least."""
_ROUNDS = 8


class TooLong(ValueError):
    """What is asked leaves no room for a draft; `tokens` are those that it needs."""

    def __init__(self, tokens: int) -> None:
        super().__init__(f"the prompt alone needs {tokens} tokens")
        self.tokens = tokens


@dataclass(frozen=True, slots=True)
class Source:
    """A text that a draft is made from; `tokens` under the model's tokenizer."""

    title: str
    text: str
    tokens: int

    @property
    def characters_per_token(self) -> float:
        """The measured average of this text."""
        return len(self.text) / max(self.tokens, 1)


@dataclass(frozen=True, slots=True)
class Composed:
    """A prompt that fits. `passages` are the characters kept of each own passage, `excerpts` what is left of each
    material; both are as many as were given, 0 and empty for those left out."""

    messages: list[Message]
    passages: list[int]
    excerpts: list[str]
    max_tokens: int


def request_of(how: Format, prompt: str, length: Length, tone: str | None, habits: Habits) -> str:
    """What the model is asked, in one line and the author's own words below it."""
    rules = RULES[how]
    said = [f"{rules.asked} of about {rules.words[length]} words."]
    if tone:
        said.append(f"Tone: {' '.join(tone.split())}.")
    if rules.habits_of and habits.posts:
        said.append(_hashtags(habits))
    return harmless(f"{' '.join(said)}\n\n{prompt.strip()}")


def revision_of(asked: str, instruction: str) -> str:
    """What was asked, with the change that is wanted below it."""
    return harmless(f"{asked}\n\n{instruction.strip()}")


def with_draft(asked: str, text: str, mark: str) -> str:
    """A revision as the model is asked for it: with the draft that it is about, whole."""
    return f"{asked}\n\nGive the whole text, changed as was said last.\n\n{fenced_draft(text, mark)}"


async def compose(
    author: str,
    asked: str,
    own: Sequence[Source],
    material: Sequence[Source],
    mark: str,
    max_tokens: int,
    context_tokens: int,
    count: Count,
) -> Composed:
    """Make a prompt such that `count(prompt) + max_tokens <= context_tokens`.

    What is asked stays whole. Own passages lose their ends, the last one first; material is shortened to whole
    sentences, each to an equal share, and what a short one does not need goes to the others.

    Args:
        own: the author's passages, the best first.
        material: what others wrote, or the author gives for this draft; shown inside the fence of `mark` only.

    Raises TooLong: what is asked leaves no room for SHORTEST_ANSWER tokens.
    """
    bare = await count(request_messages(author, asked))
    max_tokens = min(max_tokens, context_tokens // 2, context_tokens - bare)
    if max_tokens < SHORTEST_ANSWER:
        raise TooLong(bare)
    room = context_tokens - max_tokens - bare
    for _ in range(_ROUNDS):
        fitting = _fitting(author, asked, own, material, mark, room, max_tokens)
        over = await count(fitting.messages) + max_tokens - context_tokens
        if over <= 0:
            return fitting
        room -= over + 8
    return Composed(request_messages(author, asked), [0] * len(own), [""] * len(material), max_tokens)


def _fitting(
    author: str, asked: str, own: Sequence[Source], material: Sequence[Source], mark: str, room: int, max_tokens: int
) -> Composed:
    """The prompt for passages and material of about `room` tokens together."""
    needed = sum(one.tokens for one in own)
    wanted = sum(one.tokens for one in material)
    for_own = min(needed, max(int(room * OWN_SHARE), room - wanted) if material else room)
    passages = [_whole_words(one.text, tokens, one) for one, tokens in zip(own, _in_turn(own, for_own), strict=True)]
    left = room - min(for_own, needed)
    tokens = shares([one.tokens for one in material], left)
    excerpts = [
        _excerpt(one, asked, int(given * one.characters_per_token)) for one, given in zip(material, tokens, strict=True)
    ]
    block = fenced([(m.title, text) for m, text in zip(material, excerpts, strict=True) if text], mark)
    question = f"{asked}\n\n{block}" if block else asked
    shown = [(harmless(one.title), harmless(one.text[:n])) for one, n in zip(own, passages, strict=True) if n]
    messages = request_messages(author, with_passages(question, shown))
    return Composed(messages, passages, excerpts, max_tokens)


def _in_turn(own: Sequence[Source], room: int) -> list[int]:
    """Tokens for each passage: the best ones whole."""
    given = []
    for one in own:
        given.append(max(min(one.tokens, room), 0))
        room -= given[-1]
    return given


def _whole_words(text: str, tokens: int, source: Source) -> int:
    """How many characters of a passage are kept; 0 where it is too little to say anything."""
    if tokens >= source.tokens:
        return len(text)
    cut = text[: int(tokens * source.characters_per_token)]
    cut = (cut[: cut.rindex(" ")] if " " in cut else cut).rstrip()
    return len(cut) if len(cut) >= SHORTEST else 0


def _excerpt(source: Source, asked: str, characters: int) -> str:
    text = shortened(source.text, f"{asked} {source.title}", characters)
    return text if len(text) >= min(SHORTEST, len(source.text)) else ""


def _hashtags(habits: Habits) -> str:
    if not habits.uses_hashtags:
        return "No hashtags."
    place = "at the end" if habits.at_end else "in the text"
    return f"About {habits.typical} hashtag{'s' if habits.typical != 1 else ''} {place}."
