"""Figures of the last days, what needs a person, and the reports on drift; for the owner alone, as `access` says."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from twin_assets.monitoring.alerts import Alert
from twin_assets.monitoring.drift import ColumnDrift
from twin_assets.monitoring.report import page_of
from twin_assets.serving.monitoring import monitoring_card
from twin_assets.serving.openai_errors import not_found
from twin_assets.serving.service import Service
from twin_assets.storage import ArtifactStore

REPORT_CSP = "; ".join(
    (
        # A page with scripts of its own is a stranger here: without an origin it reads nothing of the service.
        "sandbox allow-scripts",
        "default-src 'none'",
        "script-src 'unsafe-inline' 'unsafe-eval'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "font-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


class MonitoredDay(BaseModel):
    """A day in UTC; `live` is today as it is so far. `report` is where the page on drift is."""

    day: date
    live: bool
    metrics: dict[str, float | None]
    report: str | None


class Drift(BaseModel):
    """The newest report's verdicts: `day` against the days from `first` to `last`."""

    day: date
    first: date
    last: date
    columns: list[ColumnDrift]
    report: str | None


class Monitoring(BaseModel):
    """Days newest first, those without a report left out; `notice` says what could not be told."""

    days: list[MonitoredDay]
    alerts: list[Alert]
    drift: Drift | None
    notice: str | None


def monitoring_routes(service: Service) -> APIRouter:
    """`/api/monitoring` and `/api/monitoring/{day}/report`."""
    router = APIRouter(tags=["monitoring"])

    @router.get("/api/monitoring", response_model=Monitoring)
    async def monitoring(days: Annotated[int, Query(ge=1, le=90)] = 14) -> dict[str, Any]:
        """Traffic, latency and feedback by day, alerts of this moment, and the newest verdicts on drift."""
        return await monitoring_card(service, days)

    # Not `response_class=HTMLResponse`: the OpenAPI document would call errors HTML, too.
    @router.get(
        "/api/monitoring/{day}/report", response_class=Response, responses={200: {"content": {"text/html": {}}}}
    )
    async def report(day: date) -> Response:
        """Evidently's page of a day, in a sandbox of its own."""
        page = await run_in_threadpool(page_of, ArtifactStore.of(service.settings), day)
        if page is None:
            raise not_found(f"There is no report of {day}.", "day")
        content = await run_in_threadpool(page.read_bytes)
        return HTMLResponse(content, headers={"Content-Security-Policy": REPORT_CSP})

    return router
