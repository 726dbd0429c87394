"""`POST /v1/responses` through OpenAI's own client, and through LiteLLM."""

import asyncio
import json
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.responses import ResponseStreamEvent

from twin_assets.monitoring.traces import TraceStore
from twin_assets.prompts import system_message, with_passages

ASKED = "What about kettles?"
TOOL: Any = {"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": False}


def test_the_deployed_adapter_answers_with_citations_and_lineage(
    client: OpenAI, http: httpx.Client, put: Any, fake: Any, settings: Any
) -> None:
    deployed = put("a" * 32)
    response = client.responses.create(model="twin", input=ASKED)
    assert response.output_text.startswith(f"{deployed.adapter_name} answers")
    assert fake.requests[-1]["model"] == f"base:{deployed.adapter_name}"
    assert (response.status, response.model, response.error) == ("completed", "twin", None)
    assert response.usage is not None
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens > 0
    extra = response.model_extra or {}
    assert [one["number"] for one in extra["citations"]] == [1, 2, 3]
    assert extra["twin"]["deployment_id"] == deployed.deployment_id
    assert extra["store"] is False
    trace = TraceStore(settings.home).get(response.id)
    assert trace is not None
    assert (trace.question, trace.answers) == (ASKED, (response.output_text,))
    assert http.get(f"/api/lineage/{response.id}").json()["adapter"]["digest"] == "a" * 32


@pytest.mark.parametrize("model", ["twin@1", "base"])
def test_each_name_is_answered_by_its_own_model(client: OpenAI, put: Any, model: str) -> None:
    name = put("a" * 32).adapter_name if model != "base" else "base"
    assert client.responses.create(model=model, input=ASKED).output_text.startswith(f"{name} answers")


def test_what_is_asked_reaches_the_engine_as_a_chat(client: OpenAI, fake: Any, search: Any) -> None:
    items: Any = [
        {"role": "user", "content": "Hello"},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Hi.", "annotations": []}],
        },
        {"role": "user", "content": [{"type": "input_text", "text": ASKED}]},
    ]
    extra: Any = {"retrieval": {"k": 2, "kinds": ["x"]}}
    client.responses.create(
        model="base",
        input=items,
        instructions="Be brief.",
        max_output_tokens=9,
        temperature=0.25,
        top_p=0.5,
        extra_body=extra,
    )
    sent = fake.requests[-1]
    assert (sent["max_tokens"], sent["temperature"], sent["top_p"]) == (9, 0.25, 0.5)
    pairs = [(one.title, one.text) for one in search.passages[:2]]
    assert sent["messages"] == [
        {"role": "system", "content": system_message("Ada Example")["content"] + "\n\nBe brief."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi."},
        {"role": "user", "content": with_passages(ASKED, pairs)},
    ]
    assert (search.queries, search.filters[0].kinds) == ([(ASKED, 2)], ["x"])


def told(stream: Any) -> list[ResponseStreamEvent]:
    events = list(stream)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    return events


def test_a_stream_tells_the_response_as_it_is_written(client: OpenAI, put: Any) -> None:
    name = put("a" * 32).adapter_name
    events = told(client.responses.create(model="twin", input=ASKED, stream=True))
    kinds = [event.type.removeprefix("response.") for event in events]
    assert kinds == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        *["output_text.delta"] * 3,
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text.startswith(f"{name} answers")
    last: Any = events[-1]
    assert last.response.output_text == text
    assert last.response.usage.output_tokens == 3
    assert len(last.response.model_extra["citations"]) == 3
    assert last.response.model_extra["twin"]["adapter_digest"] == "a" * 32


def test_the_clients_own_helper_puts_a_stream_together(client: OpenAI) -> None:
    with client.responses.stream(model="base", input=ASKED) as stream:
        assert stream.get_final_response().output_text.startswith("base answers")


def test_the_asynchronous_client_gets_the_same(service: str, put: Any) -> None:
    name = put("a" * 32).adapter_name

    async def asked() -> tuple[str, str]:
        async with AsyncOpenAI(base_url=f"{service}/v1", api_key="none", max_retries=0) as client:
            whole = await client.responses.create(model="twin", input=ASKED)
            stream = await client.responses.create(model="twin", input=ASKED, stream=True)
            pieces = [event.delta async for event in stream if event.type == "response.output_text.delta"]
            return whole.output_text, "".join(pieces)

    whole, streamed = asyncio.run(asked())
    assert whole == streamed
    assert whole.startswith(f"{name} answers")


@pytest.mark.parametrize("stream", [False, True])
def test_a_function_is_called_and_what_it_gave_is_answered(client: OpenAI, fake: Any, stream: bool) -> None:
    how: Any = {"model": "base", "tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": False}
    if stream:
        events = told(client.responses.create(input=ASKED, stream=True, **how))
        first = events[-1].response  # type: ignore[union-attr]
        pieces = [event.delta for event in events if event.type == "response.function_call_arguments.delta"]
        assert json.loads("".join(pieces)) == {"who": "base"}
    else:
        first = client.responses.create(input=ASKED, **how)
    call: Any = first.output[0]
    assert len(first.output) == 1
    assert (call.type, call.call_id, call.name) == ("function_call", "call_1", "weather")
    assert json.loads(call.arguments) == {"who": "base"}
    function = {"name": "weather", "parameters": {"type": "object"}, "strict": False}
    assert fake.requests[-1]["tools"] == [{"type": "function", "function": function}]
    given = {"type": "function_call_output", "call_id": call.call_id, "output": "It rains."}
    second = client.responses.create(input=[{"role": "user", "content": ASKED}, call, given], **how)
    assert second.output_text.startswith("base answers")
    called, answered = fake.requests[-1]["messages"][-2:]
    assert called["tool_calls"][0]["function"] == {"name": "weather", "arguments": call.arguments}
    assert answered == {"role": "tool", "tool_call_id": "call_1", "content": "It rains."}


def test_an_answer_that_was_cut_off_is_incomplete(client: OpenAI, fake: Any) -> None:
    fake.finish = "length"
    whole = client.responses.create(model="base", input=ASKED)
    assert (whole.status, whole.incomplete_details and whole.incomplete_details.reason) == (
        "incomplete",
        "max_output_tokens",
    )
    last: Any = told(client.responses.create(model="base", input=ASKED, stream=True))[-1]
    assert (last.type, last.response.status) == ("response.incomplete", "incomplete")


def test_an_engine_that_breaks_off_ends_the_stream_with_the_fault(client: OpenAI, fake: Any) -> None:
    fake.break_after = 2
    last: Any = told(client.responses.create(model="base", input=ASKED, stream=True))[-1]
    assert last.type == "response.failed"
    assert "out of memory" in last.response.error.message


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"previous_response_id": "resp-1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"background": True}, "background"),
        ({"input": []}, "input"),
        ({"input": " "}, "input"),
        ({"input": [{"type": "reasoning", "summary": []}]}, "input"),
        ({"input": [{"type": "function_call_output", "call_id": "x", "output": "y"}]}, "input"),
        ({"tools": [{"type": "web_search"}]}, "tools"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"retrieval": {"scope": "secret"}}, "retrieval"),
    ],
)
def test_a_wrong_request_is_a_400_that_names_the_field(http: httpx.Client, fake: Any, body: Any, field: str) -> None:
    response = http.post("/v1/responses", json={"model": "base", "input": ASKED, **body})
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["param"].startswith(field)
    assert not fake.requests


def test_an_unknown_model_and_a_missing_twin_are_said_as_openai_says_it(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.responses.create(model="gpt-4", input=ASKED)
    assert unknown.value.code == "model_not_found"
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError, match="Run `twin up`") as missing:
            client.responses.create(model="twin", input=ASKED, stream=stream)
        assert missing.value.code == "nothing_deployed"


def test_litellm_reaches_it(client: OpenAI, put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    name = put("a" * 32).adapter_name
    how: dict[str, Any] = {"api_base": str(client.base_url), "api_key": "none"}
    response = litellm.responses(model="openai/twin", input=ASKED, **how)
    assert response.output[0].content[0].text.startswith(f"{name} answers")
    events = list(litellm.responses(model="openai/twin", input=ASKED, stream=True, **how))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text.startswith(f"{name} answers")
