"""The HTTP application: chats through the deployed adapter, with retrieval and citations.

Which adapter answers is read anew for each request, so that a deployment takes effect with the next one. Requests in
flight end on the adapter they began with: the one before the current stays loaded.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiMessage

from twin_assets.deployment.async_engine import AsyncEngine
from twin_assets.deployment.deploy import Fetch, fetch_from
from twin_assets.deployment.records import Deployment, DeploymentStore
from twin_assets.errors import AdapterNotLoaded, DeploymentError, EngineError, TwinError
from twin_assets.serving.chat_request import ChatRequest, parse
from twin_assets.serving.context import Found, Prompt, compose
from twin_assets.serving.openai_errors import ApiError, bad_request, no_such_model, nothing_deployed, unavailable
from twin_assets.serving.page import WEB, render_page
from twin_assets.serving.search import Search
from twin_assets.settings import Settings
from twin_assets.storage import ArtifactStore

T = TypeVar("T")
TWIN, BASE = "twin", "base"
CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {"Content-Security-Policy": CSP, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


class SecurityHeaders:
    """Adds the headers to each response, without holding a stream up."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: AsgiMessage) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, with_headers)


class Service:
    """What the routes share: the engine, the record of what is deployed, and the search."""

    def __init__(self, settings: Settings, search: Search, fetch: Fetch) -> None:
        self.settings, self.search, self.fetch = settings, search, fetch
        self.engine = AsyncEngine(settings.url("engine"))
        self.deployments = DeploymentStore(settings.home)

    def deployed(self, model: str) -> Deployment | None:
        """What answers under a model's name; None stands for the base model. Raises ApiError (404, 503)."""
        if model == BASE:
            return None
        if model != TWIN:
            raise no_such_model(model, [TWIN, BASE])
        deployment = self.deployments.current()
        if deployment is None:
            raise nothing_deployed()
        return deployment

    async def prompt(self, request: ChatRequest) -> tuple[Prompt, dict[str, Any]]:
        """The prompt, and what there is to say about its retrieval; without a search the twin answers all the same."""
        settings = self.settings.service
        k = request.passages_wanted(self.settings.retrieval.k)
        found: list[Found] = []
        note: dict[str, Any] = {"enabled": k > 0}
        if k > 0:
            try:
                found = list(await run_in_threadpool(self.search, request.question, k, request.searched))
            except TwinError as error:
                note["error"] = error.what
        prompt = await compose(
            request.chat(self.settings.author),
            found,
            request.wanted_tokens(settings.max_tokens),
            settings.context_tokens,
            self.engine.count_tokens,
        )
        return prompt, note | {"found": len(found), "used": len(prompt.quotations)}

    async def through_adapter(
        self, model: str, call: Callable[[str | None], Awaitable[T]]
    ) -> tuple[T, Deployment | None]:
        """Call with the adapter that answers now; one that a restarted engine has not got is loaded first."""
        deployment = self.deployed(model)
        try:
            return await call(deployment.adapter_name if deployment else None), deployment
        except AdapterNotLoaded:
            deployment = self.deployed(model)
            if deployment is None:
                raise
            folder = await run_in_threadpool(self.fetch, deployment.adapter_uri)
            if deployment.adapter_name not in await self.engine.loaded_adapters():
                await self.engine.load_adapter(deployment.adapter_name, str(folder))
            return await call(deployment.adapter_name), deployment


def create_app(settings: Settings, search: Search, fetch: Fetch | None = None) -> FastAPI:
    """The application.

    Args:
        settings: the author, the ports, and the defaults of an answer.
        search: gives passages for a query; called in a thread.
        fetch: gives the folder of an adapter's URI; the artifact store of the settings when it is left out.
    """
    service = Service(settings, search, fetch or fetch_from(ArtifactStore.of(settings)))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await service.engine.close()

    app = FastAPI(title=f"The twin of {settings.author}", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.service.hosts))
    app.add_middleware(SecurityHeaders)
    app.mount("/static", StaticFiles(directory=WEB / "static"), name="static")
    _add_error_handlers(app)
    _add_status_routes(app, service)

    @app.post("/v1/chat/completions")
    async def chat_completions(request: Request) -> Response:
        # Only JSON: a form of another site's page could be sent here without asking, JSON cannot.
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise bad_request("the body must be sent as application/json")
        chat = parse(await request.body())
        service.deployed(chat.model)
        prompt, note = await service.prompt(chat)
        return await (_streamed if chat.stream else _whole)(service, chat, prompt, note)

    return app


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


def _add_status_routes(app: FastAPI, service: Service) -> None:
    def cards() -> list[dict[str, Any]]:
        current = service.deployments.current()
        created = int(current.deployed_at.timestamp()) if current else 0
        names = ([TWIN] if current else []) + [BASE]
        return [
            {"id": name, "object": "model", "created": created, "owned_by": service.settings.author} for name in names
        ]

    @app.get("/", response_class=HTMLResponse)
    async def page() -> str:
        return render_page(service.settings.author, service.deployments.current())

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": cards()}

    @app.get("/v1/models/{name}")
    async def model(name: str) -> dict[str, Any]:
        known = cards()
        found = next((card for card in known if card["id"] == name), None)
        if found is None:
            raise no_such_model(name, [card["id"] for card in known])
        return found

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        missing = [] if await service.engine.ready() else ["the engine does not answer"]
        missing += [] if service.deployments.current() else ["no twin is deployed"]
        return JSONResponse({"ready": not missing, "missing": missing}, 503 if missing else 200)


def _add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(ApiError)
    async def api_error(_: Request, error: ApiError) -> JSONResponse:
        return error.response()

    @app.exception_handler(EngineError)
    async def engine_error(_: Request, error: EngineError) -> JSONResponse:
        return unavailable(error).response()

    @app.exception_handler(DeploymentError)
    async def deployment_error(_: Request, error: DeploymentError) -> JSONResponse:
        return unavailable(error, "deployment_unreadable").response()

    @app.exception_handler(TwinError)
    async def twin_error(_: Request, error: TwinError) -> JSONResponse:
        return unavailable(error, "unavailable").response()

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> JSONResponse:
        kind = "invalid_request_error" if error.status_code < 500 else "server_error"
        return ApiError(error.status_code, str(error.detail), kind=kind, code="http_error").response()
