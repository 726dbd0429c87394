"""The asynchronous client of the SGLang server, for the service: chat completions whole and as a stream.

It is aiohttp's, whose parser is compiled: with many streams at once the client takes most of the service's time, and
httpx's takes a multiple of it (`benchmarks/service.py`).
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any

import aiohttp

from twin_assets.deployment import protocol
from twin_assets.errors import EngineError, RequestRefused

_READY_TIMEOUT_S = 5.0
_IDLE_S = 2.0
"""After which a connection is closed: before the server does it, which would break the next request off."""


class AsyncEngine:
    """A running SGLang server, for one event loop; to be closed.

    Which adapters are loaded is asked once and remembered, until a call fails or `forget_adapters` is called. What is
    remembered may be wrong for one request after the server was started anew, and never makes the base model answer:
    the server refuses an adapter that it has not got.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None
        self._adapters: frozenset[str] = frozenset()

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def ready(self) -> bool:
        """Whether the server has started and answered its own warm-up."""
        try:
            soon = aiohttp.ClientTimeout(total=_READY_TIMEOUT_S)
            async with self._http.get("/health", timeout=soon) as response:
                return response.status == HTTPStatus.OK
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def loaded_adapters(self) -> dict[str, str]:
        """Name and folder of each adapter on the server, which is asked."""
        loaded = protocol.adapters_of(await self._json("GET", "/v1/models"))
        self._adapters = frozenset(loaded)
        return loaded

    def forget_adapters(self) -> None:
        """Ask the server which adapters are loaded before the next answer by one."""
        self._adapters = frozenset()

    async def load_adapter(self, name: str, folder: str) -> None:
        """Load an adapter that is not there yet. Raises EngineError."""
        await self._json("POST", "/load_lora_adapter", {"lora_name": name, "lora_path": folder})

    async def count_tokens(self, messages: Sequence[Mapping[str, Any]], tools: Mapping[str, Any] | None = None) -> int:
        """Tokens of a chat under the model's own template, up to where the answer begins.

        Args:
            messages: the chat, calls of tools and their results included.
            tools: `tools` and `tool_choice` of the request, which the template writes into the prompt.
        """
        body = {**(tools or {}), "messages": list(messages)}
        return int((await self._json("POST", "/tokenize", body))["count"])

    async def complete(self, body: dict[str, Any], adapter: str | None) -> dict[str, Any]:
        """A chat completion; `model` is set so that the base cannot answer for the adapter. Raises AdapterNotLoaded."""
        async with self._answering_with(adapter):
            return await self._json("POST", "/v1/chat/completions", {**body, "model": protocol.model_name(adapter)})

    @asynccontextmanager
    async def stream(self, body: dict[str, Any], adapter: str | None) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """A chat completion as its chunks; leaving the context ends the generation on the server, too.

        Raises AdapterNotLoaded or EngineError before the first chunk, and EngineError between chunks.
        """
        wanted = {**body, "stream": True, "model": protocol.model_name(adapter)}
        async with AsyncExitStack() as stack:
            async with self._answering_with(adapter):
                try:
                    response = await stack.enter_async_context(self._http.post("/v1/chat/completions", json=wanted))
                except aiohttp.ClientError as error:
                    raise protocol.unreachable(self.base_url, error) from error
                await _require_ok(response)
            yield self._chunks(response)

    @property
    def _http(self) -> aiohttp.ClientSession:
        """The connections, made in the event loop that uses them."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                self.base_url,
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_S),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=protocol.CONNECT_TIMEOUT_S, sock_read=protocol.READ_TIMEOUT_S
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    @asynccontextmanager
    async def _answering_with(self, adapter: str | None) -> AsyncIterator[None]:
        """Around a request for an answer. Raises AdapterNotLoaded: before it, or when that is why it was refused."""
        remembered = adapter in self._adapters
        if adapter is not None and not remembered:
            protocol.require_loaded(adapter, await self.loaded_adapters())
        try:
            yield
        except EngineError as error:
            self.forget_adapters()
            if remembered and isinstance(error, RequestRefused):
                protocol.require_loaded(adapter, await self.loaded_adapters())
            raise

    async def _json(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            async with self._http.request(method, path, json=body) as response:
                await _require_ok(response)
                answer: dict[str, Any] = await response.json(content_type=None)
                return answer
        except aiohttp.ClientError as error:
            raise protocol.unreachable(self.base_url, error) from error

    async def _chunks(self, response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
        rest = b""
        try:
            async for piece in response.content.iter_any():
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    payload = line.removeprefix(b"data:").strip()
                    if not line.startswith(b"data:") or payload == b"[DONE]":
                        continue
                    chunk: dict[str, Any] = json.loads(payload)
                    if "error" in chunk:
                        self.forget_adapters()
                        raise EngineError(f"the engine broke off: {protocol.message_of(chunk)}")
                    yield chunk
        except aiohttp.ClientError as error:
            self.forget_adapters()
            raise protocol.unreachable(self.base_url, error) from error


async def _require_ok(response: aiohttp.ClientResponse) -> None:
    """Raises EngineError with the server's own words."""
    if not response.ok:
        raise protocol.refusal(response.url.path, response.status, await response.text(errors="replace"))
