"""Maintenance: tables get smaller, nobody who reads is disturbed, and what is tagged or in use stays."""

from datetime import UTC, datetime, timedelta

import pytest

from twin_assets.features.active import activate, drop_abandoned, retired_of, table_of
from twin_assets.records import Exclusion
from twin_assets.storage import TableStore
from twin_assets.storage.maintenance import maintain, table_names


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
