"""Prompts are made to fit the context, whatever is asked and found."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.prompts import Message, system_message
from twin_assets.serving.context import SHORTEST_ANSWER, Prompt, Quotation, compose
from twin_assets.serving.openai_errors import ApiError

SYSTEM = system_message("Ada Example")


async def count(messages: Sequence[Message]) -> int:
    """Four characters to the token, and four tokens around each message."""
    return sum(len(message["content"]) // 4 + 4 for message in messages)


def quotation(text: str) -> Quotation:
    return Quotation("d", "c", "Title", "https://example.org", 100, 100 + len(text), text, 1.0)


def fit(turns: list[str], texts: list[str], max_tokens: int = 64, context: int = 512) -> Prompt:
    roles = ("user", "assistant")
    chat: list[Message] = [SYSTEM]
    for number, text in enumerate(turns):
        chat.append({"role": "user" if roles[number % 2] == "user" else "assistant", "content": text})
    return asyncio.run(compose(chat, [quotation(text) for text in texts], max_tokens, context, count))


def test_what_fits_is_left_whole() -> None:
    prompt = fit(["Why?"], ["one passage", "another"])
    assert [one.text for one in prompt.quotations] == ["one passage", "another"]
    assert (prompt.max_tokens, prompt.dropped_turns) == (64, 0)


def test_the_last_passage_is_cut_at_a_word_and_its_span_with_it() -> None:
    long = "word " * 600
    prompt = fit(["Why?"], ["short passage", long])
    assert prompt.quotations[0].text == "short passage"
    cut = prompt.quotations[1]
    assert 160 < len(cut.text) < len(long)
    assert cut.text.endswith("word")
    assert cut.end == cut.start + len(cut.text)
    assert cut.text in prompt.messages[-1]["content"]


def test_the_oldest_turns_go_with_their_answers_and_the_chat_still_begins_with_a_question() -> None:
    prompt = fit(["old " * 400, "answer " * 200, "newer", "reply", "Why?"], [])
    assert prompt.dropped_turns == 2
    assert [message["content"] for message in prompt.messages[1:]] == ["newer", "reply", "Why?"]


def test_a_long_question_shortens_the_answer_and_one_that_fills_the_context_is_refused() -> None:
    assert SHORTEST_ANSWER <= fit(["x" * 1700], ["a passage"], max_tokens=256).max_tokens < 256
    with pytest.raises(ApiError) as caught:
        fit(["x" * 2100], [])
    assert caught.value.code == "context_length_exceeded"


@settings(max_examples=150, deadline=None)
@given(
    turns=st.lists(st.text(max_size=600), min_size=1, max_size=7).filter(lambda turns: len(turns) % 2 == 1),
    texts=st.lists(st.text(max_size=900), max_size=5),
    max_tokens=st.integers(1, 4000),
    context=st.integers(256, 1024),
)
def test_a_prompt_always_fits_with_its_answer_and_keeps_the_question(
    turns: list[str], texts: list[str], max_tokens: int, context: int
) -> None:
    needed = asyncio.run(count([SYSTEM, {"role": "user", "content": turns[-1]}]))
    if needed + min(max_tokens, SHORTEST_ANSWER) > context:
        with pytest.raises(ApiError, match="the last message needs"):
            fit(turns, texts, max_tokens, context)
        return
    prompt = fit(turns, texts, max_tokens, context)
    assert asyncio.run(count(prompt.messages)) + prompt.max_tokens <= context
    assert prompt.max_tokens >= min(SHORTEST_ANSWER, max_tokens)
    assert prompt.messages[0] == SYSTEM
    assert prompt.messages[1]["role"] == "user"
    assert prompt.messages[-1]["content"].startswith(turns[-1])
    for found, shown in zip(texts, prompt.quotations, strict=False):
        assert found.startswith(shown.text)
