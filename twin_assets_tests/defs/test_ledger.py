"""What Dagster's own records say to the decisions."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from twin_assets.defs.ledger import INPUTS_TAG, LANE_TAG, PERMANENT_TAG, REQUEST_TAG, forgive, recorded, world
from twin_assets.lineage import MAX_ATTEMPTS, Attempts, Node, plan
from twin_assets.settings import Settings, load_settings
from twin_assets.sources_file import SourcesFile


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster instance of its own."""
    with dg.DagsterInstance.local_temp() as made:
        yield made


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with one source."""
    (tmp_path / "sources.yaml").write_text("author: Ada\nsources:\n  - {name: blog, path: .}\n")
    (tmp_path / "one.md").write_text("# One\n\nA text.")
    monkeypatch.delenv("TWIN_CONFIG", raising=False)
    monkeypatch.setenv("TWIN_HOME", str(tmp_path / "home"))
    return load_settings(tmp_path / "sources.yaml")


def ended(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, **tags: str) -> dg.DagsterRun:
    run = dg.DagsterRun(job_name="data_job", run_id=dg_run_id(), status=status, tags=tags)
    instance.add_run(run)
    return run


def dg_run_id() -> str:
    from uuid import uuid4

    return str(uuid4())


def test_a_materialization_is_remembered_by_its_version_and_inputs(instance: dg.DagsterInstance):
    tags = {INPUTS_TAG: "in", "dagster/data_version": "out"}
    instance.report_runless_asset_event(dg.AssetMaterialization("corpus", tags=tags))
    found = recorded(instance, Node("corpus"))
    assert found is not None
    assert (found.data_version, found.inputs, found.passed) == ("out", "in", True)
    assert recorded(instance, Node("chunks")) is None


def test_unfinished_runs_hold_their_lane_and_partition(instance: dg.DagsterInstance, settings: Settings):
    ended(instance, dg.DagsterRunStatus.STARTED, **{LANE_TAG: "collect", "dagster/partition": "blog"})
    ended(instance, dg.DagsterRunStatus.SUCCESS, **{LANE_TAG: "data"})
    assert world(instance, settings).active == {("collect", "blog")}


def test_a_failed_run_counts_once_and_a_permanent_or_canceled_one_for_good(
    instance: dg.DagsterInstance, settings: Settings
):
    ended(instance, dg.DagsterRunStatus.FAILURE, **{REQUEST_TAG: "once"})
    ended(instance, dg.DagsterRunStatus.FAILURE, **{REQUEST_TAG: "wrong", PERMANENT_TAG: "ConfigError"})
    ended(instance, dg.DagsterRunStatus.CANCELED, **{REQUEST_TAG: "ended"})
    attempts = world(instance, settings).attempts
    assert attempts["once"] == Attempts(failed=1, ended=1)
    assert attempts["wrong"].failed >= MAX_ATTEMPTS
    assert attempts["ended"].failed >= MAX_ATTEMPTS


def test_a_run_that_was_interrupted_with_the_twin_is_not_held_against_its_request(
    instance: dg.DagsterInstance, settings: Settings
):
    run = ended(instance, dg.DagsterRunStatus.CANCELED, **{REQUEST_TAG: "cut off"})
    forgive(instance, run)
    assert world(instance, settings).attempts["cut off"] == Attempts(failed=0, ended=1)


def test_a_pause_in_the_sources_file_reaches_the_decisions_and_changes_no_digest(
    instance: dg.DagsterInstance, settings: Settings, tmp_path: Path
):
    before = world(instance, settings)
    SourcesFile(tmp_path / "sources.yaml", tmp_path / "lock").change("blog", {"paused": True})
    after = world(instance, load_settings(tmp_path / "sources.yaml"))
    assert (before.paused, after.paused) == (frozenset(), {"blog"})
    assert plan(after).requests == ()
    # The folder is the source, and holds the sources file, which is none of its writing.
    assert after.parameters == before.parameters
