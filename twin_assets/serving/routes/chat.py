"""OpenAI's chat completions, through the deployed adapter, with retrieval and citations."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from twin_assets.deployment.records import Deployment
from twin_assets.errors import EngineError
from twin_assets.serving.chat_request import ChatRequest, parse
from twin_assets.serving.context import Prompt
from twin_assets.serving.openai_errors import bad_request, unavailable
from twin_assets.serving.service import Service


def chat_routes(service: Service) -> APIRouter:
    """`POST /v1/chat/completions`."""
    router = APIRouter()

    @router.post("/v1/chat/completions")
    async def chat_completions(request: Request) -> Response:
        # Only JSON: a form of another site's page could be sent here without asking, JSON cannot.
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise bad_request("the body must be sent as application/json")
        chat = parse(await request.body())
        service.deployed(chat.model)
        prompt, note = await service.prompt(chat)
        return await (_streamed if chat.stream else _whole)(service, chat, prompt, note)

    return router


async def _whole(service: Service, chat: ChatRequest, prompt: Prompt, note: dict[str, Any]) -> Response:
    body = _engine_body(service, chat, prompt)
    completion, deployment = await service.through_adapter(chat.model, lambda name: service.engine.complete(body, name))
    for choice in completion["choices"]:
        choice.pop("matched_stop", None)
    completion.pop("metadata", None)
    return JSONResponse({**completion, "model": chat.model, **_provenance(chat.model, deployment, prompt, note)})


async def _streamed(service: Service, chat: ChatRequest, prompt: Prompt, note: dict[str, Any]) -> Response:
    body, stack = _engine_body(service, chat, prompt), AsyncExitStack()

    async def opened(name: str | None) -> AsyncIterator[dict[str, Any]]:
        return await stack.enter_async_context(service.engine.stream(body, name))

    chunks, deployment = await service.through_adapter(chat.model, opened)
    extra = _provenance(chat.model, deployment, prompt, note)

    async def events() -> AsyncIterator[str]:
        async with stack:
            try:
                async for chunk in chunks:
                    last = not chunk["choices"] or any(choice.get("finish_reason") for choice in chunk["choices"])
                    for choice in chunk["choices"]:
                        choice.pop("matched_stop", None)
                    yield _event({**chunk, "model": chat.model, **(extra if last else {})})
                yield "data: [DONE]\n\n"
            except EngineError as error:
                yield _event(unavailable(error).body())

    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-cache"})


def _engine_body(service: Service, chat: ChatRequest, prompt: Prompt) -> dict[str, Any]:
    return chat.engine_body(prompt.messages, prompt.max_tokens, service.settings.service.temperature)


def _event(payload: dict[str, Any]) -> str:
    return f"data: {json.dumps(payload, ensure_ascii=False, separators=(',', ':'))}\n\n"


def _provenance(model: str, deployment: Deployment | None, prompt: Prompt, note: dict[str, Any]) -> dict[str, Any]:
    """Where the answer came from: its sources, and the adapter with the data that it was trained on."""
    twin: dict[str, Any] = {"model": model, "retrieval": note, "dropped_turns": prompt.dropped_turns}
    if deployment is not None:
        shown = {"deployment_id", "adapter_digest", "recipe", "model_version", "dataset_versions", "deployed_at"}
        twin |= deployment.model_dump(mode="json", include=shown)
    return {"citations": [one.citation(number) for number, one in enumerate(prompt.quotations, 1)], "twin": twin}
