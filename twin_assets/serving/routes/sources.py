"""Where the author's writing lies: seen, added, paused, collected and removed."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, model_validator

from twin_assets.collection.registry import Given, existing_path, recognize_address, understand
from twin_assets.collection.schedule import next_due
from twin_assets.errors import SourceError
from twin_assets.records import Kind
from twin_assets.serving.dagster import COLLECT_LANE, LANE_TAG, DagsterError
from twin_assets.serving.forgetting import forget_now, forgotten_card
from twin_assets.serving.naming import source_name
from twin_assets.serving.openai_errors import ApiError, bad_request, not_found
from twin_assets.serving.routes.runs import last_failure
from twin_assets.serving.run_events import run_card
from twin_assets.serving.service import Service
from twin_assets.serving.shapes import OneSource, Recognized, Removed, Sources, Started
from twin_assets.serving.source_status import SourceCounts, last_runs, source_card
from twin_assets.serving.uploads import discard_upload_of, find_upload
from twin_assets.settings import SourceConfig
from twin_assets.sources_file import SourcesFile

Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
What = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00-\x1f]+$")]
"""A URL, a handle, an id or a path."""
Schedule = Annotated[str, Field(min_length=1, max_length=100)]
_RUNS = 100
"""The newest runs of collections, among which each source's last one is looked for."""


class Asked(BaseModel):
    """What a person names as a source."""

    model_config = ConfigDict(extra="forbid")

    what: What


class NewSource(BaseModel):
    """A source to add: `what` names it, or `upload_id` an archive that was uploaded."""

    model_config = ConfigDict(extra="forbid")

    what: What | None = None
    upload_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")] | None = None
    kind: Kind | None = None
    schedule: Schedule | None = None

    @model_validator(mode="after")
    def _one(self) -> "NewSource":
        if (self.what is None) == (self.upload_id is None):
            raise ValueError("give either `what` or `upload_id`")
        return self


class SourceChange(BaseModel):
    """What to change of a source."""

    model_config = ConfigDict(extra="forbid")

    paused: bool | None = None
    schedule: Schedule | None = None


def source_routes(service: Service) -> APIRouter:
    """`/api/sources`."""
    router, counts = APIRouter(tags=["sources"]), SourceCounts(service.tables)

    @router.get("/api/sources", response_model=Sources)
    async def sources() -> dict[str, Any]:
        cards = await run_in_threadpool(_cards, service, counts)
        try:
            runs = await _collections(service)
        except DagsterError as error:
            return {"sources": cards, "notice": f"{error.what}: when each was collected is not known. {error.remedy}"}
        return {"sources": [{**card, "last_run": runs.get(card["name"])} for card in cards], "notice": None}

    @router.post("/api/sources/recognize", response_model=Recognized)
    async def recognize_source(asked: Asked) -> dict[str, Any]:
        return await run_in_threadpool(_recognized, service, asked.what)

    @router.post("/api/sources", status_code=201, response_model=OneSource)
    async def add(new: NewSource) -> dict[str, Any]:
        source = await run_in_threadpool(_add, service, new)
        return {"source": source_card(source, 0, {})}

    @router.patch("/api/sources/{name}", response_model=OneSource)
    async def change(name: Name, changes: SourceChange) -> dict[str, Any]:
        wanted = changes.model_dump(exclude_none=True)
        if not wanted:
            raise bad_request("name what to change: `paused` or `schedule`")
        source = await run_in_threadpool(_changed, service, name, wanted)
        return {"source": source_card(source, *await run_in_threadpool(_counts_of, counts, name))}

    @router.delete("/api/sources/{name}", response_model=Removed)
    async def remove(name: Name, forget: bool = False) -> dict[str, Any]:
        source = await run_in_threadpool(_found, service, name)
        file = SourcesFile.of(service.settings)
        forgotten = None
        if forget:
            # Forgotten first: a source that is gone already could not be named again when forgetting is refused.
            documents, _ = await run_in_threadpool(_counts_of, counts, name, own=False)
            forgotten = await forget_now(service, name) if documents else None
        await run_in_threadpool(file.remove, name)
        if forget:
            await run_in_threadpool(discard_upload_of, service.settings.home, source.path)
        return {"removed": name, "forgotten": forgotten_card(forgotten) if forgotten else None}

    @router.post("/api/sources/{name}/collect", status_code=202, response_model=Started)
    async def collect(name: Name) -> dict[str, Any]:
        await run_in_threadpool(_found, service, name)
        return {"run_id": await service.dagster.collect(name)}

    return router


def _cards(service: Service, counts: SourceCounts) -> list[dict[str, Any]]:
    documents, exclusions = counts.of()
    found = SourcesFile.of(service.settings).read().sources
    return [source_card(one, documents.get(one.name, 0), exclusions.get(one.name, {})) for one in found]


def _counts_of(counts: SourceCounts, name: str, *, own: bool = True) -> tuple[int, dict[str, int]]:
    documents, exclusions = counts.of(own=own)
    return documents.get(name, 0), exclusions.get(name, {})


async def _collections(service: Service) -> dict[str, dict[str, Any]]:
    """The last run of each source, with the reason where it failed. Raises DagsterError."""
    found = last_runs([run_card(run) for run in await service.dagster.runs(_RUNS, tags={LANE_TAG: COLLECT_LANE})])
    for last in found.values():
        if last["status"] == "FAILURE":
            last["error"] = await last_failure(service.dagster, last["run_id"]) or last["error"]
    return found


def _recognized(service: Service, what: str) -> dict[str, Any]:
    try:
        given = _understood(what)
    except SourceError as error:
        advice = f"{error.what}. {error.remedy}" if error.remedy else error.what
        return {"kind": None, "name": None, "url": None, "path": None, "advice": advice}
    place = str(given.path) if given.path else None
    name = source_name(place or given.url, given.kind, _names(service))
    return {"kind": given.kind, "name": name, "url": given.url or None, "path": place, "advice": None}


def _add(service: Service, new: NewSource) -> SourceConfig:
    """Raises ApiError (404), SourceError, ConfigError."""
    what = new.what or str(find_upload(service.settings.home, str(new.upload_id)))
    given = _given(what, new.kind)
    name = new.name or source_name(str(given.path or given.url), given.kind, _names(service))
    entry: dict[str, Any] = {"name": name, **({"url": given.url} if given.url else {"path": str(given.path)})}
    if new.kind:
        entry["kind"] = new.kind
    if new.schedule:
        _check_schedule(new.schedule, name)
        entry["schedule"] = new.schedule
    return SourcesFile.of(service.settings).add(entry)


def _is_path(what: str) -> bool:
    """Only whole paths are paths: a relative one would lie wherever the service was started."""
    return what.strip().startswith(("/", "~"))


def _understood(what: str) -> Given:
    """Raises SourceError, as a question, when it is unknown or could be several."""
    return understand(what) if _is_path(what) else Given(recognize_address(what.strip()), url=what.strip())


def _given(what: str, kind: Kind | None) -> Given:
    """What was given; the kind that a person says it is needs no recognizing. Raises SourceError."""
    try:
        return _understood(what)
    except SourceError:
        if kind is None:
            raise
        path = existing_path(what.strip()) if _is_path(what) else None
        return Given(kind, path=path) if path else Given(kind, url=what.strip())


def _changed(service: Service, name: str, wanted: dict[str, Any]) -> SourceConfig:
    if "schedule" in wanted:
        _check_schedule(wanted["schedule"], name)
    try:
        return SourcesFile.of(service.settings).change(name, wanted)
    except KeyError:
        raise _unknown(name) from None


def _found(service: Service, name: str) -> SourceConfig:
    try:
        return SourcesFile.of(service.settings).find(name)
    except KeyError:
        raise _unknown(name) from None


def _check_schedule(schedule: str, name: str) -> None:
    """Raises ConfigError for a schedule that is none."""
    next_due(schedule, name, datetime.now(UTC))


def _names(service: Service) -> set[str]:
    return {source.name for source in SourcesFile.of(service.settings).read().sources}


def _unknown(name: str) -> ApiError:
    return not_found(f"there is no source {name!r}", "name")
