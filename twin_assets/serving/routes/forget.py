"""Forgetting a document."""

from typing import Annotated, Any

from fastapi import APIRouter, Path

from twin_assets.errors import SourceError
from twin_assets.serving.forgetting import forget_now, forgotten_card
from twin_assets.serving.openai_errors import not_found
from twin_assets.serving.service import Service
from twin_assets.serving.shapes import ForgottenDocuments

DocumentId = Annotated[str, Path(pattern=r"^[0-9a-f]{8,32}$")]


def forget_routes(service: Service) -> APIRouter:
    """`DELETE /api/documents/{document_id}`."""
    router = APIRouter(tags=["documents"])

    @router.delete("/api/documents/{document_id}", response_model=ForgottenDocuments)
    async def forget_document(document_id: DocumentId) -> dict[str, Any]:
        try:
            return forgotten_card(await forget_now(service, document_id))
        except SourceError as error:
            raise not_found(error.what, "document_id") from error

    return router
