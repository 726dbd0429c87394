"""Files that a person uploads: export archives, papers, texts."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.requests import ClientDisconnect

from twin_assets.serving.multipart import FilePart
from twin_assets.serving.openai_errors import bad_request
from twin_assets.serving.service import Service
from twin_assets.serving.shapes import Uploaded
from twin_assets.serving.uploads import take

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary", "minLength": 1}},
        },
    }
}


def upload_routes(service: Service) -> APIRouter:
    """`POST /api/uploads`."""
    router = APIRouter(tags=["uploads"])

    @router.post("/api/uploads", status_code=201, response_model=Uploaded, openapi_extra=_BODY)
    async def upload(
        request: Request, name: Annotated[str | None, Query(min_length=1, max_length=255)] = None
    ) -> dict[str, Any]:
        content_type = request.headers.get("content-type", "")
        body: AsyncIterator[bytes] = request.stream()
        if content_type.lower().startswith("multipart/form-data"):
            form = FilePart(content_type, body)
            await form.open()
            name, body = name or form.name, aiter(form)
        if not name:
            raise bad_request("a raw body needs its file name: ?name=export.zip", "name")
        try:
            taken = await take(service.settings.home, name, body, service.settings.service.upload_bytes)
        except ClientDisconnect:
            raise bad_request("the upload was broken off", "file") from None
        return {
            "upload_id": taken.upload_id,
            "name": taken.path.name,
            "bytes": taken.bytes,
            "kind": taken.kind,
            "advice": taken.advice,
        }

    return router
