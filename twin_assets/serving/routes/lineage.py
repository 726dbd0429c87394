"""From an answer back to the adapter, the dataset versions, and the documents."""

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from twin_assets.deployment.records import Deployment
from twin_assets.monitoring.traces import Trace
from twin_assets.records import DatasetVersion
from twin_assets.serving.answer_shapes import Lineage
from twin_assets.serving.openai_errors import not_found
from twin_assets.serving.scopes import scopes
from twin_assets.serving.service import Service
from twin_assets.storage import TableStore
from twin_assets.storage.sql import one_of


def lineage_routes(service: Service) -> APIRouter:
    """`GET /api/lineage/{trace}`."""
    router = APIRouter(tags=["lineage"])

    @router.get("/api/lineage/{trace_id}", response_model=Lineage, response_model_exclude_unset=True)
    async def lineage(request: Request, trace_id: str) -> dict[str, Any]:
        """What an answer came from; `trace_id` is the `id` of a chat completion, or of a draft."""
        trace = await run_in_threadpool(service.traces.get, trace_id)
        if trace is None or trace.scope not in scopes(request):
            raise not_found(f"There is no answer {trace_id[:80]!r}: it may be forgotten.", "trace_id")
        return await run_in_threadpool(_lineage, trace, service.tables)

    return router


def _lineage(trace: Trace, tables: TableStore) -> dict[str, Any]:
    deployment = trace.deployment
    return {
        "trace_id": trace.trace_id,
        "kind": trace.kind,
        "asked_at": trace.asked_at,
        "model": trace.model,
        "deployment": _deployment(deployment) if deployment else None,
        "adapter": _adapter(deployment) if deployment else None,
        "datasets": _datasets(deployment.dataset_versions, tables) if deployment else [],
        "citations": [
            {
                "number": one["number"],
                "chunk_id": one["chunk_id"],
                "document_id": one["document_id"],
                "title": one["title"],
                "url": one["url"],
                "span": {"start": one["start"], "end": one["end"]},
            }
            for one in trace.citations
        ],
    }


def _deployment(deployment: Deployment) -> dict[str, Any]:
    return deployment.model_dump(mode="json", include={"deployment_id", "deployed_at", "previous", "probe"})


def _adapter(deployment: Deployment) -> dict[str, Any]:
    return {
        "digest": deployment.adapter_digest,
        "name": deployment.adapter_name,
        "recipe": deployment.recipe,
        "model_version": deployment.model_version,
    }


def _datasets(versions: dict[str, str], tables: TableStore) -> list[dict[str, Any]]:
    """Each dataset with its version, and what is recorded of that version."""
    rows = tables.read(DatasetVersion, one_of("digest", sorted(set(versions.values()))))
    known = {(row.dataset, row.digest): row for row in rows}
    return [_dataset(name, version, known.get((name, version))) for name, version in sorted(versions.items())]


def _dataset(name: str, version: str, row: DatasetVersion | None) -> dict[str, Any]:
    found: dict[str, Any] = {"dataset": name, "version": version}
    if row is None:
        return found
    return found | {
        "lance_version": row.lance_version,
        "created_at": row.created_at.isoformat(),
        "parents": json.loads(row.parents),
        "counts": json.loads(row.counts),
    }
