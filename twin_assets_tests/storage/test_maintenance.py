"""Maintenance: tables get smaller, nobody who reads is disturbed, and what is tagged or in use stays."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from twin_assets.features.active import activate, drop_abandoned, retired_of, table_of
from twin_assets.monitoring.traces import Trace, TraceStore, prune_traces
from twin_assets.records import Exclusion
from twin_assets.storage import TableStore
from twin_assets.storage.maintenance import maintain, table_names
from twin_assets.storage.uploads import remove_unused_uploads


@pytest.fixture
def store(tmp_path):
    return TableStore(str(tmp_path / "lance"))


def write(store, count):
    """A table written in `count` commits, tagged after the second."""
    rows = []
    for number in range(count):
        rows.append(Exclusion.of("corpus", "blog", "copy", str(number)))
        store.sync(Exclusion, rows)
        if number == 1:
            store.tag(Exclusion, "second")


def test_small_files_are_merged_and_old_versions_go(store):
    write(store, 6)
    store.open(Exclusion).tags.delete("second")
    done = maintain(store, "exclusions", timedelta(milliseconds=1))
    assert (done.rows, done.fragments_before, done.fragments) == (6, 6, 1)
    assert done.versions_before == 7 > done.versions
    assert len(store.read(Exclusion)) == 6


def test_a_tagged_version_stays_however_old_it_is(store):
    write(store, 6)
    done = maintain(store, "exclusions", timedelta(milliseconds=1))
    assert (done.rows, done.fragments) == (6, 1)
    assert len(store.read(Exclusion, version="second")) == 2


def test_a_reader_of_an_older_version_reads_on_across_maintenance(store):
    write(store, 6)
    reader = store.open(Exclusion)
    batches = reader.search().limit(10).to_batches(1)
    first = next(iter(batches))
    store.sync(Exclusion, [])
    done = maintain(store, "exclusions", timedelta(days=14))
    assert done.versions >= done.versions_before
    assert first.num_rows + sum(batch.num_rows for batch in batches) == 6
    assert reader.count_rows() == 6
    assert len(reader.search().limit(10).to_list()) == 6
    assert store.read(Exclusion) == []


def test_tables_that_no_pointer_names_are_dropped_after_a_day_and_not_before(store):
    old, new = table_of("model@1"), table_of("model@2")
    for record in (old, retired_of(old), new, retired_of(new)):
        store.table(record, record.schema_for(2))
    now = datetime.now(UTC)
    tomorrow = now + timedelta(days=1, minutes=1)
    assert drop_abandoned(store, tomorrow) == []
    activate(store, "model@2", "model")
    assert drop_abandoned(store, now) == []
    assert sorted(drop_abandoned(store, tomorrow)) == sorted([old.TABLE, retired_of(old).TABLE])
    assert table_names(store) == sorted(["active_store", new.TABLE, retired_of(new).TABLE])


NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_traces_older_than_the_limit_go_and_the_others_stay(tmp_path):
    traces = TraceStore(tmp_path)
    for days in (1, 89, 91, 400):
        asked_at = (NOW - timedelta(days=days)).isoformat()
        assert traces.add(Trace(f"{days} days", "chat", asked_at, "twin", "public", "asked", ("said",), (), None))
    assert prune_traces(tmp_path, NOW - timedelta(days=90)) == 2
    assert [bool(traces.get(f"{days} days")) for days in (1, 89, 91, 400)] == [True, True, False, False]
    assert prune_traces(tmp_path, NOW - timedelta(days=90)) == 0
    traces.close()


def test_pruning_where_nothing_was_ever_answered_makes_no_file(tmp_path):
    assert prune_traces(tmp_path, NOW) == 0
    assert list(tmp_path.iterdir()) == []


def test_an_old_upload_goes_unless_a_source_was_made_of_it(tmp_path):
    assert remove_unused_uploads(tmp_path, [], NOW) == []
    files = {}
    for name, days in (("fresh", 6), ("unused", 8), ("source", 8)):
        folder = tmp_path / "uploads" / name
        folder.mkdir(parents=True)
        files[name] = folder / "export.zip"
        files[name].touch()
        then = (NOW - timedelta(days=days)).timestamp()
        os.utime(folder, (then, then))
    assert remove_unused_uploads(tmp_path, [files["source"]], NOW) == ["unused"]
    assert {name for name, file in files.items() if file.is_file()} == {"fresh", "source"}
