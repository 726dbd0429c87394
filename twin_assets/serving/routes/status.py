"""What is served here, and whether it can answer."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from twin_assets.serving.answer_shapes import Model, Models
from twin_assets.serving.openai_errors import no_such_model
from twin_assets.serving.provenance import named_models
from twin_assets.serving.service import Service


def status_routes(service: Service) -> APIRouter:
    """`/v1/models`, `/healthz`, `/readyz`."""
    router = APIRouter()

    def cards() -> list[dict[str, Any]]:
        return [
            {
                "id": name,
                "object": "model",
                "created": int(deployment.deployed_at.timestamp()) if deployment else 0,
                "owned_by": service.settings.author,
            }
            for name, deployment in named_models(service.deployments).items()
        ]

    @router.get("/v1/models", response_model=Models)
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": cards()}

    @router.get("/v1/models/{name}", response_model=Model)
    async def model(name: str) -> dict[str, Any]:
        known = cards()
        found = next((card for card in known if card["id"] == name), None)
        if found is None:
            raise no_such_model(name, [card["id"] for card in known])
        return found

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        missing = ["the service is stopping"] if service.draining else []
        missing += [] if await service.engine.ready() else ["the engine does not answer"]
        missing += [] if service.deployments.current() else ["no twin is deployed"]
        return JSONResponse({"ready": not missing, "missing": missing}, 503 if missing else 200)

    return router
