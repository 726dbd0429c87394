"""The daily report, as Dagster makes it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from twin_assets.definitions import defs
from twin_assets.defs.ledger import INPUTS_TAG, PASSED_TAG
from twin_assets.defs.monitoring.assets import CHECKS, daily_monitoring, monitoring_report
from twin_assets.defs.resources import TwinResource
from twin_assets.monitoring.report import page_of, stored
from twin_assets.monitoring.traces import TraceStore
from twin_assets.records import FeedbackEvent
from twin_assets.settings import Settings, load_settings
from twin_assets.storage import ArtifactStore, TableStore
from twin_assets_tests.asked import asked, traffic

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "notes.md").write_text("Kettles.")
    sources = tmp_path / "sources.yaml"
    sources.write_text(f"author: Ada Example\nsources: [{{name: notes, path: {tmp_path}/notes.md, kind: markdown}}]\n")
    monkeypatch.setenv("TWIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TWIN_SOURCES", str(sources))
    return load_settings()


def reported(instance: dg.DagsterInstance, day: date) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [monitoring_report], resources={"twin": TwinResource()}, partition_key=day.isoformat(), instance=instance
    )


def test_yesterday_is_measured_compared_and_kept_with_a_check_for_each_severity(settings: Settings):
    traces = TraceStore(settings.home)
    for back in range(1, 4):
        for trace in traffic(YESTERDAY - timedelta(days=back), 40, seed=back):
            traces.add(trace)
    for trace in traffic(YESTERDAY, 40, seed=9, words=(60, 90)):
        traces.add(trace)
    for number in range(100, 105):
        traces.add(asked(number, YESTERDAY, answers=(), error="engine_unavailable"))
    traces.close()
    at = datetime.combine(YESTERDAY, datetime.min.time(), UTC)
    TableStore.of(settings).sync(FeedbackEvent, [FeedbackEvent.of("d", "thumb_up", "asked", "said", at)])
    with dg.DagsterInstance.ephemeral() as instance:
        refused = {INPUTS_TAG: "x", PASSED_TAG: "false"}
        instance.report_runless_asset_event(
            dg.AssetMaterialization("evaluation_report", partition="default", tags=refused)
        )
        done = reported(instance, YESTERDAY)
    (event,) = done.get_asset_materialization_events()
    shown = event.materialization.metadata
    assert "data:image/png;base64," in str(shown["traffic"].value)
    assert "| question_words | drifted |" in str(shown["drift"].value)
    checks = {one.check_name: one for one in done.get_asset_check_evaluations()}
    assert {name: one.passed for name, one in checks.items()} == dict.fromkeys(CHECKS.values(), False)
    assert {one.severity for one in checks.values()} == {dg.AssetCheckSeverity.WARN}

    report = stored(ArtifactStore.of(settings), YESTERDAY)
    assert report is not None
    assert (report.metrics["questions"], report.metrics["errors"], report.metrics["thumbs_up"]) == (45, 5, 1)
    broken = {alert.name: alert.what for alert in report.alerts}
    assert set(broken) == {"answers_fail", "drift", "gate_refused"}
    assert "question words" in broken["drift"]
    assert "recipe default" in broken["gate_refused"]
    page = page_of(ArtifactStore.of(settings), YESTERDAY)
    assert page is not None
    assert "said said" not in page.read_text(encoding="utf-8"), "a report holds no text"


def test_a_day_is_reported_again_to_the_same_version_and_a_quiet_one_passes(settings: Settings):
    with dg.DagsterInstance.ephemeral() as instance:
        first, again = reported(instance, YESTERDAY), reported(instance, YESTERDAY)
        early = reported(instance, YESTERDAY - timedelta(days=5))
    versions = [
        one.get_asset_materialization_events()[0].materialization.tags["dagster/data_version"] for one in (first, again)
    ]
    assert versions[0] == versions[1]
    assert all(one.passed for one in first.get_asset_check_evaluations())
    report = stored(ArtifactStore.of(settings), YESTERDAY)
    assert report is not None
    assert (report.metrics["questions"], report.metrics["failed_sources"]) == (0, 0)
    assert page_of(ArtifactStore.of(settings), YESTERDAY) is None
    assert early.success
    before = stored(ArtifactStore.of(settings), YESTERDAY - timedelta(days=5))
    assert before is not None
    assert before.metrics["disk_free_gb"] is None, "how the disk is now says nothing about a day long past"


def test_the_schedule_asks_for_yesterday_and_for_days_that_were_missed(settings: Settings):
    traces = TraceStore(settings.home)
    for back in (0, 3, 4, 40):
        traces.add(asked(back, YESTERDAY - timedelta(days=back)))
    traces.close()
    reported_before = YESTERDAY - timedelta(days=4)
    with dg.DagsterInstance.ephemeral() as instance:
        reported(instance, reported_before)
        tick = datetime.combine(YESTERDAY + timedelta(days=1), datetime.min.time(), UTC)
        context = dg.build_schedule_context(instance, tick, repository_def=defs().get_repository_def())
        requests = daily_monitoring.evaluate_tick(context).run_requests
    days = [request.partition_key for request in requests or ()]
    assert days == [str(YESTERDAY), str(YESTERDAY - timedelta(days=3))]


def test_a_file_that_cannot_be_read_fails_in_words(settings: Settings):
    (settings.home / "traces").mkdir(parents=True)
    (settings.home / "traces" / "traces.sqlite").write_text("not a database " * 100)
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(dg.Failure, match="the traces in"):
        reported(instance, YESTERDAY)
