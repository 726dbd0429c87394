"""The engine's client with a stop-watch: time to the first token, and tokens written."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from twin_assets.deployment.async_engine import AsyncEngine
from twin_assets.serving.metrics import Metrics


class MeasuredEngine(AsyncEngine):
    """An engine whose answers are measured as they come.

    SGLang says how many tokens an answer has only when it is asked to, so pieces of a stream without that count as one
    token each, which they are unless the server is behind.
    """

    def __init__(self, base_url: str, metrics: Metrics) -> None:
        super().__init__(base_url)
        self._metrics = metrics

    async def complete(self, body: dict[str, Any], adapter: str | None) -> dict[str, Any]:
        """A chat completion; its tokens are counted."""
        answer = await super().complete(body, adapter)
        self._metrics.tokens.inc((answer.get("usage") or {}).get("completion_tokens") or 0)
        return answer

    @asynccontextmanager
    async def stream(self, body: dict[str, Any], adapter: str | None) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """A chat completion as its chunks; its first token is timed and its tokens are counted."""
        started = time.perf_counter()
        async with super().stream(body, adapter) as chunks:
            yield self._watched(chunks, started)

    async def _watched(self, chunks: AsyncIterator[dict[str, Any]], started: float) -> AsyncIterator[dict[str, Any]]:
        pieces, said = 0, None
        try:
            async for chunk in chunks:
                if any(map(_says_something, chunk.get("choices", ()))):
                    if not pieces:
                        self._metrics.first_token.observe(time.perf_counter() - started)
                    pieces += 1
                said = (chunk.get("usage") or {}).get("completion_tokens") or said
                yield chunk
        finally:
            self._metrics.tokens.inc(said or pieces)


def _says_something(choice: dict[str, Any]) -> bool:
    delta = choice.get("delta") or {}
    return bool(delta.get("content") or delta.get("tool_calls"))
