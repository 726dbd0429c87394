"""What Prometheus reads."""

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool

from twin_assets.errors import StorageError
from twin_assets.serving.metrics import CONTENT_TYPE
from twin_assets.serving.service import Service
from twin_assets.storage import TableStore


def metrics_routes(service: Service) -> APIRouter:
    """`/metrics`."""
    router = APIRouter(tags=["status"])

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics() -> Response:
        service.metrics.engine_up.set(await service.engine.ready())
        try:
            await run_in_threadpool(service.metrics.count_feedback, TableStore.of(service.settings))
        except StorageError:
            # The other figures are still worth having; what is wrong with the storage shows where it is used.
            service.metrics.feedback.clear()
        return Response(service.metrics.show(), headers={"Content-Type": CONTENT_TYPE})

    return router
