"""One line in the log and one count in the metrics for each request, under an id that the answer carries, too.

The id of a request is in every line that is logged while it is answered. Neither bodies, query strings nor headers are
logged: they hold what people write, and keys.
"""

import logging
import re
import time
from contextvars import ContextVar
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twin_assets.serving.metrics import Metrics
from twin_assets.serving.openai_errors import ApiError

LOGGER = logging.getLogger("twin.service")
REQUEST_ID: ContextVar[str] = ContextVar("twin_request_id", default="-")
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
_NO_ROUTE = "(none)"
"""What requests for unknown paths are counted under: paths of their own would grow the metrics without bound."""


class RequestIds(logging.Filter):
    """Gives each log record the id of the request that it belongs to."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add `request_id`; no record is held back."""
        record.request_id = REQUEST_ID.get()
        return True


def set_up_logging() -> None:
    """Log to stderr, each line with time, level and request id; uvicorn's own lines for each request are left out."""
    handler = logging.StreamHandler()
    handler.addFilter(RequestIds())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class RequestLog:
    """The outermost middleware: it sees what every other one answers."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _GIVEN.fullmatch(given) else uuid4().hex
        token, started, status = REQUEST_ID.set(request_id), time.perf_counter(), 0

        async def with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, with_id)
        except Exception:
            LOGGER.exception("%s %s failed", scope["method"], getattr(scope.get("route"), "path", _NO_ROUTE))
            if status:
                raise
            message = f"the service failed; its log says where, under {request_id}"
            fault = ApiError(500, message, kind="server_error", code="internal_error")
            await fault.response()(scope, receive, with_id)
        finally:
            self._done(scope, status or 499, time.perf_counter() - started)
            REQUEST_ID.reset(token)

    def _done(self, scope: Scope, status: int, seconds: float) -> None:
        """`status` is 499 where the client went away before there was an answer."""
        route = getattr(scope.get("route"), "path", "") or _NO_ROUTE
        method = scope["method"] if route != _NO_ROUTE else "-"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)
        LOGGER.info("%s %s %d in %.3f s", scope["method"], route, status, seconds)
