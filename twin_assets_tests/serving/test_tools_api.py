"""Tools pass through the service untouched, both ways, through OpenAI's own client."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import openai
import pytest
from openai import OpenAI

from twin_assets.monitoring.traces import TraceStore
from twin_assets.prompts import system_message, with_passages
from twin_assets.serving.context import Turn, compose

TOOL: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Says what the weather is.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string", "default": None}}},
        "strict": None,
    },
}
ASK: Any = {"role": "user", "content": "Does it rain?"}
CALL: Any = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "call_9", "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
}
GIVEN: Any = {"role": "tool", "tool_call_id": "call_9", "content": "It rains."}


def test_tools_reach_the_engine_as_they_are_and_its_call_comes_back(client: OpenAI, put: Any, fake: Any) -> None:
    name = put("a" * 32).adapter_name
    answer = client.chat.completions.create(
        model="twin", messages=[ASK], tools=[TOOL], tool_choice="auto", parallel_tool_calls=False
    )
    sent = fake.requests[-1]
    assert (sent["tools"], sent["tool_choice"], sent["parallel_tool_calls"]) == ([TOOL], "auto", False)
    choice = answer.choices[0]
    assert (choice.finish_reason, choice.message.content) == ("tool_calls", None)
    call: Any = (choice.message.tool_calls or [])[0]
    assert (call.id, call.function.name, json.loads(call.function.arguments)) == ("call_1", "weather", {"who": name})
    assert len((answer.model_extra or {})["citations"]) == 3


def test_a_call_is_streamed_in_the_pieces_that_it_came_in(client: OpenAI, put: Any, settings: Any) -> None:
    name = put("a" * 32).adapter_name
    stream = client.chat.completions.create(model="twin", messages=[ASK], tools=[TOOL], stream=True)
    chunks = list(stream)
    pieces: list[Any] = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    assert (pieces[0].id, pieces[0].function.name) == ("call_1", "weather")
    assert json.loads("".join(piece.function.arguments for piece in pieces)) == {"who": name}
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    trace = TraceStore(settings.home).get(chunks[0].id)
    assert trace is not None
    assert (trace.question, trace.answers) == ("Does it rain?", ("",))


def test_what_a_tool_gave_goes_to_the_engine_with_its_call_and_the_question_is_what_is_searched_for(
    client: OpenAI, fake: Any, search: Any
) -> None:
    two: Any = {"retrieval": {"k": 2}}
    answer = client.chat.completions.create(model="base", messages=[ASK, CALL, GIVEN], tools=[TOOL], extra_body=two)
    assert (answer.choices[0].message.content or "").startswith("base answers")
    pairs = [(one.title, one.text) for one in search.passages[:2]]
    assert fake.requests[-1]["messages"] == [
        system_message("Ada Example"),
        {"role": "user", "content": with_passages("Does it rain?", pairs)},
        CALL,
        GIVEN,
    ]
    assert [query for query, _ in search.queries] == ["Does it rain?"]
    assert fake.tokenized[-1]["tools"] == [TOOL]


def test_the_openai_clients_own_message_can_be_sent_back(client: OpenAI, fake: Any) -> None:
    called = client.chat.completions.create(model="base", messages=[ASK], tools=[TOOL]).choices[0].message
    given: Any = {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "It rains."}]}
    client.chat.completions.create(model="base", messages=[ASK, called, given], tools=[TOOL])  # type: ignore[list-item]
    assert fake.requests[-1]["messages"][-2]["tool_calls"][0]["id"] == "call_1"
    assert fake.requests[-1]["messages"][-1] == given


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ([ASK, GIVEN], "messages.1.tool_call_id"),
        ([ASK, CALL, {**GIVEN, "tool_call_id": "call_8"}], "messages.2.tool_call_id"),
        ([ASK, CALL, ASK, GIVEN], "messages.3.tool_call_id"),
        ([CALL, GIVEN], "messages"),
        ([ASK, {"role": "assistant", "content": None}, ASK], "messages.1.content"),
        ([ASK, CALL], "messages"),
    ],
)
def test_a_tools_message_without_its_call_is_refused(client: OpenAI, fake: Any, messages: Any, field: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="base", messages=messages, tools=[TOOL])
    assert caught.value.param == field
    assert not fake.requests


def test_a_fault_that_the_engine_finds_in_the_request_is_the_clients(client: OpenAI, fake: Any) -> None:
    fake.refuse_chat = "Tool 0 function has invalid 'parameters' schema"
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError, match="invalid 'parameters' schema") as caught:
            client.chat.completions.create(model="base", messages=[ASK], tools=[TOOL], stream=stream)
        assert caught.value.code == "engine_refused"


def test_old_turns_go_with_all_their_tools_and_the_last_questions_tools_stay() -> None:
    async def count(messages: Sequence[Turn]) -> int:
        return sum(len(str(message.get("content") or "")) for message in messages)

    old = [{"role": "user", "content": "o" * 300}, CALL, GIVEN, {"role": "assistant", "content": "It does."}]
    chat = [system_message("Ada"), *old, ASK, CALL, GIVEN]
    prompt = asyncio.run(compose([dict(turn) for turn in chat], [], 64, 320, count))
    assert prompt.messages[1:] == [ASK, CALL, GIVEN]
    assert prompt.dropped_turns == 4
