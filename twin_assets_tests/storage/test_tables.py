"""Tables: only what differs is written, in one commit, and versions say what the rows say."""

import threading
from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin_assets.errors import StorageError
from twin_assets.records import Exclusion, Record
from twin_assets.storage import TableStore
from twin_assets.storage.keyed import Among
from twin_assets.storage.sql import equals


@pytest.fixture
def store(tmp_path):
    return TableStore(str(tmp_path / "lance"))


def keys(rows):
    return [row.exclusion_id for row in rows]


def test_a_sync_makes_the_table_hold_exactly_the_rows(store, row):
    first = store.sync(Exclusion, [row("a"), row("b"), row("c")])
    assert (first.added, first.updated, first.removed, first.unchanged, first.total) == (3, 0, 0, 0, 3)
    second = store.sync(Exclusion, [row("a"), row("b", "changed"), row("d")])
    assert (second.added, second.updated, second.removed, second.unchanged, second.total) == (1, 1, 1, 1, 3)
    assert store.read(Exclusion) == [row("a"), row("b", "changed"), row("d")]


def test_writing_and_deleting_is_one_version(store, row):
    store.sync(Exclusion, [row("a"), row("b")])
    before = store.table(Exclusion).version
    store.sync(Exclusion, [row("b", "changed"), row("c")])
    assert store.table(Exclusion).version == before + 1


def test_the_same_rows_write_nothing_and_keep_the_data_version(store, row):
    first = store.sync(Exclusion, [row("a"), row("b")])
    before = store.table(Exclusion).version
    again = store.sync(Exclusion, [row("b"), row("a")])
    assert again.unchanged == 2
    assert again.data_version == first.data_version == store.data_version(Exclusion)
    assert store.table(Exclusion).version == before
    store.sync(Exclusion, [row("a")])
    assert store.sync(Exclusion, [row("a"), row("b")]).data_version == first.data_version


def test_a_part_is_synced_without_touching_the_rest(store, row):
    store.sync(Exclusion, [row("a", source="it's"), row("b", source="it's")], equals("source", "it's"))
    store.sync(Exclusion, [row("c", source="x")], equals("source", "x"))
    change = store.sync(Exclusion, [row("b", source="it's")], equals("source", "it's"))
    assert (change.removed, change.total) == (1, 1)
    assert keys(store.read(Exclusion)) == ["b", "c"]
    assert change.data_version == store.data_version(Exclusion, equals("source", "it's"))
    assert store.sync(Exclusion, [], equals("source", "it's")).removed == 1
    assert keys(store.read(Exclusion)) == ["c"]


def test_of_two_rows_with_one_key_the_last_counts(store, row):
    assert store.sync(Exclusion, [row("a", "first"), row("a", "last")]).added == 1
    assert store.read(Exclusion) == [row("a", "last")]


def test_old_versions_and_tags_stay_readable(store, row):
    store.sync(Exclusion, [row("a")])
    version = store.tag(Exclusion, "release")
    store.sync(Exclusion, [row("b")])
    assert keys(store.read(Exclusion, version="release")) == keys(store.read(Exclusion, version=version)) == ["a"]
    assert store.tag(Exclusion, "release") > version
    assert keys(store.read(Exclusion, version="release")) == ["b"]


def test_reading_what_is_not_there_makes_nothing(store, tmp_path):
    assert store.read(Exclusion) == []
    assert store.digests(Exclusion) == {}
    with pytest.raises(StorageError, match="no table 'exclusions'"):
        store.open(Exclusion)
    with pytest.raises(StorageError, match="no table 'exclusions'"):
        store.tag(Exclusion, "release")
    assert not list(tmp_path.rglob("*.lance"))


@pytest.mark.parametrize("attempt", [{"where": "no such filter"}, {"version": "no-such-tag"}, {"version": 99}])
def test_a_wrong_filter_or_version_is_a_storage_error_with_a_remedy(store, row, attempt):
    store.sync(Exclusion, [row("a")])
    with pytest.raises(StorageError, match=r"'exclusions' at .* cannot be read") as error:
        store.read(Exclusion, **attempt)
    assert error.value.remedy


def test_a_place_that_cannot_be_written_is_named(tmp_path, row):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=r"file/lance"):
        TableStore(str(tmp_path / "file" / "lance")).sync(Exclusion, [row("a")])


def test_thousands_of_rows_can_vanish_at_once(store, row):
    store.sync(Exclusion, [row(f"{n:032x}") for n in range(3000)])
    assert store.sync(Exclusion, [row("a")]).removed == 3000
    assert keys(store.read(Exclusion)) == ["a"]


def test_a_part_named_by_its_values_is_kept_in_step_like_one_named_in_sql(store, row):
    store.sync(Exclusion, [row("a", source="x"), row("b", source="x"), row("c", source="y")])
    change = store.sync(Exclusion, [row("b", "changed"), row("d")], Among("exclusion_id", ["a", "b", "d"]))
    assert (change.added, change.updated, change.removed) == (1, 1, 1)
    assert keys(store.read(Exclusion)) == ["b", "c", "d"]
    within = Among("exclusion_id", ["b", "c", "d"], equals("source", "y"))
    assert store.sync(Exclusion, [], within).removed == 1
    assert keys(store.read(Exclusion)) == ["b", "d"]


def test_a_row_that_another_part_has_is_replaced_and_not_written_twice(store, row):
    store.sync(Exclusion, [row("a", source="x"), row("b", source="y")])
    store.sync(Exclusion, [row("b", "moved", source="x")], Among("exclusion_id", ["b"], equals("source", "x")))
    assert store.read(Exclusion) == [row("a", source="x"), row("b", "moved", source="x")]


def test_rows_that_are_all_new_leave_the_files_of_the_others_alone(store, row):
    store.sync(Exclusion, [row("a")])
    store.sync(Exclusion, [row("b")], Among("exclusion_id", ["b"]))
    assert store.table(Exclusion).stats()["fragment_stats"]["num_fragments"] == 2


@dataclass(frozen=True, slots=True)
class Older(Record):
    """`Exclusion` before it had a reason, a detail and a document."""

    TABLE: ClassVar[str] = "exclusions"
    KEY: ClassVar[str] = "exclusion_id"
    exclusion_id: str
    stage: str
    source: str
    file: str
    row: int


def test_a_table_of_an_older_record_takes_the_new_columns(store, row):
    store.sync(Older, [Older("a", "s", "x", "f", 1), Older("b", "s", "y", "f", 2)])
    change = store.sync(Exclusion, [row("a", "new", source="x")], equals("source", "x"))
    assert (change.updated, change.total) == (1, 1)
    assert store.read(Exclusion) == [row("a", "new", source="x"), Exclusion("b", "s", "y", "f", 2, "", "", "")]
    assert store.sync(Exclusion, [row("a", "new", source="x")], equals("source", "x")).unchanged == 1


def test_a_part_named_by_its_values_of_a_table_of_an_older_record_takes_the_new_columns(store, row):
    store.sync(Older, [Older("a", "s", "x", "f", 1), Older("b", "s", "y", "f", 2)])
    store.sync(Exclusion, [row("a", "new", source="x")], Among("exclusion_id", ["a"], equals("source", "x")))
    assert store.read(Exclusion) == [row("a", "new", source="x"), Exclusion("b", "s", "y", "f", 2, "", "", "")]


def test_writers_of_different_parts_do_not_lose_rows(store, row):
    faults = []

    def write(source):
        try:
            for n in range(4):
                store.sync(Exclusion, [row(f"{source}{i}", str(n), source) for i in range(5)], equals("source", source))
        except StorageError as error:
            faults.append(error)

    threads = [threading.Thread(target=write, args=(source,)) for source in "wxyz"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert faults == []
    assert [(r.exclusion_id, r.detail) for r in store.read(Exclusion)] == [
        (f"{s}{i}", "3") for s in "wxyz" for i in range(5)
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["", "1", "é'\"\n"]), max_size=6),
        min_size=1,
        max_size=4,
    )
)
def test_after_any_syncs_the_table_holds_the_last_rows(store, row, steps):
    for step in steps:
        change = store.sync(Exclusion, [row(key, detail) for key, detail in step.items()])
        assert change.total == len(step)
        assert change.data_version == store.data_version(Exclusion)
    assert {r.exclusion_id: r.detail for r in store.read(Exclusion)} == steps[-1]
