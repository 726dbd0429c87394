"""Errors as OpenAI's API shapes them, so that any client shows their message."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from twin_assets.errors import EngineError, RequestRefused, TwinError


class ErrorDetail(BaseModel):
    """What went wrong, for a person and for a program."""

    message: str
    type: str
    param: str | None
    code: str


class ErrorBody(BaseModel):
    """The body of every answer that is an error."""

    error: ErrorDetail


ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorBody, "description": "The request cannot be answered; the message says what to change."},
    "5XX": {"model": ErrorBody, "description": "Something that the answer needs is away; the message says what."},
}
"""For the OpenAPI document of each route."""


class ApiError(Exception):
    """An error that a client is told about; `kind` and `code` are OpenAI's words for it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str,
        code: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.headers: Mapping[str, str] | None = headers
        self.status, self.message, self.kind, self.code, self.param = status, message, kind, code, param

    def body(self) -> dict[str, Any]:
        """The JSON body of the response, or of the event in a stream."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}

    def response(self) -> JSONResponse:
        """The response as a whole."""
        return JSONResponse(self.body(), self.status, self.headers)


def bad_request(message: str, param: str | None = None, code: str = "invalid_value") -> ApiError:
    """The request itself is wrong."""
    return ApiError(400, message, kind="invalid_request_error", code=code, param=param)


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


def engine_fault(error: EngineError) -> ApiError:
    """The engine gives no answer: it is away, or it refuses what the client asked."""
    return bad_request(error.what, code="engine_refused") if isinstance(error, RequestRefused) else unavailable(error)


def not_found(message: str, param: str | None = None, code: str = "not_found") -> ApiError:
    """There is no such thing here."""
    return ApiError(404, message, kind="invalid_request_error", code=code, param=param)


def conflict(message: str, code: str = "conflict") -> ApiError:
    """What is asked for does not go together with the state of things."""
    return ApiError(409, message, kind="invalid_request_error", code=code)


def refusal(error: TwinError) -> ApiError:
    """What was asked for is refused by the settings, or by what a source holds."""
    return bad_request(f"{error.what}. {error.remedy}" if error.remedy else error.what)


def invalid_request(faults: Sequence[Any]) -> ApiError:
    """Fields that are not as the OpenAPI document says; the first is named."""
    first = faults[0]
    # The first part is where the field stands: in the body, the query or the path.
    field = ".".join(str(part) for part in first["loc"][1:])
    return bad_request(f"{field or 'The body'}: {first['msg']}", field or None)
