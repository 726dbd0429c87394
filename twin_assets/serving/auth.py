"""The middleware that tells who asks, and turns away who may not: `request.state.role` is "owner", "reader" or None.

On the loopback interface everybody is the owner. Elsewhere a request carries an API key, or the cookie of a session
that was opened with one. A request that changes something must not come from another site's page: its Origin is this
service's, and with a cookie it carries the session's CSRF token, which is `request.state.csrf` ("" without a session).
"""

import hmac
import math
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from twin_assets.errors import ConfigError
from twin_assets.serving.access import Needed, allowed, needed_for
from twin_assets.serving.keys import Key, KeyStore
from twin_assets.serving.metrics import Metrics
from twin_assets.serving.openai_errors import ApiError, unavailable
from twin_assets.serving.rate import Buckets
from twin_assets.serving.sessions import COOKIE, Sessions, csrf_token

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-csrf-token"


class Access:
    """Decides on each request before any route sees it.

    Args:
        exposed: whether keys are needed.
        rate: requests of a key per minute, unless it has a limit of its own.
    """

    def __init__(
        self, app: ASGIApp, *, keys: KeyStore, sessions: Sessions, exposed: bool, rate: int, metrics: Metrics
    ) -> None:
        self._app, self._keys, self._sessions, self._exposed = app, keys, sessions, exposed
        self._rate, self._metrics, self._buckets = rate, metrics, Buckets()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            refused = self._decided(scope)
        except ApiError as error:
            refused = error.response()
        except ConfigError as error:
            refused = unavailable(error, "keys_unreadable").response()
        await (refused or self._app)(scope, receive, send)

    def _decided(self, scope: Scope) -> Response | None:
        """None when the request may go on; else a redirect to the login. Raises ApiError (401, 403, 429)."""
        state, headers = scope.setdefault("state", {}), Headers(scope=scope)
        state |= {"role": None, "csrf": "", "key_id": ""}
        needed = needed_for(scope["method"], scope["path"])
        _require_own_origin(scope["method"], headers)
        if not self._exposed:
            state["role"] = "owner"
            return None
        key = self._key(scope["method"], headers, state, needed)
        if key is not None:
            state |= {"role": key.scope, "key_id": key.key_id}
            self._count(key)
        if allowed(state["role"], needed):
            return None
        if key is not None:
            raise ApiError(
                403, "this key may read only: the owner's is needed", kind="permission_error", code="forbidden"
            )
        if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            return RedirectResponse(f"/login?next={quote(scope['path'], safe='')}", 303)
        raise _no_key("an API key is needed: Authorization: Bearer twin_...")

    def _key(self, method: str, headers: Headers, state: dict[str, object], needed: Needed) -> Key | None:
        """The key that a request brings, or that its session was opened with."""
        if needed == "nobody":
            # A key that is wrong keeps nobody from the page where another one can be given.
            return None
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and secret:
            found = self._keys.find(secret.strip())
            if found is None:
                raise _no_key("the API key is wrong, or was revoked")
            return found
        token = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        key = self._sessions.key_of(token) if token else None
        if key is None:
            return None
        state["csrf"] = csrf_token(token)
        if method not in SAFE and not hmac.compare_digest(
            headers.get(CSRF_HEADER, "").encode(), csrf_token(token).encode()
        ):
            raise ApiError(
                403, "the page is out of date: load it again", kind="permission_error", code="csrf_token_missing"
            )
        return key

    def _count(self, key: Key) -> None:
        wait = self._buckets.take(key.key_id, key.requests_per_minute or self._rate)
        if wait > 0:
            self._metrics.refused.labels("rate").inc()
            raise too_many("this key has asked too often", wait)


def too_many(message: str, wait_s: float) -> ApiError:
    """Asked too often; `wait_s` is when it may be asked again, in seconds."""
    wait = str(math.ceil(wait_s))
    message = f"{message}: try again in {wait} s"
    return ApiError(429, message, kind="rate_limit_error", code="rate_limit", headers={"Retry-After": wait})


def _require_own_origin(method: str, headers: Headers) -> None:
    """Raises ApiError (403) for what another site's page asks to be changed."""
    if method in SAFE:
        return
    origin = headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
    if foreign or headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise ApiError(403, "another site's page may not ask for this", kind="permission_error", code="wrong_origin")


def _no_key(message: str) -> ApiError:
    return ApiError(
        401, message, kind="authentication_error", code="invalid_api_key", headers={"WWW-Authenticate": "Bearer"}
    )
