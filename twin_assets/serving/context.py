"""The prompt of one request: the chat with retrieved passages, made to fit the model's context."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from twin_assets.prompts import Message, with_passages
from twin_assets.serving.openai_errors import bad_request

CountTokens = Callable[[Sequence[Message]], Awaitable[int]]
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

    messages: list[Message]
    quotations: list[Quotation]
    max_tokens: int
    dropped_turns: int


async def compose(
    chat: Sequence[Message], found: Sequence[Found], max_tokens: int, context_tokens: int, count: CountTokens
) -> Prompt:
    """Put the passages under the last question and make it fit: `count(prompt) + max_tokens <= context_tokens`.

    What gives way, in this order: an answer longer than half of the context, the later passages, the oldest turns,
    the length of the answer. The system message and the question stay whole.

    Raises ApiError (400): they alone leave no room for an answer.
    """
    max_tokens = min(max_tokens, context_tokens // 2)
    system, turns = chat[0], list(chat[1:])
    quotations = [Quotation.of(one) for one in found]
    dropped = 0
    while True:
        messages = [system, *turns[:-1], _quoting(turns[-1], quotations)]
        tokens = await count(messages)
        over = tokens + max_tokens - context_tokens
        if over <= 0:
            return Prompt(messages, quotations, max_tokens, dropped)
        if quotations:
            quotations = _shorten(quotations, over, tokens, messages)
        elif len(turns) > 1:
            # A chat goes on from a question of the user's, so that an answer goes with its question.
            cut = next(i for i in range(1, len(turns)) if turns[i]["role"] == "user")
            turns, dropped = turns[cut:], dropped + cut
        elif max_tokens - over >= SHORTEST_ANSWER:
            max_tokens -= over
        else:
            raise bad_request(
                f"the last message needs {tokens} tokens, and the context of {context_tokens} holds the answer, too",
                "messages",
                "context_length_exceeded",
            )


def _quoting(question: Message, quotations: Sequence[Quotation]) -> Message:
    pairs = [(one.title, one.text) for one in quotations]
    return {"role": question["role"], "content": with_passages(question["content"], pairs)}


def _shorten(quotations: list[Quotation], over: int, tokens: int, messages: Sequence[Message]) -> list[Quotation]:
    """Take about `over` tokens off the last quotation, a little more than the average token's length suggests."""
    per_token = sum(len(message["content"]) for message in messages) / max(tokens, 1)
    last = quotations[-1]
    keep = len(last.text) - int(over * per_token * 1.15) - 8
    return [*quotations[:-1], last.shortened(keep)] if keep >= SHORTEST_PASSAGE else quotations[:-1]
