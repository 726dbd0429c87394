"""What the Health page shows of monitoring: the last days, today as it is so far, and what needs a person."""

from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fastapi.concurrency import run_in_threadpool

from twin_assets.monitoring.alerts import evaluate
from twin_assets.monitoring.metrics import Metrics, feedback_of, measure
from twin_assets.monitoring.report import DayReport, drift_details, longest, page_of, stored
from twin_assets.monitoring.state import State, disk_free
from twin_assets.monitoring.traces import TraceStore
from twin_assets.serving.dagster import COLLECT_LANE, LANE_TAG, DagsterError
from twin_assets.serving.run_events import run_card
from twin_assets.serving.service import Service
from twin_assets.serving.source_status import last_runs
from twin_assets.settings import Settings
from twin_assets.sources_file import SourcesFile
from twin_assets.storage import ArtifactStore, TableStore

_RUNS = 100
"""The newest runs of collections, among which each source's last one is looked for."""


async def monitoring_card(service: Service, days: int, today: date | None = None) -> dict[str, Any]:
    """The last days, newest first, with the alerts of this moment and the newest verdicts on drift.

    Stored reports are read, and only today is measured. Raises StorageError, ConfigError.
    """
    now = today or datetime.now(UTC).date()
    notice = None
    try:
        state = await _dagster_state(service)
    except DagsterError as error:
        state = State()
        notice = f"{error.what}: whether collections and candidates failed is not known. {error.remedy}"
    return await run_in_threadpool(_card, service.settings, state, now, days) | {"notice": notice}


async def _dagster_state(service: Service) -> State:
    """How the last collection of each source and the last candidate fared. Raises DagsterError."""
    runs = await service.dagster.runs(_RUNS, tags={LANE_TAG: COLLECT_LANE})
    last = last_runs([run_card(run) for run in runs])
    failed = sorted(name for name, run in last.items() if run["status"] == "FAILURE")
    return State(failed, await service.dagster.refused_candidate())


def _card(settings: Settings, state: State, today: date, days: int) -> dict[str, Any]:
    artifacts, rules = ArtifactStore.of(settings), settings.alerts.rules
    past = [today - timedelta(days=back) for back in range(1, max(days, longest(rules) + 2))]
    reports = {day: found for day in past if (found := stored(artifacts, day))}
    state = replace(state, failed_sources=_still_there(settings, state), disk_free_bytes=disk_free(settings.home))
    live = _measured(settings, today) | state.metrics
    history = [live, *(reports[day].metrics if day in reports else {} for day in past)]
    newest = next(iter(reports.values()), None)
    details = state.details | (drift_details(newest.drift) if newest else {})
    shown = {today: live} | {day: report.metrics for day, report in reports.items() if day in past[: days - 1]}
    return {
        "days": [_day(artifacts, day, metrics, live=day == today) for day, metrics in shown.items()],
        "alerts": [alert.model_dump() for alert in evaluate(rules, history, details)],
        "drift": _drift(artifacts, newest) if newest else None,
    }


def _still_there(settings: Settings, state: State) -> list[str] | None:
    """The sources that failed, without those that were removed since."""
    config = SourcesFile.of(settings).read() if settings.sources_file else settings.sources
    names = {source.name for source in config.sources}
    return None if state.failed_sources is None else [name for name in state.failed_sources if name in names]


def _measured(settings: Settings, day: date) -> Metrics:
    with closing(TraceStore(settings.home)) as store:
        traces = store.between(day, day)
    return measure(traces, feedback_of(TableStore.of(settings), day, day).get(day, Counter()))


def _day(artifacts: ArtifactStore, day: date, metrics: Metrics, *, live: bool) -> dict[str, Any]:
    return {"day": day, "live": live, "metrics": metrics, "report": None if live else _link(artifacts, day)}


def _drift(artifacts: ArtifactStore, report: DayReport) -> dict[str, Any]:
    first, last = report.reference
    columns = [one.model_dump() for one in report.drift]
    return {"day": report.day, "first": first, "last": last, "columns": columns, "report": _link(artifacts, report.day)}


def _link(artifacts: ArtifactStore, day: date) -> str | None:
    return f"/api/monitoring/{day}/report" if page_of(artifacts, day) else None
