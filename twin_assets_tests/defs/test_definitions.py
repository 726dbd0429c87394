"""The definitions as Dagster loads them."""

import dagster as dg
import pytest

from twin_assets.definitions import defs
from twin_assets.defs.automation import SENSORS
from twin_assets.defs.ledger import LANE_TAG
from twin_assets.lineage import GRAPH, LANES


@pytest.fixture(scope="module")
def loaded() -> dg.Definitions:
    """All definitions."""
    return defs()


def test_the_graph_that_decides_and_the_graph_that_runs_are_the_same(loaded: dg.Definitions):
    specs = {spec.key.to_user_string(): spec for spec in loaded.resolve_all_asset_specs()}
    assert set(specs) == {*GRAPH, "maintained_tables", "monitoring_report"}
    for name, asset in GRAPH.items():
        above = {dependency.asset_key.to_user_string() for dependency in specs[name].deps}
        assert above == set(asset.upstream), name
        partitions = specs[name].partitions_def
        assert (partitions.name if partitions else "") == asset.partitioned_by, name


def test_every_asset_has_a_description_and_a_group(loaded: dg.Definitions):
    for spec in loaded.resolve_all_asset_specs():
        assert spec.description, spec.key
        assert spec.group_name != "default", spec.key


def test_one_sensor_for_each_lane_runs_by_default(loaded: dg.Definitions):
    running = {s.name for s in loaded.sensors or () if s.default_status == dg.DefaultSensorStatus.RUNNING}
    assert running == {SENSORS[lane][0] for lane in LANES}


def test_the_tables_are_looked_after_every_week_by_default(loaded: dg.Definitions):
    (schedule,) = [s for s in loaded.schedules or () if s.name == "weekly_maintenance"]
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    job = loaded.resolve_job_def("maintenance_job")
    assert {key.to_user_string() for key in job.asset_layer.executable_asset_keys} == {"maintained_tables"}


def test_yesterday_is_reported_every_day_by_default_in_a_run_of_no_lane(loaded: dg.Definitions):
    (schedule,) = [s for s in loaded.schedules or () if s.name == "daily_monitoring"]
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    job = loaded.resolve_job_def("monitoring_job")
    assert {key.to_user_string() for key in job.asset_layer.executable_asset_keys} == {"monitoring_report"}
    assert LANE_TAG not in job.tags


def test_each_lane_has_a_job_with_just_its_assets(loaded: dg.Definitions):
    for lane in LANES:
        job = loaded.resolve_job_def(f"{lane}_job")
        assert {key.to_user_string() for key in job.asset_layer.executable_asset_keys} == {
            asset.name for asset in GRAPH.values() if asset.lane == lane
        }


def test_what_stops_a_bad_dataset_or_twin_is_a_blocking_check(loaded: dg.Definitions):
    graph = loaded.resolve_asset_graph()
    specs = [graph.get_check_spec(key) for key in graph.asset_check_keys]
    blocking = {(spec.asset_key.to_user_string(), spec.name) for spec in specs if spec.blocking}
    assert ("evaluation_report", "better_than_base") in blocking
    assert ("instruction_dataset", "grounded") in blocking
    assert ("instruction_dataset", "leakage") in blocking
