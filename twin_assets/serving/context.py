"""The prompt of one request: the chat with retrieved passages, made to fit the model's context."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from twin_assets.prompts import with_passages
from twin_assets.serving.openai_errors import bad_request

Turn = dict[str, Any]
"""A message for the engine: a `twin_assets.prompts.Message`, calls of tools, or what one of these gave."""
CountTokens = Callable[[Sequence[Turn]], Awaitable[int]]
"""Tokens of a chat under the model's own template."""

SHORTEST_PASSAGE = 160
"""Characters below which a passage is left out rather than cut further."""
SHORTEST_ANSWER = 16
"""Tokens that a request must leave for its answer."""


class Found(Protocol):
    """What a search gives, of which `twin_assets.retrieval.Passage` has more."""

    @property
    def document_id(self) -> str: ...
    @property
    def chunk_id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def score(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Quotation:
    """A passage as the model is shown it; `[start, end)` in characters of the corpus document."""

    document_id: str
    chunk_id: str
    title: str
    url: str
    start: int
    end: int
    text: str
    score: float

    @classmethod
    def of(cls, found: Found) -> "Quotation":
        """A passage before it is cut."""
        return cls(
            found.document_id,
            found.chunk_id,
            found.title or found.url or "untitled",
            found.url,
            found.start,
            found.end,
            found.text,
            found.score,
        )

    def shortened(self, characters: int) -> "Quotation":
        """Its first characters, up to a whole word."""
        text = self.text[:characters]
        text = (text[: text.rindex(" ")] if " " in text else text).rstrip()
        return replace(self, text=text, end=min(self.end, self.start + len(text)))

    def citation(self, number: int) -> dict[str, Any]:
        """What the client is given; `number` is the one the model saw."""
        return {
            "number": number,
            "document_id": self.document_id,
            "chunk_id": self.chunk_id,
            "title": self.title,
            "url": self.url,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "score": round(self.score, 6),
        }


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt that fits: its messages, the quotations in it, and the tokens left for the answer."""

    messages: list[Turn]
    quotations: list[Quotation]
    max_tokens: int
    dropped_turns: int


async def compose(
    chat: Sequence[Turn], found: Sequence[Found], max_tokens: int, context_tokens: int, count: CountTokens
) -> Prompt:
    """Put the passages under the last question and make it fit: `count(prompt) + max_tokens <= context_tokens`.

    What gives way, in this order: an answer longer than half of the context, the later passages, the oldest turns,
    the length of the answer. The system message and the question stay whole, with the calls of tools that follow it.

    Raises ApiError (400): they alone leave no room for an answer.
    """
    max_tokens = min(max_tokens, context_tokens // 2)
    system, turns = chat[0], list(chat[1:])
    asked = max(i for i, turn in enumerate(turns) if turn["role"] == "user")
    before, question, after = turns[:asked], turns[asked], turns[asked + 1 :]
    quotations = [Quotation.of(one) for one in found]
    dropped = 0
    while True:
        messages = [system, *before, _quoting(question, quotations), *after]
        tokens = await count(messages)
        over = tokens + max_tokens - context_tokens
        if over <= 0:
            return Prompt(messages, quotations, max_tokens, dropped)
        if quotations:
            quotations = _shorten(quotations, over, tokens, messages)
        elif before:
            # A chat goes on from a question of the user's: an answer goes with its question, a tool with its call.
            cut = next((i for i in range(1, len(before)) if before[i]["role"] == "user"), len(before))
            before, dropped = before[cut:], dropped + cut
        elif max_tokens - over >= SHORTEST_ANSWER:
            max_tokens -= over
        else:
            raise bad_request(
                f"the last message needs {tokens} tokens with all that belongs to it, and the context of "
                f"{context_tokens} holds the answer, too",
                "messages",
                "context_length_exceeded",
            )


def _quoting(question: Turn, quotations: Sequence[Quotation]) -> Turn:
    pairs = [(one.title, one.text) for one in quotations]
    return {**question, "content": with_passages(question["content"], pairs)}


def _shorten(quotations: list[Quotation], over: int, tokens: int, messages: Sequence[Turn]) -> list[Quotation]:
    """Take about `over` tokens off the last quotation, a little more than the average token's length suggests."""
    per_token = sum(len(str(message.get("content") or "")) for message in messages) / max(tokens, 1)
    last = quotations[-1]
    keep = len(last.text) - int(over * per_token * 1.15) - 8
    return [*quotations[:-1], last.shortened(keep)] if keep >= SHORTEST_PASSAGE else quotations[:-1]
