"""Thumbs on drafts and on answers."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from twin_assets.drafting.store import StoredDraft
from twin_assets.monitoring.traces import Trace
from twin_assets.serving.feedback import FeedbackLog, Thumb
from twin_assets.serving.openai_errors import not_found
from twin_assets.serving.scopes import require_json, scopes
from twin_assets.serving.service import Service


class FeedbackRequest(BaseModel):
    """A thumb: `draft_id` is that of a draft, or the `id` of a chat completion; `variant` its choice."""

    model_config = ConfigDict(extra="forbid")

    draft_id: Annotated[str, Field(min_length=1, max_length=200)]
    variant: Annotated[int, Field(ge=0, le=7)] = 0
    kind: Thumb


class FeedbackAnswer(BaseModel):
    """The event that was kept."""

    event_id: str


def feedback_routes(service: Service) -> APIRouter:
    """`POST /api/feedback`."""
    router = APIRouter(tags=["drafts"])
    log = FeedbackLog(service)

    @router.post("/api/feedback", dependencies=[Depends(require_json)])
    async def feedback(request: Request, said: FeedbackRequest) -> FeedbackAnswer:
        """Say that a draft or an answer is good, or is not."""
        about: StoredDraft | Trace | None = await run_in_threadpool(service.drafts.get, said.draft_id)
        if about is None:
            about = await run_in_threadpool(service.traces.get, said.draft_id)
        if about is None or about.scope not in scopes(request):
            raise not_found(f"There is no draft and no answer {said.draft_id!r}.", "draft_id")
        return FeedbackAnswer(event_id=await run_in_threadpool(log.thumb, about, said.variant, said.kind))

    return router
