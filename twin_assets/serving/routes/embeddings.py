"""OpenAI's embeddings, by the model that the author's writing is searched with."""

import base64
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from twin_assets.features.embedders import configured_embedder
from twin_assets.retrieval.search import QueryModel
from twin_assets.serving.answer_shapes import Embeddings
from twin_assets.serving.openai_errors import bad_request, no_such_model
from twin_assets.serving.scopes import require_json
from twin_assets.serving.search import FeatureStoreSearch
from twin_assets.serving.service import Service

EMBEDDER = "embedder"
"""The name under which the active model answers, whichever it is."""
MAX_TEXTS = 256

VECTORS: dict[int | str, dict[str, Any]] = {200: {"model": Embeddings}}
"""For the document alone: to check 256 vectors number by number would take longer than to make them."""

Text = Annotated[str, Field(min_length=1, max_length=100_000)]


class EmbeddingRequest(BaseModel):
    """OpenAI's fields; texts as token ids are not taken, and vectors have the length that the model gives them."""

    input: Text | Annotated[list[Text], Field(min_length=1, max_length=MAX_TEXTS)]
    model: str = EMBEDDER
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    user: str | None = None


def embedding_routes(service: Service) -> APIRouter:
    """`POST /v1/embeddings`."""
    router = APIRouter(tags=["openai"])
    embedder_of = _embedder_of(service)

    @router.post("/v1/embeddings", dependencies=[Depends(require_json)], response_model=None, responses=VECTORS)
    async def embeddings(ask: EmbeddingRequest) -> JSONResponse:
        """A vector of length 1 for each text. Nothing is cut: a text that the model cannot read whole is a 400."""
        return JSONResponse(await run_in_threadpool(_embedded, ask, embedder_of))

    return router


def _embedder_of(service: Service) -> Callable[[], QueryModel]:
    """Gives the active embedder: the one that searching has loaded already, or else one that is loaded once."""
    if isinstance(service.search, FeatureStoreSearch):
        return service.search.embedder
    kept: list[QueryModel] = []

    def configured() -> QueryModel:
        if not kept:
            kept.append(configured_embedder(service.settings))
        return kept[0]

    return configured


def _embedded(ask: EmbeddingRequest, embedder_of: Callable[[], QueryModel]) -> dict[str, Any]:
    embedder = embedder_of()
    label = embedder.name.partition("@")[0]
    if ask.model not in (EMBEDDER, label, embedder.name):
        raise no_such_model(ask.model, [EMBEDDER, label])
    if ask.dimensions not in (None, embedder.dimensions):
        raise bad_request(f"the vectors of {label!r} have {embedder.dimensions} dimensions", "dimensions")
    texts = [ask.input] if isinstance(ask.input, str) else ask.input
    tokens = embedder.count_tokens(texts)
    if max(tokens) > embedder.window:
        message = f"a text has {max(tokens)} tokens, and {label!r} reads {embedder.window}: cut it into parts"
        raise bad_request(message, "input", "context_length_exceeded")
    rows = []
    for index, vector in enumerate(embedder.embed(texts)):
        values = vector.astype("<f4")
        shown = base64.b64encode(values.tobytes()).decode() if ask.encoding_format == "base64" else values.tolist()
        rows.append({"object": "embedding", "index": index, "embedding": shown})
    usage = {"prompt_tokens": sum(tokens), "total_tokens": sum(tokens)}
    return {"object": "list", "model": embedder.name, "data": rows, "usage": usage}
