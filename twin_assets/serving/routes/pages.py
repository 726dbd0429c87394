"""The pages that people see."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from twin_assets.serving.page import render_page
from twin_assets.serving.service import Service


def page_routes(service: Service) -> APIRouter:
    """`/`."""
    router = APIRouter()

    @router.get("/", response_class=HTMLResponse)
    async def page() -> str:
        return render_page(service.settings.author, service.deployments.current())

    return router
