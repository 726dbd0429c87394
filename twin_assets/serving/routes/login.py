"""Signing in and out: the owner's key opens a session, whose cookie no script can read."""

from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from twin_assets.serving.auth import too_many
from twin_assets.serving.openai_errors import bad_request
from twin_assets.serving.page import Shown, render_page
from twin_assets.serving.rate import Buckets
from twin_assets.serving.service import Service
from twin_assets.serving.sessions import COOKIE

TRIES_PER_MINUTE = 10
_LONGEST_FORM = 4096


def login_routes(service: Service) -> APIRouter:
    """`/login` and `/logout`."""
    router = APIRouter(include_in_schema=False)
    tries = Buckets()

    @router.get("/login")
    async def login_page(next: str = "/") -> Response:
        if not service.exposed:
            return RedirectResponse("/", 303)
        return HTMLResponse(_page(service.settings.author, own_path(next)))

    @router.post("/login")
    async def login(request: Request) -> Response:
        if not service.exposed:
            return RedirectResponse("/", 303)
        wait = tries.take(request.client.host if request.client else "", TRIES_PER_MINUTE)
        if wait > 0:
            raise too_many("too many tries to sign in", wait)
        form = await _form(request)
        target = own_path(form.get("next", "/"))
        key = service.keys.find(form.get("key", "").strip())
        if key is None or key.scope != "owner":
            problem = "This key is not the owner’s." if key else "This key is wrong, or was revoked."
            return HTMLResponse(_page(service.settings.author, target, problem), 401)
        response = RedirectResponse(target, 303)
        hours = service.settings.service.session_hours
        response.set_cookie(
            COOKIE,
            service.sessions.open(key),
            max_age=hours * 3600,
            path="/",
            secure=True,
            httponly=True,
            samesite="strict",
        )
        return response

    @router.post("/logout")
    async def logout(request: Request) -> Response:
        service.sessions.close(request.cookies.get(COOKIE, ""))
        response = RedirectResponse("/login", 303)
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return response

    return router


def own_path(target: str) -> str:
    """Where to go after signing in: a path of this service, never another site."""
    plain = target.isprintable() and "\\" not in target
    return target if plain and target.startswith("/") and not target.startswith("//") else "/"


async def _form(request: Request) -> dict[str, str]:
    """The fields of the form. Raises ApiError (400)."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    body = await request.body()
    if kind != "application/x-www-form-urlencoded" or len(body) > _LONGEST_FORM:
        raise bad_request("sign in with the form at /login")
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=8)
    except ValueError as error:
        raise bad_request("sign in with the form at /login") from error
    return {name: values[0] for name, values in fields.items()}


def _page(author: str, target: str, problem: str = "") -> str:
    """The page with the form; which twin is deployed is nobody's business before."""
    return render_page("login", Shown(author, None), target=target, problem=problem)
