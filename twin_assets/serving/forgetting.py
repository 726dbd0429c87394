"""Forgetting through the service: while no run writes, and off the event loop."""

from typing import Any

from fastapi.concurrency import run_in_threadpool

from twin_assets.forget import Forgotten, forget
from twin_assets.serving.dagster import UNFINISHED
from twin_assets.serving.openai_errors import conflict
from twin_assets.serving.service import Service


async def forget_now(service: Service, what: str) -> Forgotten:
    """Take a document, or all of a source, out of everything.

    Raises ApiError (409) while a run is at work, SourceError when `what` means nothing, DagsterError when it cannot be
    told whether a run is at work, StorageError.
    """
    if active := await service.dagster.runs(limit=5, statuses=UNFINISHED):
        jobs = ", ".join(sorted({run["jobName"] for run in active}))
        raise conflict(f"{jobs} is at work: wait until it is done, then forget", "run_at_work")
    return await run_in_threadpool(forget, service.settings, what)


def forgotten_card(done: Forgotten) -> dict[str, Any]:
    """What was forgotten, and what had been made with it."""
    return {
        "forgotten": list(done.documents),
        "rows": done.rows,
        "datasets": list(done.datasets),
        "adapters": list(done.adapters),
    }
