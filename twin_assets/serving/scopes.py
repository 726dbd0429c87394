"""Who asks, and what of the author's they may see."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from twin_assets.records import Kind, Scope
from twin_assets.retrieval.filters import Filter
from twin_assets.serving.openai_errors import ApiError, bad_request

OWNER = "owner"


def _in_utc(moment: datetime) -> datetime:
    """A time that a table can be asked for; without a zone it is UTC. Raises ValueError."""
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        moment = datetime.min.replace(tzinfo=UTC)
    if moment.year < 1000:
        raise ValueError("is no time at which anything was published")
    return moment


Moment = Annotated[datetime, AfterValidator(_in_utc)]
SourceNames = Annotated[list[Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f]*$")]], Field(max_length=100)]


def is_owner(request: Request) -> bool:
    """Whether the author asks: what authenticates says so in `request.state.role`; without it, on loopback, they do."""
    return str(getattr(request.state, "role", OWNER)) == OWNER


def scopes(request: Request) -> tuple[Scope, ...]:
    """The scopes of documents that whoever asks may see."""
    return ("public", "private") if is_owner(request) else ("public",)


def require_scope(request: Request, scope: Scope) -> None:
    """Raises ApiError (403): private writing is for its author alone."""
    if scope not in scopes(request):
        message = "Private documents are for their author alone: leave `scope` out, or sign in as the owner."
        raise ApiError(403, message, kind="permission_error", code="private_scope", param="scope")


def require_json(request: Request) -> None:
    """Raises ApiError (400). A form of another site's page could be sent here without asking, JSON cannot."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise bad_request("the body must be sent as application/json")


class SearchFilters(BaseModel):
    """What to search: kinds and names of sources, published in `[after, before)`, and `scope`."""

    model_config = ConfigDict(extra="forbid")

    kinds: Annotated[list[Kind], Field(max_length=50)] | None = None
    sources: SourceNames | None = None
    after: Moment | None = None
    before: Moment | None = None
    scope: Scope = "public"

    @property
    def filter(self) -> Filter:
        """The filter of retrieval. An empty list is no condition: a form that nothing was chosen in sends one."""
        return Filter(
            kinds=self.kinds or None,
            sources=self.sources or None,
            since=self.after,
            until=self.before,
            scope=self.scope,
        )
