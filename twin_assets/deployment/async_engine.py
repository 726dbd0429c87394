"""The asynchronous client of the SGLang server, for the service: chat completions whole and as a stream."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from twin_assets.deployment import protocol
from twin_assets.errors import EngineError
from twin_assets.prompts import Message


class AsyncEngine:
    """A running SGLang server, for one event loop; to be closed."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=16)
        self._http = httpx.AsyncClient(
            base_url=self.base_url, timeout=protocol.timeouts(), trust_env=False, limits=limits
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ready(self) -> bool:
        """Whether the server has started and answered its own warm-up."""
        try:
            return (await self._http.get("/health", timeout=5.0)).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    async def loaded_adapters(self) -> dict[str, str]:
        """Name and folder of each adapter on the server."""
        return protocol.adapters_of(await self._json("GET", "/v1/models"))

    async def load_adapter(self, name: str, folder: str) -> None:
        """Load an adapter that is not there yet. Raises EngineError."""
        await self._json("POST", "/load_lora_adapter", {"lora_name": name, "lora_path": folder})

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of a chat under the model's own template, up to where the answer begins."""
        return int((await self._json("POST", "/tokenize", {"messages": list(messages)}))["count"])

    async def complete(self, body: dict[str, Any], adapter: str | None) -> dict[str, Any]:
        """A chat completion; `model` is set so that the base cannot answer for the adapter. Raises AdapterNotLoaded."""
        await self._require(adapter)
        return await self._json("POST", "/v1/chat/completions", {**body, "model": protocol.model_name(adapter)})

    @asynccontextmanager
    async def stream(self, body: dict[str, Any], adapter: str | None) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """A chat completion as its chunks; leaving the context ends the generation on the server, too.

        Raises AdapterNotLoaded or EngineError before the first chunk, and EngineError between chunks.
        """
        await self._require(adapter)
        wanted = {**body, "stream": True, "model": protocol.model_name(adapter)}
        try:
            async with self._http.stream("POST", "/v1/chat/completions", json=wanted) as response:
                if response.is_error:
                    await response.aread()
                    raise protocol.refusal(response)
                yield self._chunks(response)
        except httpx.HTTPError as error:
            raise protocol.unreachable(self.base_url, error) from error

    async def _require(self, adapter: str | None) -> None:
        if adapter is not None:
            protocol.require_loaded(adapter, await self.loaded_adapters())

    async def _json(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            response = await self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise protocol.unreachable(self.base_url, error) from error
        if response.is_error:
            raise protocol.refusal(response)
        answer: dict[str, Any] = response.json()
        return answer

    async def _chunks(self, response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
        try:
            async for line in response.aiter_lines():
                payload = line.removeprefix("data:").strip()
                if not line.startswith("data:") or payload == "[DONE]":
                    continue
                chunk: dict[str, Any] = json.loads(payload)
                if "error" in chunk:
                    raise EngineError(f"the engine broke off: {protocol.message_of(chunk)}")
                yield chunk
        except httpx.HTTPError as error:
            raise protocol.unreachable(self.base_url, error) from error
