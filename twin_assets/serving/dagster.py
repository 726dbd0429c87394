"""Dagster over GraphQL, by HTTP alone: launching a source's collection, and following runs.

Nothing here imports Dagster. The names of jobs, tags and the partition set are those of `twin_assets.defs`.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from twin_assets.errors import TwinError
from twin_assets.serving.dagster_queries import ADD_PARTITION, CANDIDATE, EVENTS, LAUNCH, RUN, RUNS

REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": "twin"}
UNFINISHED = ("QUEUED", "NOT_STARTED", "MANAGED", "STARTING", "STARTED", "SUSPENDED", "CANCELING")
FINISHED = frozenset({"SUCCESS", "FAILURE", "CANCELED"})
PARTITION_TAG, LANE_TAG, PASSED_TAG = "dagster/partition", "twin/lane", "twin/passed"
COLLECT_JOB, COLLECT_LANE, SOURCE_PARTITIONS = "collect_job", "collect", "source"
_PAGE = 200
"""Events asked for at once."""


class DagsterError(TwinError):
    """Dagster is away, or refused."""


class NoSuchRun(DagsterError):
    """There is no run of that id."""


@dataclass(frozen=True, slots=True)
class Events:
    """Some of a run's events, oldest first; `cursor` is where the next ones begin."""

    events: list[dict[str, Any]]
    cursor: str
    more: bool


class Dagster:
    """A running dagster-webserver, for one event loop; to be closed."""

    def __init__(self, base_url: str, timeout_s: float = 20.0) -> None:
        self.base_url = base_url.rstrip("/")
        self._http = httpx.AsyncClient(base_url=self.base_url, timeout=timeout_s, trust_env=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def collect(self, source: str) -> str:
        """Start the collection of a source, or find the run that is at it already; returns the run's id.

        A source that was added just now is made a partition first. Raises DagsterError.
        """
        tags = {PARTITION_TAG: source, LANE_TAG: COLLECT_LANE}
        if active := await self.runs(limit=1, statuses=UNFINISHED, tags=tags):
            return str(active[0]["runId"])
        await self._partition(source)
        params = {
            "selector": {**REPOSITORY, "jobName": COLLECT_JOB},
            "executionMetadata": {"tags": _tags(tags)},
            "mode": "default",
        }
        launched = (await self.query(LAUNCH, {"params": params}))["launchRun"]
        if launched["__typename"] != "LaunchRunSuccess":
            raise DagsterError(
                f"the collection of {source!r} was not started: {_said(launched)}", "look at the run in Dagster"
            )
        return str(launched["run"]["runId"])

    async def runs(
        self, limit: int = 20, statuses: Sequence[str] = (), tags: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """Runs as GraphQL gives them, newest first. Raises DagsterError."""
        wanted: dict[str, Any] = {}
        if statuses:
            wanted["statuses"] = list(statuses)
        if tags:
            wanted["tags"] = _tags(tags)
        found = (await self.query(RUNS, {"filter": wanted, "limit": limit}))["runsOrError"]
        if found["__typename"] != "Runs":
            raise DagsterError(f"Dagster did not list its runs: {_said(found)}")
        runs: list[dict[str, Any]] = found["results"]
        return runs

    async def refused_candidate(self) -> str:
        """The recipe whose candidate was evaluated last, if the gate refused it; else nothing. Raises DagsterError."""
        found = (await self.query(CANDIDATE, {"key": {"path": ["evaluation_report"]}}))["assetOrError"]
        for one in found.get("assetMaterializations") or ():
            if {"key": PASSED_TAG, "value": "false"} in one["tags"]:
                return str(one["partition"])
        return ""

    async def run(self, run_id: str) -> dict[str, Any]:
        """One run. Raises NoSuchRun, DagsterError."""
        found: dict[str, Any] = (await self.query(RUN, {"id": run_id}))["runOrError"]
        if found["__typename"] == "RunNotFoundError":
            raise NoSuchRun(f"there is no run {run_id!r}", "look at the list of runs")
        if found["__typename"] != "Run":
            raise DagsterError(f"Dagster did not show run {run_id!r}: {_said(found)}")
        return found

    async def events(self, run_id: str, cursor: str | None = None) -> Events:
        """The events of a run after a cursor. Raises NoSuchRun, DagsterError."""
        found = (await self.query(EVENTS, {"id": run_id, "cursor": cursor, "limit": _PAGE}))["logsForRun"]
        if found["__typename"] == "RunNotFoundError":
            raise NoSuchRun(f"there is no run {run_id!r}", "look at the list of runs")
        if found["__typename"] != "EventConnection":
            raise DagsterError(f"Dagster did not show the events of {run_id!r}: {_said(found)}")
        return Events(found["events"], found["cursor"], found["hasMore"])

    async def follow(self, run_id: str, interval_s: float = 0.5) -> AsyncIterator[list[dict[str, Any]]]:
        """The events of a run as they come, in batches (empty ones, too: a sign of life), until it has ended.

        The status is asked for before the events, so that none is missed. Raises NoSuchRun, DagsterError.
        """
        cursor: str | None = None
        while True:
            ended = (await self.run(run_id))["status"] in FINISHED
            more = True
            while more:
                page = await self.events(run_id, cursor)
                cursor, more = page.cursor, page.more
                yield page.events
            if ended:
                return
            await asyncio.sleep(interval_s)

    async def query(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The data of a GraphQL answer. Raises DagsterError: it is away, or the query has errors."""
        try:
            response = await self._http.post("/graphql", json={"query": document, "variables": dict(variables)})
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise DagsterError(
                f"Dagster does not answer at {self.base_url}: {type(error).__name__}", "start it with `twin up`"
            ) from error
        if answer.get("errors") or not answer.get("data"):
            said = (answer.get("errors") or [{}])[0].get("message", f"HTTP {response.status_code}")
            raise DagsterError(f"Dagster refused: {said}", "look at the webserver's log")
        data: dict[str, Any] = answer["data"]
        return data

    async def _partition(self, source: str) -> None:
        variables = {"key": source, "name": SOURCE_PARTITIONS, "repository": REPOSITORY}
        added = (await self.query(ADD_PARTITION, variables))["addDynamicPartition"]
        if added["__typename"] not in ("AddDynamicPartitionSuccess", "DuplicateDynamicPartitionError"):
            raise DagsterError(f"source {source!r} was not made a partition: {_said(added)}")


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _said(answer: Mapping[str, Any]) -> str:
    errors = "; ".join(str(one.get("message")) for one in answer.get("errors") or ())
    return str(answer.get("message") or errors or answer["__typename"])
