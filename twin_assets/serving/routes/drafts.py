"""Drafts: written, revised, accepted, listed."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, StreamingResponse

from twin_assets.drafting.store import StoredDraft
from twin_assets.errors import TwinError
from twin_assets.serving.answer_shapes import Accepted, Draft, Drafts
from twin_assets.serving.draft_request import AcceptRequest, DraftRequest, RevisionRequest
from twin_assets.serving.draft_writer import DraftWriter, Event
from twin_assets.serving.feedback import FeedbackLog
from twin_assets.serving.openai_errors import ApiError, bad_request, not_found, unavailable
from twin_assets.serving.scopes import require_json, require_scope, scopes
from twin_assets.serving.service import Service
from twin_assets.serving.sse import DONE, HEADERS, MEDIA_TYPE, event

JSON_ONLY = [Depends(require_json)]


WHOLE_OR_EVENTS: dict[int | str, dict[str, Any]] = {200: {"model": Draft, "content": {MEDIA_TYPE: {}}}}
"""A draft as a whole, or as events where `stream` asks for them."""


def draft_routes(service: Service) -> APIRouter:
    """`/api/drafts` and below."""
    router = APIRouter(prefix="/api/drafts", tags=["drafts"])
    writer, feedback = DraftWriter(service), FeedbackLog(service)

    async def found(request: Request, draft_id: str) -> StoredDraft:
        draft = await run_in_threadpool(service.drafts.get, draft_id)
        if draft is None or draft.scope not in scopes(request):
            raise not_found(f"There is no draft {draft_id[:80]!r}: see GET /api/drafts.", "draft_id")
        return draft

    @router.post("", dependencies=JSON_ONLY, response_model=None, responses=WHOLE_OR_EVENTS)
    async def write(request: Request, ask: DraftRequest) -> Response:
        """Write a draft: as a whole, or with `stream` as server-sent events."""
        require_scope(request, ask.filters.scope)
        service.deployed(ask.model)
        return await _answer(writer.write(ask), ask.stream)

    @router.get("", response_model=Drafts, response_model_exclude_unset=True)
    async def newest(
        request: Request, limit: Annotated[int, Query(ge=1, le=100)] = 20, before: str | None = None
    ) -> dict[str, Any]:
        """The newest drafts; `before` is the id or the time of the last one that is known."""
        drafts = await run_in_threadpool(service.drafts.newest, limit, before, scopes(request))
        return {"drafts": [draft.body for draft in drafts]}

    @router.get("/{draft_id}", response_model=Draft, response_model_exclude_unset=True)
    async def one(request: Request, draft_id: str) -> dict[str, Any]:
        """A draft."""
        return (await found(request, draft_id)).body

    @router.post("/{draft_id}/revise", dependencies=JSON_ONLY, response_model=None, responses=WHOLE_OR_EVENTS)
    async def revise(request: Request, draft_id: str, ask: RevisionRequest) -> Response:
        """A new draft: a variant changed by an instruction."""
        draft = await found(request, draft_id)
        require_variant(draft, ask.variant)
        service.deployed(draft.sources["manner"]["model"])
        return await _answer(writer.revise(draft, ask), ask.stream)

    @router.post(
        "/{draft_id}/accept", dependencies=JSON_ONLY, response_model=Accepted, response_model_exclude_unset=True
    )
    async def accept(request: Request, draft_id: str, ask: AcceptRequest) -> dict[str, Any]:
        """Take a draft; what was edited by hand becomes a preference to learn from."""
        draft = await found(request, draft_id)
        require_variant(draft, ask.variant)
        preference = await run_in_threadpool(feedback.accepted, draft, ask.variant, ask.text)
        return {"draft": (await found(request, draft_id)).body, "preference": preference}

    return router


def require_variant(draft: StoredDraft, number: int) -> None:
    """Raises ApiError (400): the draft has not as many variants."""
    count = len(draft.variants)
    if number >= count:
        raise bad_request(f"the draft has {count} variant{'s' if count > 1 else ''}, counted from 0", "variant")


async def _answer(events: AsyncGenerator[Event, None], stream: bool) -> Response:
    if stream:
        return StreamingResponse(_streamed(events), media_type=MEDIA_TYPE, headers=HEADERS)
    last: Event = {}
    async for one in events:
        last = one
    return JSONResponse(last["draft"])


async def _streamed(events: AsyncGenerator[Event, None]) -> AsyncIterator[str]:
    try:
        async with aclosing(events):
            async for one in events:
                yield event(one)
    except ApiError as error:
        yield event({"type": "error", **error.body()})
    except TwinError as error:
        yield event({"type": "error", **unavailable(error).body()})
    yield DONE
