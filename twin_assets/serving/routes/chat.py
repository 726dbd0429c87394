"""OpenAI's chat completions, through the deployed adapter, with retrieval and citations."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from twin_assets.errors import EngineError
from twin_assets.monitoring.traces import new_id
from twin_assets.serving.answer import Answer, Chunk
from twin_assets.serving.answer_shapes import Completion
from twin_assets.serving.chat_request import parse
from twin_assets.serving.openai_errors import engine_fault
from twin_assets.serving.scopes import require_json, require_scope
from twin_assets.serving.service import Service
from twin_assets.serving.sse import DONE, HEADERS, MEDIA_TYPE, event

WHOLE_OR_EVENTS: dict[int | str, dict[str, Any]] = {200: {"model": Completion, "content": {MEDIA_TYPE: {}}}}
"""A completion as a whole, or as chunks where `stream` asks for them."""


def chat_routes(service: Service) -> APIRouter:
    """`POST /v1/chat/completions`."""
    router = APIRouter()

    @router.post("/v1/chat/completions", response_model=None, responses=WHOLE_OR_EVENTS)
    async def chat_completions(request: Request) -> Response:
        require_json(request)
        chat = parse(await request.body())
        require_scope(request, chat.searched.scope)
        answer = await Answer.of(service, chat, new_id("chatcmpl"))
        if not chat.stream:
            return JSONResponse(await answer.whole())
        return StreamingResponse(_events(await answer.opened()), media_type=MEDIA_TYPE, headers=HEADERS)

    return router


async def _events(chunks: AsyncGenerator[Chunk, None]) -> AsyncIterator[str]:
    async with aclosing(chunks):
        try:
            async for chunk in chunks:
                yield event(chunk)
            yield DONE
        except EngineError as error:
            yield event(engine_fault(error).body())
