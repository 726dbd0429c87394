"""`maintained_tables`: a weekly look after the tables, outside the graph of what is made from what."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from twin_assets.defs.resources import TwinResource
from twin_assets.errors import TwinError

CRON = "30 4 * * 0"


@dg.asset(group_name="maintenance", kinds={"lancedb"}, pool="lance_write")
def maintained_tables(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """All tables compacted, versions older than `storage.keep_versions_days` removed, abandoned vectors dropped; old
    traces, reports of days, and uploads that nothing was made of removed."""
    from twin_assets.features.active import drop_abandoned
    from twin_assets.monitoring.report import prune_reports
    from twin_assets.monitoring.traces import prune_traces
    from twin_assets.storage.maintenance import maintain, table_names
    from twin_assets.storage.uploads import remove_unused_uploads

    try:
        opened = twin.open()
        settings, now = opened.settings, datetime.now(UTC)
        keep = timedelta(days=settings.storage.keep_versions_days)
        dropped = drop_abandoned(opened.tables, now)
        done = [maintain(opened.tables, name, keep) for name in table_names(opened.tables)]
        kept_since = now - timedelta(days=settings.service.keep_traces_days)
        traces = prune_traces(settings.home, kept_since)
        reports = prune_reports(opened.artifacts, kept_since.date())
        sources = [source.path for source in settings.sources.sources if source.path is not None]
        uploads = remove_unused_uploads(settings.home, sources, now)
    except (TwinError, OSError) as error:
        raise dg.Failure(str(error)) from error
    context.log.info("\n".join(map(str, done)))
    return dg.MaterializeResult(
        metadata={
            "tables": len(done),
            "versions_removed": sum(max(m.versions_before - m.versions, 0) for m in done),
            "files_merged": sum(max(m.fragments_before - m.fragments, 0) for m in done),
            "dropped": ", ".join(dropped) or "none",
            "traces_removed": traces,
            "reports_removed": reports,
            "uploads_removed": len(uploads),
        }
    )


@dg.definitions
def maintenance() -> dg.Definitions:
    """The job and its schedule: Sundays, before the day begins."""
    job = dg.define_asset_job("maintenance_job", selection=[maintained_tables], executor_def=dg.in_process_executor)
    schedule = dg.ScheduleDefinition(
        name="weekly_maintenance",
        description="Compacts the tables and removes what nobody reads any more.",
        job=job,
        cron_schedule=CRON,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return dg.Definitions(assets=[maintained_tables], jobs=[job], schedules=[schedule])
