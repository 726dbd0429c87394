"""The pages that people see. What they show and do goes through the API, by the scripts in `web/static`."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from twin_assets.serving.page import NAVIGATION, PageName, Shown, render_page
from twin_assets.serving.service import Service


def page_routes(service: Service) -> APIRouter:
    """`/`, and one page for each item of the navigation."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def shown(request: Request) -> Shown:
        csrf = getattr(request.state, "csrf", "")
        return Shown(service.settings.author, service.deployments.current(), csrf)

    @router.get("/")
    async def first(request: Request) -> Response:
        """The way to a first twin; whoever has one begins with writing."""
        about = shown(request)
        if about.deployment is not None:
            return RedirectResponse("/write", 303)
        return HTMLResponse(render_page("guide", about, **_links(service)))

    def add(name: PageName) -> None:
        @router.get(f"/{name}", name=name)
        async def page(request: Request) -> str:
            return render_page(name, shown(request), **_links(service))

    for name, _ in NAVIGATION:
        add(name)
    return router


def _links(service: Service) -> dict[str, Any]:
    return {"links": {"dagster": service.settings.url("dagster"), "mlflow": service.settings.url("mlflow")}}
