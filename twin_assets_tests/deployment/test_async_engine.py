"""The asynchronous client, where the network cuts what the engine sends into other pieces than events."""

import asyncio
from typing import Any

import pytest

from twin_assets.deployment.async_engine import AsyncEngine
from twin_assets.errors import AdapterNotLoaded, EngineError, RequestRefused

STREAM = 'data: {"choices": [], "text": "Käse"}\n\n: kept alive\n\ndata: {"choices": []}\n\ndata: [DONE]\n\n'.encode()


async def asked(url: str) -> list[dict[str, Any]]:
    engine = AsyncEngine(url)
    try:
        async with engine.stream({"messages": []}, None) as chunks:
            return [chunk async for chunk in chunks]
    finally:
        await engine.close()


def answering(pieces: list[bytes], more_at_the_end: bool = False) -> Any:
    """An application that sends a stream in these pieces; with more announced than it sends if so wanted."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        length = sum(map(len, pieces)) + (100 if more_at_the_end else 0)
        headers = [(b"content-length", str(length).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)
        if not more_at_the_end:
            await send({"type": "http.response.body", "body": b""})

    return app


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_chunks_are_whole_however_the_stream_is_cut(served: Any, size: int) -> None:
    pieces = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    with served(answering(pieces)) as url:
        assert asyncio.run(asked(url)) == [{"choices": [], "text": "Käse"}, {"choices": []}]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_engine_that_goes_away_in_an_answer_is_an_error_of_the_engine(served: Any) -> None:
    with served(answering([STREAM], more_at_the_end=True)) as url, pytest.raises(EngineError, match="no answer from"):
        asyncio.run(asked(url))


def test_an_engine_that_is_not_there_is_not_ready_and_named() -> None:
    async def absent() -> bool:
        engine = AsyncEngine("http://127.0.0.1:9")
        try:
            return await engine.ready()
        finally:
            await engine.close()

    assert asyncio.run(absent()) is False
    with pytest.raises(EngineError, match=r"no answer from the engine at http://127\.0\.0\.1:9"):
        asyncio.run(asked("http://127.0.0.1:9"))


def said_by(answer: dict[str, Any]) -> str:
    return str(answer["choices"][0]["message"]["content"]).split()[0]


def test_which_adapters_are_loaded_is_asked_once_until_a_call_fails(fake: Any, make_adapter: Any) -> None:
    body = {"messages": [{"role": "user", "content": "Hello"}]}
    asked = "GET /v1/models"

    async def talk() -> None:
        engine = AsyncEngine(fake.url)
        try:
            await engine.load_adapter("one", str(make_adapter("one")))
            for _ in range(3):
                assert said_by(await engine.complete(body, "one")) == "one"
            async with engine.stream(body, "one") as chunks:
                assert [chunk async for chunk in chunks]
            assert fake.calls.count(asked) == 1
            with pytest.raises(AdapterNotLoaded):
                await engine.complete(body, "two")
            before = fake.calls.count(asked)
            fake.refuse_chat = "too long"
            with pytest.raises(RequestRefused, match="too long"):
                await engine.complete(body, "one")
            fake.refuse_chat = ""
            await engine.complete(body, "one")
            await engine.complete(body, "one")
            assert fake.calls.count(asked) == before + 1
            engine.forget_adapters()
            await engine.complete(body, "one")
            assert fake.calls.count(asked) == before + 2
        finally:
            await engine.close()

    asyncio.run(talk())


@pytest.mark.parametrize("stream", [False, True])
def test_an_adapter_that_a_restarted_engine_has_lost_is_missed_and_not_answered_for(
    fake: Any, make_adapter: Any, stream: bool
) -> None:
    async def answer(engine: AsyncEngine) -> None:
        if not stream:
            await engine.complete({"messages": []}, "one")
            return
        async with engine.stream({"messages": []}, "one") as chunks:
            assert [chunk async for chunk in chunks]

    async def talk() -> None:
        engine = AsyncEngine(fake.url)
        try:
            await engine.load_adapter("one", str(make_adapter("one")))
            await answer(engine)
            fake.adapters.clear()
            fake.ever.clear()
            with pytest.raises(AdapterNotLoaded):
                await answer(engine)
        finally:
            await engine.close()

    asyncio.run(talk())
