"""The HTTP application of one author's twin, put together of its routes."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from twin_assets.deployment.deploy import Fetch, fetch_from
from twin_assets.errors import ConfigError, DeploymentError, EngineError, SourceError, TwinError
from twin_assets.serving.auth import Access
from twin_assets.serving.limits import Limits
from twin_assets.serving.openai_errors import ERRORS, ApiError, engine_fault, invalid_request, refusal, unavailable
from twin_assets.serving.page import WEB
from twin_assets.serving.request_log import RequestLog
from twin_assets.serving.routes.chat import chat_routes
from twin_assets.serving.routes.deployments import deployment_routes
from twin_assets.serving.routes.drafts import draft_routes
from twin_assets.serving.routes.embeddings import embedding_routes
from twin_assets.serving.routes.feedback import feedback_routes
from twin_assets.serving.routes.forget import forget_routes
from twin_assets.serving.routes.lineage import lineage_routes
from twin_assets.serving.routes.login import login_routes
from twin_assets.serving.routes.metrics import metrics_routes
from twin_assets.serving.routes.monitoring import monitoring_routes
from twin_assets.serving.routes.pages import page_routes
from twin_assets.serving.routes.responses import responses_routes
from twin_assets.serving.routes.runs import run_routes
from twin_assets.serving.routes.search import search_routes
from twin_assets.serving.routes.sources import source_routes
from twin_assets.serving.routes.status import status_routes
from twin_assets.serving.routes.uploads import upload_routes
from twin_assets.serving.search import Search
from twin_assets.serving.security import SecurityHeaders
from twin_assets.serving.service import Service
from twin_assets.settings import Settings
from twin_assets.storage import ArtifactStore

ROUTES: tuple[Callable[[Service], APIRouter], ...] = (
    page_routes,
    status_routes,
    chat_routes,
    responses_routes,
    draft_routes,
    feedback_routes,
    search_routes,
    lineage_routes,
    embedding_routes,
    source_routes,
    upload_routes,
    run_routes,
    deployment_routes,
    forget_routes,
    metrics_routes,
    monitoring_routes,
    login_routes,
)


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
        await service.close()

    app = FastAPI(
        title=f"The twin of {settings.author}", lifespan=lifespan, docs_url=None, redoc_url=None, responses=ERRORS
    )
    app.state.service = service
    limits = settings.service
    # The last that is added sees a request first.
    app.add_middleware(Limits, settings=limits, metrics=service.metrics, draining=lambda: service.draining)
    app.add_middleware(
        Access,
        keys=service.keys,
        sessions=service.sessions,
        exposed=service.exposed,
        rate=limits.requests_per_minute,
        metrics=service.metrics,
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.service.hosts))
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestLog, metrics=service.metrics)
    app.mount("/static", StaticFiles(directory=WEB / "static"), name="static")
    _add_error_handlers(app)
    for routes in ROUTES:
        app.include_router(routes(service))
    return app


def _add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(ApiError)
    async def api_error(_: Request, error: ApiError) -> JSONResponse:
        return error.response()

    @app.exception_handler(ConfigError)
    @app.exception_handler(SourceError)
    async def refused(_: Request, error: TwinError) -> JSONResponse:
        return refusal(error).response()

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return invalid_request(error.errors()).response()

    @app.exception_handler(EngineError)
    async def engine_error(_: Request, error: EngineError) -> JSONResponse:
        return engine_fault(error).response()

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
