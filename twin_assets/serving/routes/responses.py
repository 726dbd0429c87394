"""OpenAI's responses, through the deployed adapter, with retrieval and citations."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from twin_assets.errors import EngineError
from twin_assets.monitoring.traces import new_id
from twin_assets.serving.answer import Answer, Chunk
from twin_assets.serving.answer_shapes import WrittenResponse
from twin_assets.serving.openai_errors import engine_fault
from twin_assets.serving.responses_answer import ResponseWriter
from twin_assets.serving.responses_request import ResponsesRequest
from twin_assets.serving.scopes import require_json, require_scope
from twin_assets.serving.service import Service
from twin_assets.serving.sse import HEADERS, MEDIA_TYPE, named_event

WHOLE_OR_EVENTS: dict[int | str, dict[str, Any]] = {200: {"model": WrittenResponse, "content": {MEDIA_TYPE: {}}}}
"""A response as a whole, or as events where `stream` asks for them."""


def responses_routes(service: Service) -> APIRouter:
    """`POST /v1/responses`."""
    router = APIRouter()
    json_only = [Depends(require_json)]

    @router.post("/v1/responses", dependencies=json_only, response_model=None, responses=WHOLE_OR_EVENTS)
    async def responses(request: Request, ask: ResponsesRequest) -> Response:
        """An answer of the twin in the shape of OpenAI's responses; nothing is stored."""
        chat = ask.chat()
        require_scope(request, chat.searched.scope)
        answer = await Answer.of(service, chat, new_id("resp"))
        writer = ResponseWriter(ask, answer.trace_id, service.settings.service.temperature)
        if not ask.stream:
            return JSONResponse(writer.whole(await answer.whole()))
        return StreamingResponse(_events(writer, await answer.opened()), media_type=MEDIA_TYPE, headers=HEADERS)

    return router


async def _events(writer: ResponseWriter, chunks: AsyncGenerator[Chunk, None]) -> AsyncIterator[str]:
    async with aclosing(chunks):
        try:
            async for told in writer.events(chunks):
                yield named_event(told)
        except EngineError as error:
            yield named_event(writer.failed(engine_fault(error)))
