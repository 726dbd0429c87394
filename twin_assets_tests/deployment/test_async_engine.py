"""The asynchronous client, where the network cuts what the engine sends into other pieces than events."""

import asyncio
from typing import Any

import pytest

from twin_assets.deployment.async_engine import AsyncEngine
from twin_assets.errors import EngineError

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
