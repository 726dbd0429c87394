"""Retrieval alone, and the documents that passages are from."""

import re
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from twin_assets.records import CorpusDocument
from twin_assets.retrieval.passages import Passage
from twin_assets.serving.answer_shapes import Document, FoundPassages
from twin_assets.serving.context import Found
from twin_assets.serving.openai_errors import bad_request, not_found
from twin_assets.serving.scopes import SearchFilters, require_json, require_scope, scopes
from twin_assets.serving.search import FeatureStoreSearch
from twin_assets.serving.service import Service
from twin_assets.storage.sql import equals

_ID = re.compile(r"[0-9A-Za-z_-]{1,128}")


class SearchRequest(BaseModel):
    """What to look for, and how many passages at most."""

    model_config = ConfigDict(extra="forbid")

    query: Annotated[str, Field(min_length=1, max_length=8_000)]
    k: Annotated[int, Field(ge=1, le=50)] = 10
    filters: SearchFilters = SearchFilters()


def search_routes(service: Service) -> APIRouter:
    """`POST /api/search` and `GET /api/documents/{id}`."""
    router = APIRouter(tags=["retrieval"])
    search = service.search.passages if isinstance(service.search, FeatureStoreSearch) else service.search

    @router.post("/api/search", dependencies=[Depends(require_json)], response_model=FoundPassages)
    async def passages(request: Request, ask: SearchRequest) -> dict[str, Any]:
        """The best passages of the author's own writing, best first."""
        require_scope(request, ask.filters.scope)
        found = await run_in_threadpool(search, ask.query, ask.k, ask.filters.filter)
        return {"passages": [_passage(one) for one in found]}

    @router.get("/api/documents/{document_id}", response_model=Document)
    async def document(
        request: Request,
        document_id: str,
        start: Annotated[int | None, Query(ge=0)] = None,
        end: Annotated[int | None, Query(ge=0)] = None,
    ) -> dict[str, Any]:
        """A document as it is searched and trained on; `start` and `end` are a citation's span in its text."""
        if (start is None) != (end is None):
            raise bad_request("give both ends of a span, or neither", "end" if end is None else "start")
        known = _ID.fullmatch(document_id)
        where = equals("document_id", document_id) if known else "false"
        rows = await run_in_threadpool(service.tables.read, CorpusDocument, where)
        if not rows or rows[0].scope not in scopes(request):
            raise not_found(f"There is no document {document_id[:80]!r}: it may be forgotten.", "document_id")
        return _document(rows[0], start, end)

    return router


def _passage(found: Found) -> dict[str, Any]:
    """A passage with what each stage of the search said of it."""
    scores = asdict(found.scores) if isinstance(found, Passage) else {"fused": found.score}
    return {
        "chunk_id": found.chunk_id,
        "document_id": found.document_id,
        "title": found.title,
        "url": found.url,
        "start": found.start,
        "end": found.end,
        "text": found.text,
        "scores": scores,
    }


def _document(document: CorpusDocument, start: int | None, end: int | None) -> dict[str, Any]:
    span = None
    if start is not None and end is not None:
        if not start <= end <= len(document.text):
            raise bad_request(f"the text has {len(document.text)} characters: that is no span of it", "start")
        span = {"start": start, "end": end}
    return {
        "document_id": document.document_id,
        "title": document.title,
        "url": document.url,
        "kind": document.kind,
        "source": document.sources[0] if document.sources else "",
        "sources": list(document.sources),
        "published_at": document.published_at.isoformat() if document.published_at else None,
        "scope": document.scope,
        "text": document.text,
        "span": span,
    }
