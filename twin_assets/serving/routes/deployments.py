"""What is deployed, what it was made of, how it was measured, and the way back."""

import json
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from twin_assets.datasets.versions import RECORDS, tags, versions
from twin_assets.deployment.deploy import rollback
from twin_assets.deployment.engine import Engine
from twin_assets.deployment.records import Deployment
from twin_assets.deployment.registry import ModelRegistry
from twin_assets.errors import TwinError
from twin_assets.serving.evaluations import evaluation_cards
from twin_assets.serving.openai_errors import conflict
from twin_assets.serving.service import Service
from twin_assets.serving.shapes import Deployments, Evaluations, RolledBack, Versions
from twin_assets.storage import ArtifactStore, TableStore


class Reason(BaseModel):
    """Why the twin goes back, for whoever reads the history."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]


def deployment_routes(service: Service) -> APIRouter:
    """`/api/deployments`, `/api/datasets` and `/api/evaluations`."""
    router = APIRouter(tags=["twin"])

    @router.get("/api/deployments", response_model=Deployments)
    async def deployments() -> dict[str, Any]:
        current = service.deployments.current()
        past = [_shown(one) for one in reversed(service.deployments.history())]
        return {"current": _shown(current) if current else None, "history": past}

    @router.post("/api/deployments/rollback", response_model=RolledBack)
    async def roll_back(asked: Reason) -> dict[str, Any]:
        deployment, notice = await run_in_threadpool(_rolled_back, service, " ".join(asked.reason.split()))
        return {"current": _shown(deployment), "notice": notice}

    @router.get("/api/datasets", response_model=Versions)
    async def datasets() -> dict[str, Any]:
        return {"versions": await run_in_threadpool(_versions, service)}

    @router.get("/api/evaluations", response_model=Evaluations)
    async def evaluations() -> dict[str, Any]:
        artifacts = ArtifactStore.of(service.settings)
        past = service.deployments.history()
        return {"reports": await run_in_threadpool(evaluation_cards, artifacts, service.settings.evaluation, past)}

    return router


def _shown(deployment: Deployment) -> dict[str, Any]:
    return {**deployment.model_dump(mode="json"), "adapter_name": deployment.adapter_name}


def _rolled_back(service: Service, reason: str) -> tuple[Deployment, str | None]:
    """Raises ApiError (409) when there is nothing to go back to, EngineError, DeploymentError."""
    settings, store = service.settings, service.deployments
    current = store.current()
    if current is None or store.find(current.previous) is None:
        raise conflict("there is no earlier deployment to go back to: deploy another adapter instead", "no_earlier")
    with Engine(settings.url("engine")) as engine:
        deployment = rollback(engine, store, service.fetch, settings.author, reason=reason)
    if deployment.model_version is None:
        return deployment, None
    try:
        ModelRegistry(settings.url("mlflow")).promote(deployment.model_version)
    except TwinError as error:
        return deployment, f"the twin is rolled back, but MLflow still names the other champion: {error.what}"
    return deployment, None


def _versions(service: Service) -> list[dict[str, Any]]:
    """Versions of both datasets, newest first; `readable` is False for what `twin forget` took away."""
    tables = TableStore.of(service.settings)
    readable = {name: tags(tables, name) for name in RECORDS}
    return [
        {
            "dataset": one.dataset,
            "digest": one.digest,
            "previous": one.previous or None,
            "created_at": one.created_at.isoformat(),
            "lance_version": one.lance_version,
            "counts": json.loads(one.counts),
            "parents": json.loads(one.parents),
            "readable": one.digest in readable.get(one.dataset, {}),
        }
        for one in reversed(versions(tables))
    ]
