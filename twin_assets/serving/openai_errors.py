"""Errors as OpenAI's API shapes them, so that any client shows their message."""

from collections.abc import Sequence
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from twin_assets.errors import TwinError


class ErrorDetail(BaseModel):
    """What is wrong, in words, and in OpenAI's words."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(BaseModel):
    """The body of each answer that is an error."""

    error: ErrorDetail


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": words}
    for status, words in (
        (400, "the request is wrong"),
        (403, "not for who asks"),
        (404, "there is no such thing"),
        (409, "not in this state"),
        (503, "what the answer needs is away"),
    )
}
"""`responses` of a route."""


class ApiError(Exception):
    """An error that a client is told about; `kind` and `code` are OpenAI's words for it."""

    def __init__(self, status: int, message: str, *, kind: str, code: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.kind, self.code, self.param = status, message, kind, code, param

    def body(self) -> dict[str, Any]:
        """The JSON body of the response, or of the event in a stream."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}

    def response(self) -> JSONResponse:
        """The response as a whole."""
        return JSONResponse(self.body(), self.status)


def bad_request(message: str, param: str | None = None, code: str = "invalid_value") -> ApiError:
    """The request itself is wrong."""
    return ApiError(400, message, kind="invalid_request_error", code=code, param=param)


def invalid(errors: Sequence[Any]) -> ApiError:
    """The first of FastAPI's errors of validation, naming the field; its place begins with where the field stands."""
    first = errors[0]
    field = ".".join(str(part) for part in first["loc"][1:])
    return bad_request(f"{field or 'The body'}: {first['msg']}", field or None)


def not_found(what: str, remedy: str = "") -> ApiError:
    """There is no such thing."""
    message = f"{what}. {remedy}".strip()
    return ApiError(404, message, kind="invalid_request_error", code="not_found")


def no_such_model(model: str, known: list[str]) -> ApiError:
    """The model asked for is not served here."""
    message = f"The model {model!r} does not exist here; there is {' and '.join(repr(name) for name in known)}."
    return ApiError(404, message, kind="invalid_request_error", code="model_not_found", param="model")


def nothing_deployed() -> ApiError:
    """There is no twin yet."""
    message = (
        "No twin is deployed yet. Run `twin up`, or materialize `deployed_twin` in Dagster; "
        "until then the model 'base' answers."
    )
    return ApiError(503, message, kind="server_error", code="nothing_deployed", param="model")


def unavailable(error: TwinError, code: str = "engine_unavailable") -> ApiError:
    """Something that the answer needs is away for now."""
    message = f"{error.what}. {error.remedy}".strip() if error.remedy else error.what
    return ApiError(503, message, kind="server_error", code=code)
