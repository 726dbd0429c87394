"""Dagster's runs, and the progress of one as it happens."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse

from twin_assets.errors import TwinError
from twin_assets.serving.dagster import FINISHED, Dagster, NoSuchRun
from twin_assets.serving.openai_errors import ApiError, not_found, unavailable
from twin_assets.serving.run_events import RunNarrator, failure_of, run_card
from twin_assets.serving.service import Service
from twin_assets.serving.shapes import Runs

RunId = Annotated[str, Path(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]


def run_routes(service: Service) -> APIRouter:
    """`/api/runs` and `/api/runs/{run_id}/events`."""
    router = APIRouter(tags=["runs"])

    failures: dict[str, str] = {}
    """What failed runs said, which does not change."""

    @router.get("/api/runs", response_model=Runs)
    async def runs(limit: Annotated[int, Query(ge=1, le=100)] = 20) -> dict[str, Any]:
        found = await service.dagster.runs(limit)
        for run in found:
            if run["status"] == "FAILURE" and run["runId"] not in failures:
                failures[run["runId"]] = await last_failure(service.dagster, run["runId"])
        return {"runs": [run_card(run, failures.get(run["runId"], "")) for run in found]}

    @router.get(
        "/api/runs/{run_id}/events",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}}},
    )
    async def events(run_id: RunId) -> Response:
        try:
            await service.dagster.run(run_id)
        except NoSuchRun as error:
            raise not_found(error.what, "run_id") from error
        return StreamingResponse(
            _told(service, run_id), media_type="text/event-stream", headers={"Cache-Control": "no-cache"}
        )

    return router


async def last_failure(dagster: Dagster, run_id: str) -> str:
    """Why a run failed, in the words of its last step that did; empty when none did."""
    cursor, failure, more = None, "", True
    while more:
        page = await dagster.events(run_id, cursor)
        cursor, more = page.cursor, page.more
        for event in page.events:
            if event.get("eventType") == "STEP_FAILURE" or (event.get("eventType") == "RUN_FAILURE" and not failure):
                failure = failure_of(event)
    return failure


async def _told(service: Service, run_id: str) -> AsyncIterator[str]:
    narrator = RunNarrator()
    try:
        async for batch in service.dagster.follow(run_id):
            if service.draining:
                return
            for told in narrator.tell(batch):
                yield _event(told)
            if not batch:
                yield ": at work\n\n"
        status = (await service.dagster.run(run_id))["status"]
        yield _event(narrator.end(status if status in FINISHED else "UNKNOWN"))
    except TwinError as error:
        failed: ApiError = unavailable(error, "dagster_unavailable")
        yield _event({"type": "error", **failed.body()})


def _event(payload: dict[str, Any]) -> str:
    return f"data: {json.dumps(payload, ensure_ascii=False, separators=(',', ':'))}\n\n"
