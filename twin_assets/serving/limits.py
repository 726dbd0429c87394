"""Limits of a request: the size of its body, how many generate at once, and how long it may take.

A client that goes away takes its generation with it: the work on its answer is cancelled, which closes the stream of
the engine.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twin_assets.serving.metrics import Metrics
from twin_assets.serving.openai_errors import ApiError
from twin_assets.serving.uploads import TooLarge
from twin_assets.settings import ServiceSettings

UPLOADS = "/api/uploads"
RETRY = {"Retry-After": "2"}
"""Seconds after which a client may ask again."""
_FORM_OVERHEAD = 64 * 1024
"""Bytes of a form besides the file in it."""


def generates(scope: Scope) -> bool:
    """Whether a request asks the engine for text."""
    path = scope["path"]
    asked = path in ("/v1/chat/completions", "/v1/responses", "/v1/completions")
    drafted = path == "/api/drafts" or (path.startswith("/api/drafts/") and path.endswith("/revise"))
    return scope["method"] == "POST" and (asked or drafted)


def unbounded_in_time(path: str) -> bool:
    """Whether a request takes as long as it takes: an upload, or the progress of a run."""
    return path == UPLOADS or (path.startswith("/api/runs/") and path.endswith("/events"))


class Limits:
    """Refuses what is too large (413), too much at once (429), or asked while the service drains (503).

    Args:
        draining: tells whether the service was asked to stop.
    """

    def __init__(
        self, app: ASGIApp, settings: ServiceSettings, metrics: Metrics, draining: Callable[[], bool] = lambda: False
    ) -> None:
        self._app, self._settings, self._metrics, self._draining = app, settings, metrics, draining
        self._generating = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            capped = self._capped(scope, receive)
        except ApiError as error:
            await error.response()(scope, receive, send)
            return
        if not generates(scope):
            await self._timed(scope, capped, send)
        elif self._draining():
            stopping = ApiError(
                503, "the service is stopping: try again", kind="server_error", code="stopping", headers=RETRY
            )
            await stopping.response()(scope, receive, send)
        elif self._generating >= self._settings.concurrency:
            self._metrics.refused.labels("concurrency").inc()
            message = f"{self._generating} answers are in the making, which is all at once: try again"
            busy = ApiError(429, message, kind="rate_limit_error", code="overloaded", headers=RETRY)
            await busy.response()(scope, receive, send)
        else:
            await self._generated(scope, capped, send)

    async def _generated(self, scope: Scope, receive: Receive, send: Send) -> None:
        working = True
        self._count(1)

        def done() -> None:
            nonlocal working
            if working:
                working = False
                self._count(-1)

        async def freeing(message: Message) -> None:
            # Before the last piece is out: a client that has it may ask again at once.
            if _is_last(message):
                done()
            await send(message)

        try:
            await _while_connected(lambda r, s: self._timed(scope, r, s), receive, freeing)
        finally:
            done()

    def _count(self, change: int) -> None:
        self._generating += change
        self._metrics.in_flight.set(self._generating)

    def _capped(self, scope: Scope, receive: Receive) -> Receive:
        """`receive` that stops at the most bytes that the path takes. Raises ApiError (413) by the header alone."""
        settings = self._settings
        upload = scope["path"] == UPLOADS
        limit = settings.upload_bytes if upload else settings.body_bytes
        most = limit + _FORM_OVERHEAD if upload else limit
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdigit() and int(declared) > most:
            self._metrics.refused.labels("body").inc()
            raise TooLarge(limit)
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                self._metrics.refused.labels("body").inc()
                raise TooLarge(limit)
            return message

        return counted

    async def _timed(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = ended = False

        async def watched(message: Message) -> None:
            nonlocal started, ended
            started = True
            ended = _is_last(message)
            await send(message)

        seconds = None if unbounded_in_time(scope["path"]) else self._settings.timeout_s
        try:
            async with asyncio.timeout(seconds) as clock:
                await self._app(scope, receive, watched)
        except TimeoutError:
            if not clock.expired():
                raise
            self._metrics.refused.labels("time").inc()
            late = ApiError(504, f"the answer took longer than {seconds:g} s", kind="server_error", code="timeout")
            if not started:
                await late.response()(scope, receive, send)
            elif not ended:
                event = f"data: {json.dumps(late.body())}\n\n".encode()
                await send({"type": "http.response.body", "body": event, "more_body": False})


def _is_last(message: Message) -> bool:
    """Whether an answer ends with this message."""
    return message["type"] == "http.response.body" and not message.get("more_body", False)


async def _while_connected(
    work: Callable[[Receive, Send], Coroutine[Any, Any, None]], receive: Receive, send: Send
) -> None:
    """Do the work, and cancel it when the client goes away before it has the whole answer.

    Once the body is read, the next message can only say that the client is gone: it is waited for beside the work.
    What is left to do after the last piece of an answer is not cut off.
    """
    gone: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    watcher: asyncio.Task[None] | None = None
    ended = False

    async def watch() -> None:
        message = await receive()
        if not gone.done():
            gone.set_result(message)

    async def watched() -> Message:
        nonlocal watcher
        if watcher is not None:
            return await asyncio.shield(gone)
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            watcher = asyncio.create_task(watch())
        return message

    async def noticed(message: Message) -> None:
        nonlocal ended
        ended = _is_last(message)
        await send(message)

    task = asyncio.create_task(work(watched, noticed))
    gone.add_done_callback(lambda _: None if ended else task.cancel())
    try:
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()
    finally:
        task.cancel()
        if watcher is not None:
            watcher.cancel()
        await asyncio.gather(task, *([watcher] if watcher else []), return_exceptions=True)
