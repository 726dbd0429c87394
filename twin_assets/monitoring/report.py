"""The report of a day: figures, drift and alerts as JSON, and Evidently's page of drift, kept by day.

It holds figures and no text, so that forgetting a document leaves nothing of it there.
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from pydantic import BaseModel

from twin_assets.digests import digest
from twin_assets.errors import StorageError
from twin_assets.monitoring.alerts import Alert, evaluate
from twin_assets.monitoring.drift import ColumnDrift, write_drift
from twin_assets.monitoring.metrics import Metrics, feedback_of, measure
from twin_assets.monitoring.state import State
from twin_assets.monitoring.traces import TraceStore
from twin_assets.settings import AlertRule, Settings
from twin_assets.settings.alerts import Metric
from twin_assets.storage import ArtifactStore, TableStore

FOLDER = "monitoring"
PAGE = "report.html"
CATCH_UP_DAYS = 14
"""Days that are looked back for one without a report."""
MOST_ROWS = 5_000
"""Traces of the days before that a day is compared with, the newest: drift shows in fewer."""


class DayReport(BaseModel):
    """All that was measured of a day, in UTC. `drift` compares it with `reference`, the first and last day before."""

    day: date
    metrics: Metrics
    drift: list[ColumnDrift]
    reference: tuple[date, date]
    alerts: list[Alert]

    @property
    def data_version(self) -> str:
        """Digest of what was measured; how full the disk is does not make a day another."""
        figures = {name: value for name, value in self.metrics.items() if name != "disk_free_gb"}
        return digest("monitoring_report", self.model_dump(mode="json", exclude={"alerts", "metrics"}), figures)


def make_report(settings: Settings, day: date, state: State) -> tuple[DayReport, str]:
    """Measure a day, compare it with the days before and keep the report; returns it and its URI.

    Costs as much as there is in the days that are compared. Raises StorageError.
    """
    artifacts, alerts = ArtifactStore.of(settings), settings.alerts
    reference = (day - timedelta(days=alerts.drift.reference_days), day - timedelta(days=1))
    with closing(TraceStore(settings.home)) as store:
        traces, before = store.between(day, day), store.between(*reference, most=MOST_ROWS)
    feedback = feedback_of(TableStore.of(settings), day, day).get(day, Counter())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drift = write_drift(traces, before, alerts.drift, folder / PAGE, f"Questions and answers of {day}")
        metrics = measure(traces, feedback) | drift_metrics(drift) | state.metrics
        history = [metrics, *past(artifacts, day, longest(alerts.rules))]
        report = DayReport(
            day=day,
            metrics=metrics,
            drift=drift,
            reference=reference,
            alerts=evaluate(alerts.rules, history, state.details | drift_details(drift)),
        )
        (folder / "report.json").write_text(report.model_dump_json(indent=1), encoding="utf-8")
        uri = artifacts.put(f"{FOLDER}/{day}", folder)
    return report, uri


def due_days(settings: Settings, today: date) -> list[date]:
    """Yesterday, and before it the days on which something was asked that nobody reported on: the machine was off.

    Raises StorageError.
    """
    yesterday, artifacts = today - timedelta(days=1), ArtifactStore.of(settings)
    with closing(TraceStore(settings.home)) as store:
        missed = store.days(today - timedelta(days=CATCH_UP_DAYS), yesterday - timedelta(days=1))
    return [yesterday, *(day for day in missed if not artifacts.has(f"{FOLDER}/{day}"))]


def drift_metrics(drift: Sequence[ColumnDrift]) -> Metrics:
    """How many figures drifted; None where none could be told."""
    told = [one for one in drift if one.verdict != "not enough data"]
    return {"drifted_columns": sum(one.verdict == "drifted" for one in told) if told else None}


def drift_details(drift: Sequence[ColumnDrift]) -> dict[Metric, str]:
    """The figures that drifted, by name."""
    names = [one.column.replace("_", " ") for one in drift if one.verdict == "drifted"]
    return {"drifted_columns": ", ".join(names)}


def longest(rules: Sequence[AlertRule]) -> int:
    """Days that the rules look back."""
    return max((rule.for_days for rule in rules), default=1)


def past(artifacts: ArtifactStore, day: date, days: int) -> list[Metrics]:
    """The figures of the days before a day, newest first; an empty mapping for one without a report."""
    before = (day - timedelta(days=back) for back in range(1, days + 1))
    return [found.metrics if (found := stored(artifacts, one)) else {} for one in before]


def stored(artifacts: ArtifactStore, day: date) -> DayReport | None:
    """The report of a day, if there is one. Raises StorageError."""
    if not artifacts.has(f"{FOLDER}/{day}"):
        return None
    file = artifacts.get(f"{FOLDER}/{day}") / "report.json"
    try:
        return DayReport.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(
            f"{file}: cannot be read: {error}", f"materialize `monitoring_report` of {day} again"
        ) from error


def page_of(artifacts: ArtifactStore, day: date) -> Path | None:
    """Evidently's page of a day; None when there is no report, or nothing was answered. Raises StorageError."""
    if not artifacts.has(f"{FOLDER}/{day}"):
        return None
    file = artifacts.get(f"{FOLDER}/{day}") / PAGE
    return file if file.is_file() else None


def prune_reports(artifacts: ArtifactStore, before: date) -> int:
    """Remove the reports of days before a day; how many there were. Raises StorageError."""
    old = [name for name in artifacts.names(FOLDER) if name < before.isoformat()]
    for name in old:
        artifacts.delete(f"{FOLDER}/{name}")
    return len(old)
