"""`monitoring_report`: a day of the service, outside the graph of what is made from what."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from twin_assets.defs.figures import figures_table
from twin_assets.defs.ledger import PASSED_TAG
from twin_assets.defs.monitoring.metadata import alerts_table, drift_table, traffic_plot
from twin_assets.defs.resources import TwinResource
from twin_assets.errors import TwinError
from twin_assets.settings import Settings, load_settings

if TYPE_CHECKING:
    from twin_assets.monitoring.state import State

DAYS = dg.DailyPartitionsDefinition(start_date="2026-01-01", timezone="UTC")
CHECKS = {"critical": "no_critical_alerts", "warning": "no_warnings"}
PLOTTED_DAYS = 14
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]


@dg.asset(
    partitions_def=DAYS,
    group_name="monitoring",
    kinds={"evidently"},
    check_specs=[
        dg.AssetCheckSpec(name, asset="monitoring_report", description=f"No rule of severity {severity} is broken.")
        for severity, name in CHECKS.items()
    ],
)
def monitoring_report(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """What was asked of the twin in a day: traffic, latency, feedback, drift against the days before, and alerts."""
    from twin_assets.monitoring.report import make_report, past
    from twin_assets.monitoring.state import State

    day = date.fromisoformat(context.partition_key)
    try:
        opened = twin.open()
        # How things are now says nothing about a day long past that is reported again.
        last = DAYS.get_last_partition_key() == context.partition_key
        state = _state(context.instance, opened.settings) if last else State()
        report, uri = make_report(opened.settings, day, state)
        history = [report.metrics, *past(opened.artifacts, day, PLOTTED_DAYS - 1)]
    except TwinError as error:
        raise dg.Failure(str(error)) from error
    days = [day - timedelta(days=back) for back in range(len(history))]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(report.data_version),
        metadata={
            "figures": figures_table({name: "–" if v is None else v for name, v in report.metrics.items()}),
            "alerts": alerts_table(report.alerts),
            "drift": drift_table(report.drift),
            "traffic": traffic_plot(days, history),
            "report": dg.MetadataValue.path(uri),
        },
        check_results=[_check(name, [a.what for a in report.alerts if a.severity == s]) for s, name in CHECKS.items()],
    )


def _check(name: str, broken: list[str]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key="monitoring_report",
        check_name=name,
        passed=not broken,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"broken": dg.MetadataValue.md("\n".join(f"- {one}" for one in broken) or "none")},
    )


def _state(instance: dg.DagsterInstance, settings: Settings) -> "State":
    """How the last collection of each source and the last candidate fared, and how much room there is."""
    from twin_assets.monitoring.state import State, disk_free

    failed = [source.name for source in settings.sources.sources if _failed(instance, source.name)]
    return State(failed, _refused_recipe(instance), disk_free(settings.home))


def _failed(instance: dg.DagsterInstance, source: str) -> bool:
    runs = dg.RunsFilter(job_name="collect_job", tags={"dagster/partition": source}, statuses=ENDED)
    return [run.status for run in instance.get_runs(runs, limit=1)] == [dg.DagsterRunStatus.FAILURE]


def _refused_recipe(instance: dg.DagsterInstance) -> str:
    """The recipe of the last candidate if the gate refused it, else nothing."""
    evaluations = dg.AssetRecordsFilter(asset_key=dg.AssetKey("evaluation_report"))
    for record in instance.fetch_materializations(evaluations, limit=1).records:
        seen = record.asset_materialization
        if seen is not None and seen.tags and seen.tags.get(PASSED_TAG) == "false":
            return seen.partition or ""
    return ""


job = dg.define_asset_job("monitoring_job", selection=[monitoring_report], executor_def=dg.in_process_executor)


@dg.schedule(
    job=job, cron_schedule="20 0 * * *", execution_timezone="UTC", default_status=dg.DefaultScheduleStatus.RUNNING
)
def daily_monitoring(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Reports on the day before, soon after midnight, and on days that were missed. No lane waits for these runs."""
    from twin_assets.monitoring.report import due_days

    today = context.scheduled_execution_time.date()
    try:
        due = due_days(load_settings(), today)
    except TwinError as error:
        yield dg.SkipReason(str(error))
        return
    for day in due:
        yield dg.RunRequest(run_key=f"{day} on {today}", partition_key=day.isoformat())


@dg.definitions
def monitoring() -> dg.Definitions:
    """The asset, its job and its schedule."""
    return dg.Definitions(assets=[monitoring_report], jobs=[job], schedules=[daily_monitoring])
