"""One answer of the twin and its trace, for every API that gives one: as a whole, or as the chunks of a stream.

Its shape is that of OpenAI's chat completions, with `citations` and `twin` besides; other shapes are made of it.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from twin_assets.deployment.records import Deployment
from twin_assets.errors import EngineError, RequestRefused
from twin_assets.monitoring.traces import AWAY, Trace, cited
from twin_assets.serving.chat_request import ChatRequest
from twin_assets.serving.context import Prompt
from twin_assets.serving.provenance import provenance
from twin_assets.serving.service import Service
from twin_assets.serving.stopwatch import Stopwatch

Chunk = dict[str, Any]


@dataclass
class Answer:
    """One answer and its trace, which have the id in common.

    Args:
        prompt: the chat of the request with its passages, made to fit.
        note: what there is to say about the search.
        watch: begun before the search.
    """

    service: Service
    chat: ChatRequest
    prompt: Prompt
    note: dict[str, Any]
    trace_id: str
    watch: Stopwatch
    asked_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    texts: dict[int, str] = field(default_factory=dict)
    fault: str = ""

    @classmethod
    async def of(cls, service: Service, chat: ChatRequest, trace_id: str) -> "Answer":
        """An answer that is about to be given: its passages are found. Raises ApiError (400, 404, 503)."""
        watch = Stopwatch()
        service.deployed(chat.model)
        prompt, note = await service.prompt(chat)
        return cls(service, chat, prompt, note, trace_id, watch)

    async def whole(self) -> dict[str, Any]:
        """The completion. Raises EngineError, ApiError."""
        body, engine = self._engine_body(), self.service.engine
        async with self._faults_kept():
            completion, deployment = await self.service.through_adapter(
                self.chat.model, lambda name: engine.complete(body, name)
            )
        for choice in completion["choices"]:
            choice.pop("matched_stop", None)
            self.texts[choice["index"]] = choice["message"]["content"] or ""
        completion.pop("metadata", None)
        await self._kept(deployment)
        return {**completion, **self._head(), **self._extra(deployment)}

    async def opened(self) -> AsyncGenerator[Chunk, None]:
        """The chunks of a stream that has begun; the last ones carry what `whole` has besides OpenAI's fields.

        Raises EngineError, ApiError before the first chunk, and the chunks EngineError. Closing them early ends the
        generation on the engine, too.
        """
        body, stack = self._engine_body(), AsyncExitStack()

        async def begun(name: str | None) -> AsyncIterator[Chunk]:
            return await stack.enter_async_context(self.service.engine.stream(body, name))

        async with self._faults_kept():
            chunks, deployment = await self.service.through_adapter(self.chat.model, begun)
        return self._watched(chunks, stack, deployment)

    async def _watched(
        self, chunks: AsyncIterator[Chunk], stack: AsyncExitStack, deployment: Deployment | None
    ) -> AsyncGenerator[Chunk, None]:
        extra, ended = self._extra(deployment), False
        async with stack:
            try:
                async for chunk in chunks:
                    last = not chunk["choices"] or any(choice.get("finish_reason") for choice in chunk["choices"])
                    for choice in chunk["choices"]:
                        choice.pop("matched_stop", None)
                        self._add(choice["index"], choice["delta"].get("content"))
                    yield {**chunk, **self._head(), **(extra if last else {})}
                ended = True
            except EngineError:
                self.fault = AWAY
                raise
            finally:
                # An answer that was broken off was given as far as it came; who has left is not waited with.
                kept = self._kept(deployment)
                if ended:
                    await kept

    @asynccontextmanager
    async def _faults_kept(self) -> AsyncIterator[None]:
        """A question that the engine had no answer to leaves a trace, too: the day's errors are counted by it."""
        try:
            yield
        except RequestRefused:
            raise
        except EngineError:
            self.fault = AWAY
            await self._kept(None)
            raise

    def _add(self, index: int, text: str | None) -> None:
        if text:
            self.watch.token()
        self.texts[index] = self.texts.get(index, "") + (text or "")

    def _head(self) -> dict[str, Any]:
        return {"id": self.trace_id, "model": self.chat.model}

    def _engine_body(self) -> dict[str, Any]:
        prompt, temperature = self.prompt, self.service.settings.service.temperature
        return self.chat.engine_body(prompt.messages, prompt.max_tokens, temperature)

    def _citations(self) -> list[dict[str, Any]]:
        return [one.citation(number) for number, one in enumerate(self.prompt.quotations, 1)]

    def _extra(self, deployment: Deployment | None) -> dict[str, Any]:
        """Where the answer came from: its sources, and the adapter with the data that it was trained on."""
        dropped = self.prompt.dropped_turns
        twin = provenance(self.chat.model, deployment, retrieval=self.note, dropped_turns=dropped)
        return {"citations": self._citations(), "twin": twin}

    def _kept(self, deployment: Deployment | None) -> asyncio.Future[None]:
        """Keep the trace, in a thread: while traces are forgotten or pruned, its file is locked."""
        return asyncio.get_running_loop().run_in_executor(None, self._keep, deployment)

    def _keep(self, deployment: Deployment | None) -> None:
        self.service.traces.add(
            Trace(
                self.trace_id,
                "chat",
                self.asked_at.isoformat(),
                self.chat.model,
                self.chat.searched.scope,
                self.chat.question,
                tuple(text for _, text in sorted(self.texts.items())),
                cited(self._citations()),
                deployment,
                self.watch.seconds,
                self.watch.first_token_s,
                self.fault,
            )
        )
