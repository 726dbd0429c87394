"""The service through OpenAI's own client."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from twin_assets.prompts import system_message, with_passages
from twin_assets.retrieval import Filter
from twin_assets.serving.app import create_app

ASK: list[Any] = [{"role": "user", "content": "What about kettles?"}]


def text_of(stream: Any) -> tuple[str, list[Any]]:
    chunks = list(stream)
    return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices), chunks


def test_the_deployed_adapter_answers_with_citations_and_lineage(
    client: OpenAI, put: Any, fake: Any, search: Any
) -> None:
    deployed = put("a" * 32)
    answer = client.chat.completions.create(model="twin", messages=ASK)
    assert answer.choices[0].message.content is not None
    assert answer.choices[0].message.content.startswith(deployed.adapter_name)
    assert answer.model == "twin"
    assert fake.requests[-1]["model"] == f"base:{deployed.adapter_name}"
    extra = answer.model_extra or {}
    assert [c["number"] for c in extra["citations"]] == [1, 2, 3]
    assert extra["citations"][0] | {"text": ""} == {
        "number": 1,
        "document_id": "doc1",
        "chunk_id": "chunk1",
        "title": "On kettles",
        "url": "https://example.org/kettles",
        "start": 10,
        "end": 10 + len(search.passages[0].text),
        "text": "",
        "score": 0.5,
    }
    assert extra["twin"]["deployment_id"] == deployed.deployment_id
    assert extra["twin"]["adapter_digest"] == "a" * 32
    assert extra["twin"]["dataset_versions"] == {"instruction_dataset": "a1", "preference_dataset": "b2"}
    assert extra["twin"]["retrieval"] == {"enabled": True, "found": 3, "used": 3}
    assert search.queries == [("What about kettles?", 4)]


def test_the_prompt_is_the_one_of_training_with_the_passages_under_the_question(
    client: OpenAI, put: Any, fake: Any, search: Any
) -> None:
    put("a" * 32)
    client.chat.completions.create(model="twin", messages=ASK, extra_body={"retrieval": {"k": 2}})
    pairs = [(one.title, one.text) for one in search.passages[:2]]
    assert fake.requests[-1]["messages"] == [
        system_message("Ada Example"),
        {"role": "user", "content": with_passages("What about kettles?", pairs)},
    ]
    client.chat.completions.create(model="twin", messages=ASK, extra_body={"retrieval": False})
    assert fake.requests[-1]["messages"][-1] == ASK[0]
    assert len(search.queries) == 1


def test_what_is_searched_can_be_chosen_and_is_public_in_any_case(client: OpenAI, put: Any, search: Any) -> None:
    put("a" * 32)
    wanted = {"kinds": ["x"], "sources": ["blog"], "since": "2024-01-01T00:00:00Z", "until": "2025-01-01T00:00:00Z"}
    client.chat.completions.create(model="twin", messages=ASK, extra_body={"retrieval": wanted})
    client.chat.completions.create(model="twin", messages=ASK)
    assert search.filters == [
        Filter(
            kinds=["x"],
            sources=["blog"],
            since=datetime(2024, 1, 1, tzinfo=UTC),
            until=datetime(2025, 1, 1, tzinfo=UTC),
            scope="public",
        ),
        Filter(),
    ]


def test_a_stream_carries_the_citations_in_its_last_chunk(client: OpenAI, put: Any) -> None:
    deployed = put("a" * 32)
    text, chunks = text_of(client.chat.completions.create(model="twin", messages=ASK, stream=True))
    assert text.startswith(f"{deployed.adapter_name} answers")
    assert {chunk.model for chunk in chunks} == {"twin"}
    assert [len((c.model_extra or {}).get("citations", [])) for c in chunks] == [0] * (len(chunks) - 1) + [3]
    options: Any = {"include_usage": True}
    _, chunks = text_of(client.chat.completions.create(model="twin", messages=ASK, stream=True, stream_options=options))
    assert chunks[-1].usage.total_tokens > 0
    assert len(chunks[-1].model_extra["citations"]) == 3


def test_the_base_model_answers_under_its_name_without_a_deployment(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="base", messages=ASK)
    assert (answer.choices[0].message.content or "").startswith("base answers")
    assert "adapter_digest" not in (answer.model_extra or {})["twin"]


def test_what_the_client_sets_reaches_the_engine_and_what_it_leaves_out_has_the_defaults(
    client: OpenAI, fake: Any
) -> None:
    parts: Any = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
    ]
    wanted = {"temperature": 0.25, "top_p": 0.5, "seed": 3, "stop": ["x"]}
    extra = {**wanted, "retrieval": False}
    client.chat.completions.create(model="base", messages=parts, max_completion_tokens=7, user="u", extra_body=extra)
    sent = fake.requests[-1]
    assert sent["max_tokens"] == 7
    assert {key: sent[key] for key in wanted} == wanted
    assert "user" not in sent
    assert sent["messages"][0]["content"] == system_message("Ada Example")["content"] + "\n\nBe brief."
    assert sent["messages"][1]["content"] == "one\ntwo"
    client.chat.completions.create(model="base", messages=ASK)
    assert (fake.requests[-1]["temperature"], fake.requests[-1]["max_tokens"]) == (0.7, 256)


def test_an_unknown_model_is_a_404_as_openai_says_it(client: OpenAI, put: Any, fake: Any) -> None:
    put("a" * 32)
    asked = len(fake.requests)
    for name in ("gpt-4", "twin-" + "a" * 16, "base:twin-" + "a" * 16):
        with pytest.raises(openai.NotFoundError) as caught:
            client.chat.completions.create(model=name, messages=ASK)
        assert caught.value.code == "model_not_found"
    assert len(fake.requests) == asked


@pytest.mark.parametrize("stream", [False, True])
def test_without_a_deployment_the_twin_says_what_to_do(client: OpenAI, stream: bool) -> None:
    with pytest.raises(openai.InternalServerError, match="Run `twin up`") as caught:
        client.chat.completions.create(model="twin", messages=ASK, stream=stream)
    assert (caught.value.status_code, caught.value.code) == (503, "nothing_deployed")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"model": "base"}, "messages"),
        ({"model": "base", "messages": []}, "messages"),
        ({"model": "base", "messages": [{"role": "function", "content": "x"}]}, "messages.0.role"),
        ({"model": "base", "messages": ASK, "temperature": 9}, "temperature"),
        ({"model": "base", "messages": ASK, "max_tokens": 0}, "max_tokens"),
        ({"model": "base", "messages": ASK, "retrieval": {"k": 99}}, "retrieval"),
        ({"model": "base", "messages": ASK, "retrieval": {"scope": "secret"}}, "retrieval"),
        ({"model": "base", "messages": ASK, "retrieval": {"kinds": ["telepathy"]}}, "retrieval"),
        ({"model": "base", "messages": ASK, "tools": {}}, "tools"),
        ({"model": "base", "messages": [*ASK, {"role": "assistant", "content": "x"}]}, "messages"),
        ({"model": "base", "messages": [{"role": "user", "content": "  "}]}, "messages"),
    ],
)
def test_a_wrong_request_is_a_400_that_names_the_field(service: str, body: Any, field: str) -> None:
    response = httpx.post(f"{service}/v1/chat/completions", json=body, trust_env=False)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["param"].startswith(field)


def test_a_body_that_is_not_json_and_a_foreign_host_are_refused(service: str) -> None:
    with httpx.Client(base_url=service, trust_env=False) as http:
        assert http.post("/v1/chat/completions", data={"model": "base"}).status_code == 400
        torn = http.post("/v1/chat/completions", content=b'{"model"', headers={"content-type": "application/json"})
        assert torn.json()["error"]["type"] == "invalid_request_error"
        assert http.get("/v1/models", headers={"host": "evil.example"}).status_code == 400
        assert http.get("/v1/nothing").json()["error"]["type"] == "invalid_request_error"


def test_an_engine_that_is_away_is_a_503_with_a_remedy(make_settings: Any, search: Any, served: Any) -> None:
    with (
        served(create_app(make_settings(9), search)) as url,
        OpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0) as c,
    ):
        with pytest.raises(openai.InternalServerError, match="twin up") as caught:
            c.chat.completions.create(model="base", messages=ASK)
        assert (caught.value.status_code, caught.value.code) == (503, "engine_unavailable")
        ready = httpx.get(f"{url}/readyz", trust_env=False)
        assert ready.status_code == 503
        assert ready.json()["missing"] == ["the engine does not answer", "no twin is deployed"]
        assert httpx.get(f"{url}/healthz", trust_env=False).status_code == 200


def test_an_engine_that_breaks_off_ends_the_stream_with_an_error(client: OpenAI, fake: Any) -> None:
    fake.break_after = 2
    with pytest.raises(openai.APIError, match="out of memory"):
        list(client.chat.completions.create(model="base", messages=ASK, stream=True))


def test_a_search_that_fails_is_said_and_the_twin_answers_all_the_same(client: OpenAI, search: Any) -> None:
    search.fault = "nothing was embedded yet"
    answer = client.chat.completions.create(model="base", messages=ASK)
    assert answer.choices[0].message.content
    extra = answer.model_extra or {}
    assert extra["citations"] == []
    assert extra["twin"]["retrieval"]["error"] == "nothing was embedded yet"


def test_a_restarted_engine_without_the_adapter_gets_it_back(client: OpenAI, put: Any, fake: Any) -> None:
    deployed = put("a" * 32)
    fake.adapters.clear()
    fake.ever.clear()
    answer = client.chat.completions.create(model="twin", messages=ASK)
    assert (answer.choices[0].message.content or "").startswith(deployed.adapter_name)
    fake.adapters.clear()
    text, _ = text_of(client.chat.completions.create(model="twin", messages=ASK, stream=True))
    assert text.startswith(deployed.adapter_name)


def test_an_answer_takes_two_calls_of_the_engine_and_a_restarted_one_gets_its_adapter_back_all_the_same(
    client: OpenAI, put: Any, fake: Any
) -> None:
    deployed = put("a" * 32)
    client.chat.completions.create(model="twin", messages=ASK)
    before = len(fake.calls)
    client.chat.completions.create(model="twin", messages=ASK)
    assert fake.calls[before:] == ["POST /tokenize", "POST /v1/chat/completions"]
    for stream in (False, True):
        fake.adapters.clear()
        fake.ever.clear()
        answer: Any = client.chat.completions.create(model="twin", messages=ASK, stream=stream)
        text = text_of(answer)[0] if stream else answer.choices[0].message.content
        assert text.startswith(deployed.adapter_name)


def test_a_request_in_flight_ends_on_the_old_adapter_while_the_next_takes_the_new(
    client: OpenAI, put: Any, fake: Any
) -> None:
    old = put("a" * 32)
    held = threading.Event()
    free = threading.Event()
    free.set()
    fake.gate = lambda who: held if who == old.adapter_name else free
    stream = client.chat.completions.create(model="twin", messages=ASK, stream=True)
    begun = [next(stream), next(stream)]
    new = put("b" * 32)
    next_text, _ = text_of(client.chat.completions.create(model="twin", messages=ASK, stream=True))
    assert next_text.startswith(new.adapter_name)
    held.set()
    text, rest = text_of(stream)
    assert (begun[1].choices[0].delta.content or "") + text == f"{old.adapter_name} answers {text.split()[-1]}"
    assert rest[-1].model_extra["twin"]["deployment_id"] == old.deployment_id


def test_it_keeps_answering_while_adapters_are_swapped(client: OpenAI, put: Any) -> None:
    names = [put("a" * 32).adapter_name]
    stop = threading.Event()

    def ask() -> list[str]:
        answers = []
        while not stop.is_set():
            answer = client.chat.completions.create(model="twin", messages=ASK)
            answers.append((answer.choices[0].message.content or "").split()[0])
        return answers

    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(ask) for _ in range(3)]
        try:
            names += [put(c * 32).adapter_name for c in "bcd"]
        finally:
            stop.set()
        answers = [name for future in futures for name in future.result()]
    assert set(answers) <= set(names)
    assert "base" not in answers


def test_the_models_are_listed_and_readiness_is_told(client: OpenAI, service: str, put: Any) -> None:
    assert [model.id for model in client.models.list()] == ["base"]
    put("a" * 32)
    assert [model.id for model in client.models.list()] == ["twin", "twin@1", "base"]
    assert client.models.retrieve("twin").owned_by == "Ada Example"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("other")
    assert httpx.get(f"{service}/readyz", trust_env=False).json() == {"ready": True, "missing": []}
