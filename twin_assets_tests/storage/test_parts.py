"""Many rows are read in parts, each once, as one version of the table has them."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin_assets.records import Exclusion
from twin_assets.storage import TableStore
from twin_assets.storage.keyed import Among
from twin_assets.storage.parts import in_parts


@pytest.fixture
def store(tmp_path):
    return TableStore(str(tmp_path / "lance"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1), max_size=4),
    st.sets(st.sampled_from("abcdefghi")),
    st.integers(1, 5),
)
def test_the_rows_of_some_keys_come_each_once_in_parts_of_the_size(tmp_path_factory, row, commits, wanted, size):
    store = TableStore(str(tmp_path_factory.mktemp("lance")))
    there = {}
    for number, keys in enumerate(commits):
        there |= {key: row(key, str(number)) for key in keys}
        store.sync(Exclusion, there.values())
    parts = list(in_parts(store, Exclusion, Among("exclusion_id", sorted(wanted)), size))
    found = [one for part in parts for one in part]
    assert sorted(found, key=lambda one: one.exclusion_id) == [there[key] for key in sorted(wanted & there.keys())]
    assert all(len(part) == size for part in parts[:-1])
    assert all(1 <= len(part) <= size for part in parts)


def test_rows_come_in_the_order_in_which_they_are_stored(store, row):
    for key in "cab":
        store.sync(Exclusion, [row(key)], Among("exclusion_id", [key]))
    (part,) = in_parts(store, Exclusion, Among("exclusion_id", ["a", "b", "c"]), 10)
    assert [one.exclusion_id for one in part] == ["c", "a", "b"]


def test_only_those_are_read_that_the_filter_selects_as_well(store, row):
    store.sync(Exclusion, [row("a", source="x"), row("b", source="y")])
    among = Among("exclusion_id", ["a", "b"], "source = 'y'")
    assert list(in_parts(store, Exclusion, among, 10)) == [[row("b", source="y")]]


def test_what_is_written_in_the_meantime_is_not_read(store, row):
    store.sync(Exclusion, [row("a"), row("b")])
    parts = in_parts(store, Exclusion, Among("exclusion_id", ["a", "b"]), 1)
    first = next(parts)
    store.sync(Exclusion, [row("a", "later"), row("b", "later")])
    assert first == [row("a")]
    assert list(parts) == [[row("b")]]


def test_a_table_that_is_not_there_has_no_rows(store):
    assert list(in_parts(store, Exclusion, Among("exclusion_id", ["a"]), 10)) == []
