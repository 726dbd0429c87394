"""OpenAI's chat completions, through the deployed adapter, with retrieval and citations."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from twin_assets.deployment.records import Deployment
from twin_assets.errors import EngineError
from twin_assets.monitoring.traces import AWAY, Trace, cited, new_id
from twin_assets.serving.chat_request import ChatRequest, parse
from twin_assets.serving.context import Prompt
from twin_assets.serving.openai_errors import unavailable
from twin_assets.serving.provenance import provenance
from twin_assets.serving.scopes import require_json, require_scope
from twin_assets.serving.service import Service
from twin_assets.serving.sse import DONE, HEADERS, MEDIA_TYPE, event
from twin_assets.serving.stopwatch import Stopwatch


def chat_routes(service: Service) -> APIRouter:
    """`POST /v1/chat/completions`."""
    router = APIRouter()

    @router.post("/v1/chat/completions")
    async def chat_completions(request: Request) -> Response:
        require_json(request)
        watch = Stopwatch()
        chat = parse(await request.body())
        require_scope(request, chat.searched.scope)
        service.deployed(chat.model)
        prompt, note = await service.prompt(chat)
        answer = _Answer(service, chat, prompt, note, watch)
        return await (answer.streamed if chat.stream else answer.whole)()

    return router


@dataclass
class _Answer:
    """One answer and its trace, whose id is the completion's."""

    service: Service
    chat: ChatRequest
    prompt: Prompt
    note: dict[str, Any]
    watch: Stopwatch
    trace_id: str = field(default_factory=lambda: new_id("chatcmpl"))
    asked_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    texts: dict[int, str] = field(default_factory=dict)

    async def whole(self) -> Response:
        body, engine = self._engine_body(), self.service.engine
        with self._faults_kept():
            completion, deployment = await self.service.through_adapter(
                self.chat.model, lambda name: engine.complete(body, name)
            )
        for choice in completion["choices"]:
            choice.pop("matched_stop", None)
            self.texts[choice["index"]] = choice["message"]["content"] or ""
        completion.pop("metadata", None)
        self._keep(deployment)
        return JSONResponse({**completion, **self._head(), **self._extra(deployment)})

    async def streamed(self) -> Response:
        body, stack = self._engine_body(), AsyncExitStack()

        async def opened(name: str | None) -> AsyncIterator[dict[str, Any]]:
            return await stack.enter_async_context(self.service.engine.stream(body, name))

        with self._faults_kept():
            chunks, deployment = await self.service.through_adapter(self.chat.model, opened)
        extra = self._extra(deployment)

        async def events() -> AsyncIterator[str]:
            fault = ""
            async with stack:
                try:
                    async for chunk in chunks:
                        last = not chunk["choices"] or any(choice.get("finish_reason") for choice in chunk["choices"])
                        for choice in chunk["choices"]:
                            choice.pop("matched_stop", None)
                            self._add(choice["index"], choice["delta"].get("content"))
                        yield event({**chunk, **self._head(), **(extra if last else {})})
                    yield DONE
                except EngineError as error:
                    fault = AWAY
                    yield event(unavailable(error).body())
                finally:
                    # An answer that the client broke off was given as far as it came.
                    self._keep(deployment, fault)

        return StreamingResponse(events(), media_type=MEDIA_TYPE, headers=HEADERS)

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

    @contextmanager
    def _faults_kept(self) -> Iterator[None]:
        """A question that the engine had no answer to leaves a trace, too: the day's errors are counted by it."""
        try:
            yield
        except EngineError:
            self._keep(None, AWAY)
            raise

    def _keep(self, deployment: Deployment | None, fault: str = "") -> None:
        """Keep the trace. It is one insert that waits for no disk, so it is done where the stream ends."""
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
                fault,
            )
        )
