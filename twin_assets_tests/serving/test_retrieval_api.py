"""Search, documents, lineage, versions of the twin and embeddings, as clients use them."""

import asyncio
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from twin_assets.monitoring.traces import forget_traces
from twin_assets.records import CorpusDocument, DatasetVersion
from twin_assets.retrieval import Filter
from twin_assets.serving.app import create_app
from twin_assets.serving.keys import KeyStore
from twin_assets.settings import ServiceSettings
from twin_assets.storage import TableStore
from twin_assets_tests.corpus_documents import corpus_document

ASK: list[Any] = [{"role": "user", "content": "What about kettles?"}]


@pytest.fixture
def reader(settings: Any, search: Any, served: Any) -> Iterator[httpx.Client]:
    """A client with a reader's key, of a service that can be reached from elsewhere."""
    exposed = settings.model_copy(update={"service": ServiceSettings(host="0.0.0.0")})
    _, secret = KeyStore.of(exposed).add("somebody", "reader")
    with (
        served(create_app(exposed, search, Path)) as url,
        httpx.Client(base_url=url, trust_env=False, headers={"Authorization": f"Bearer {secret}"}) as client,
    ):
        yield client


@pytest.fixture
def documents(settings: Any) -> None:
    rows = [
        corpus_document(name, text, scope=scope, title="A title", url="https://example.org/a", sources=("blog",))
        for name, text, scope in (("open", "All about kettles.", "public"), ("mine", "A diary.", "private"))
    ]
    TableStore.of(settings).sync(CorpusDocument, rows)


def test_search_gives_passages_with_their_spans_under_the_filters(http: httpx.Client, search: Any) -> None:
    filters = {"kinds": ["x"], "sources": [], "after": "2024-01-01T00:00:00Z", "scope": "private"}
    found = http.post("/api/search", json={"query": "kettles", "k": 2, "filters": filters}).json()["passages"]
    assert [one["chunk_id"] for one in found] == ["chunk1", "chunk2"]
    assert found[0]["scores"] == {"fused": 0.5}
    assert (found[0]["start"], found[0]["end"]) == (10, 10 + len(found[0]["text"]))
    only: Filter = search.filters[-1]
    assert (only.kinds, only.sources, only.scope) == (["x"], None, "private")
    assert only.since is not None
    assert http.post("/api/search", json={"query": ""}).json()["error"]["param"] == "query"
    search.fault = "nothing was embedded yet"
    assert http.post("/api/search", json={"query": "x"}).status_code == 503


@pytest.mark.usefixtures("documents")
def test_a_document_is_given_with_the_span_of_a_citation(http: httpx.Client) -> None:
    found = http.get("/api/documents/open", params={"start": 10, "end": 17}).json()
    assert found["text"][found["span"]["start"] : found["span"]["end"]] == "kettles"
    assert (found["source"], found["kind"], found["scope"]) == ("blog", "markdown", "public")
    assert http.get("/api/documents/open").json()["span"] is None
    assert http.get("/api/documents/mine").json()["text"] == "A diary."
    for wrong in ({"start": 3}, {"start": 9, "end": 3}, {"start": 0, "end": 999}, {"start": -1, "end": 2}):
        assert http.get("/api/documents/open", params=wrong).status_code == 400
    for other in ("none", "' OR 1=1 --", "..%2Fetc", "x" * 3000):
        assert http.get(f"/api/documents/{other}").status_code == 404


@pytest.mark.usefixtures("documents")
def test_what_is_private_is_shown_to_the_owner_alone(http: httpx.Client, reader: httpx.Client, search: Any) -> None:
    private = {"scope": "private"}
    assert reader.get("/api/documents/open").status_code == 200
    assert reader.get("/api/documents/mine").status_code == 404
    assert reader.post("/api/search", json={"query": "x", "filters": private}).status_code == 403
    draft = {"format": "linkedin_post", "prompt": "x", "model": "base", "filters": private}
    assert reader.post("/api/drafts", json=draft).status_code == 403
    chat = {"model": "base", "messages": ASK, "retrieval": private}
    assert reader.post("/v1/chat/completions", json=chat).status_code == 403
    assert search.queries == []
    mine = http.post("/api/drafts", json=draft).json()
    answer = http.post("/v1/chat/completions", json=chat).json()
    assert http.get(f"/api/lineage/{answer['id']}").status_code == 200
    for path in (f"/api/lineage/{answer['id']}", f"/api/drafts/{mine['draft_id']}", "/api/drafts"):
        assert reader.get(path).status_code == 403
    accept = {"variant": 0, "text": "my own words"}
    said = http.post(f"/api/drafts/{mine['draft_id']}/accept", json=accept).json()
    assert said["preference"] is False
    thumb = {"draft_id": answer["id"], "variant": 0, "kind": "thumb_up"}
    assert http.post("/api/feedback", json=thumb).status_code == 409


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_leads_back_to_adapter_datasets_and_documents(
    client: OpenAI, http: httpx.Client, put: Any, settings: Any, stream: bool
) -> None:
    from datetime import UTC, datetime

    deployed = put("a" * 32)
    made = datetime(2025, 1, 1, tzinfo=UTC)
    row = DatasetVersion("v", "instruction_dataset", "a1", 7, "", made, "", '{"corpus": "c1"}', "{}", "{}", "{}")
    TableStore.of(settings).sync(DatasetVersion, [row])
    answer: Any = client.chat.completions.create(model="twin", messages=ASK, stream=stream)
    identity = next(iter({chunk.id for chunk in answer})) if stream else answer.id
    found = http.get(f"/api/lineage/{identity}").json()
    assert found["trace_id"] == identity
    assert found["model"] == "twin"
    assert found["deployment"]["deployment_id"] == deployed.deployment_id
    assert found["adapter"]["digest"] == "a" * 32
    instructions, preferences = found["datasets"]
    assert (instructions["version"], instructions["lance_version"]) == ("a1", 7)
    assert instructions["parents"] == {"corpus": "c1"}
    assert preferences == {"dataset": "preference_dataset", "version": "b2"}
    assert [one["document_id"] for one in found["citations"]] == ["doc1", "doc2", "doc3"]
    assert found["citations"][0]["span"]["start"] == 10
    thumb = {"draft_id": identity, "variant": 0, "kind": "thumb_down"}
    assert http.post("/api/feedback", json=thumb).json()["event_id"]
    assert forget_traces(settings.home, ["doc2"]) == 1
    assert http.get(f"/api/lineage/{identity}").status_code == 404
    assert b"What about kettles?" not in b"".join(f.read_bytes() for f in (settings.home / "traces").iterdir())


def test_no_private_text_is_logged(http: httpx.Client, caplog: pytest.LogCaptureFixture, settings: Any) -> None:
    secret = "the-kettle-is-hidden-under-the-stairs"
    blocked = settings.home / "traces"
    blocked.write_text("a file where the folder should be")
    with caplog.at_level("DEBUG", logger="twin_assets"):
        chat = {"model": "base", "messages": [{"role": "user", "content": secret}]}
        assert http.post("/v1/chat/completions", json=chat).status_code == 200
        http.post("/api/drafts", json={"format": "linkedin_post", "prompt": secret, "model": "base"})
    assert "was not kept" in caplog.text
    assert secret not in caplog.text


def test_versions_that_are_kept_answer_under_their_own_name(
    client: OpenAI, put: Any, fake: Any, candidate: Any
) -> None:
    first = put("a" * 32)
    store_name = f"twin@{first.model_version}"
    assert [model.id for model in client.models.list()] == ["twin", store_name, "base"]
    answer = client.chat.completions.create(model=store_name, messages=ASK)
    assert answer.model == store_name
    assert fake.requests[-1]["model"] == f"base:{first.adapter_name}"
    assert client.models.retrieve(store_name).id == store_name
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="twin@99", messages=ASK)


def test_the_version_before_can_be_asked_beside_the_current_one(
    http: httpx.Client, engine: Any, store: Any, candidate: Any, fake: Any
) -> None:
    from twin_assets.deployment.deploy import deploy

    for number, digest in enumerate(("a" * 32, "b" * 32), 1):
        wanted = candidate(digest).model_copy(update={"model_version": number})
        deploy(engine, store, wanted, Path, "Ada Example")
    names = [card["id"] for card in http.get("/v1/models").json()["data"]]
    assert names == ["twin", "twin@2", "twin@1", "base"]
    http.post("/v1/chat/completions", json={"model": "twin@1", "messages": ASK})
    assert fake.requests[-1]["model"] == "base:twin-" + "a" * 16
    draft = {"format": "linkedin_post", "prompt": "x", "model": "twin@1"}
    assert http.post("/api/drafts", json=draft).json()["twin"]["adapter_digest"] == "a" * 32


def test_openais_asynchronous_client_answers_whole_and_as_a_stream(service: str, put: Any) -> None:
    deployed = put("a" * 32)

    async def asked() -> tuple[str, str]:
        async with AsyncOpenAI(base_url=f"{service}/v1", api_key="none", max_retries=0) as client:
            whole = await client.chat.completions.create(model="twin", messages=ASK)
            stream = await client.chat.completions.create(
                model="twin", messages=ASK, stream=True, extra_body={"retrieval": {"k": 1}}
            )
            streamed = "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])
            return whole.choices[0].message.content or "", streamed

    whole, streamed = asyncio.run(asked())
    assert whole.startswith(f"{deployed.adapter_name} answers")
    assert streamed.startswith(f"{deployed.adapter_name} answers")


def test_litellm_reaches_the_twin_and_its_embeddings(client: OpenAI, put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    deployed = put("a" * 32)
    # The client is given so that its connections are closed with it; LiteLLM would keep one of its own for good.
    how: dict[str, Any] = {"client": client, "api_base": str(client.base_url), "api_key": "none"}
    answer = litellm.completion(model="openai/twin", messages=ASK, **how)
    assert answer.choices[0].message.content.startswith(deployed.adapter_name)
    chunks = litellm.completion(model="openai/twin", messages=ASK, stream=True, extra_body={"retrieval": False}, **how)
    told = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert told.startswith(deployed.adapter_name)
    embedded = litellm.embedding(model="openai/embedder", input=["kettles"], **how)
    assert len(embedded.data[0]["embedding"]) == 384


def test_embeddings_are_vectors_of_length_one_in_which_like_texts_are_near(client: OpenAI) -> None:
    texts = ["A kettle boils water.", "Water is boiled in a kettle.", "The parliament voted on taxes."]
    answer = client.embeddings.create(model="embedder", input=texts)
    one, like, other = (row.embedding for row in answer.data)
    assert math.isclose(sum(x * x for x in one), 1.0, rel_tol=1e-3)
    assert sum(map(lambda a, b: a * b, one, like)) > 0.6 > sum(map(lambda a, b: a * b, one, other)) + 0.2
    assert answer.usage.prompt_tokens > 15
    plain = client.embeddings.create(model="all-minilm-l6-v2", input=texts[0], encoding_format="float").data[0]
    assert plain.embedding == pytest.approx(one, abs=1e-6)
    for wrong, field in (
        ({"input": "word " * 900}, "input"),
        ({"input": []}, "input"),
        ({"input": "x", "dimensions": 7}, "dimensions"),
    ):
        with pytest.raises(openai.BadRequestError) as caught:
            client.embeddings.create(**{"model": "embedder", **wrong})  # type: ignore[arg-type]
        assert (caught.value.param or "").startswith(field)
    with pytest.raises(openai.NotFoundError, match="all-minilm-l6-v2"):
        client.embeddings.create(model="text-embedding-3-small", input="x")
