"""Tables compared by their keys in Arrow come to what dictionaries would."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.digests import digest, digest_set
from twin_assets.storage.keyed import Among, absent, differ, digest_column, looked_up

keys = st.lists(st.text(max_size=2), max_size=12)
values = st.dictionaries(st.text(max_size=2), st.sampled_from(["a", "b"]), max_size=12)


def column(of: list[str]) -> pa.ChunkedArray:
    """In two chunks, as tables of several fragments come."""
    half = len(of) // 2
    return pa.chunked_array([pa.array(of[:half], pa.string()), pa.array(of[half:], pa.string())])


def table(of: dict[str, str]) -> pa.Table:
    return pa.table({"key": column(list(of)), "value": column(list(of.values()))})


@given(keys, values)
def test_a_column_is_looked_up_in_the_order_of_the_keys_and_null_where_there_is_none(wanted, stored):
    found = looked_up(column(wanted), table(stored), "key", "value")
    assert found.to_pylist() == [stored.get(key) for key in wanted]


@given(values, values)
def test_what_is_new_or_changed_differs(before, now):
    found = differ(looked_up(column(list(now)), table(before), "key", "value"), column(list(now.values())))
    assert found.to_pylist() == [before.get(key) != value for key, value in now.items()]


@given(keys, keys)
def test_absent_keys_come_in_order_and_once(some, others):
    assert absent(column(some), column(others)) == sorted(set(some) - set(others))


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=3), max_size=12), st.integers(1, 400))
def test_a_column_has_the_digest_of_the_set_of_its_values(some, times):
    assert digest_column(column(some * times)) == digest_set(some * times) == digest(sorted(some * times))


@given(values, keys)
def test_rows_are_found_among_any_batches_by_their_values(stored, wanted):
    found = list(Among("key", wanted).of(table(stored).to_batches()))
    assert {k: v for batch in found for k, v in zip(*batch.to_pydict().values(), strict=True)} == {
        key: value for key, value in stored.items() if key in wanted
    }
