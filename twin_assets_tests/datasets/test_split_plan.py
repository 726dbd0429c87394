"""The newest writing is the test set, what says the same is on one side, and further documents move little."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.datasets.groups import MOST_HOLDERS, near_duplicate_groups
from twin_assets.datasets.split_plan import SLACK, moved, plan_splits
from twin_assets.settings import DatasetSettings
from twin_assets_tests.datasets.conftest import make_document, paragraph

TIME, HASH = DatasetSettings(), DatasetSettings(split="hash")
START = datetime(2015, 1, 10, tzinfo=UTC)
RUN = "we wrote in ink so that we could not rub out what was heard"


def dated(name: object, days: float | None, text: str = "", **changes: Any) -> Any:
    """A document so many days after the first one; without a date for None."""
    when = None if days is None else START + timedelta(days=days)
    return make_document(text or paragraph(name), str(name), published_at=when, **changes)


def yearly(count: int, every: float = 20) -> list[Any]:
    return [dated(n, n * every) for n in range(count)]


def test_test_is_the_newest_writing_with_its_share_of_the_words_or_a_little_more() -> None:
    documents = yearly(120)
    plan = plan_splits(documents, TIME)
    assert plan.method == "time"
    tested = [d for d in documents if plan.splits[d.document_id] == "test"]
    assert tested == documents[-len(tested) :]
    assert 0.15 <= sum(d.words for d in tested) / sum(d.words for d in documents) <= 0.15 * SLACK
    assert set(plan.splits.values()) == {"train", "validation", "test"}


def test_the_cut_is_where_a_year_begins_when_one_begins_in_the_range() -> None:
    plan = plan_splits(yearly(300), TIME)
    assert plan.cut is not None
    assert (plan.cut.month, plan.cut.day) == (1, 1)
    assert f"{plan.cut:%Y-%m-%d}" in plan.why


def test_a_new_newest_document_is_test_and_moves_nothing_else() -> None:
    documents = yearly(120)
    before = plan_splits(documents, TIME)
    newest = dated("newest", 120 * 20 + 1)
    after = plan_splits([*documents, newest], TIME)
    assert after.splits[newest.document_id] == "test"
    assert moved(before.splits, after.splits) == {}


def test_when_test_has_grown_too_large_its_oldest_documents_move_and_it_is_said() -> None:
    documents = yearly(120)
    splits, moves = plan_splits(documents, TIME).splits, 0
    for n in range(60):
        documents.append(dated(f"later {n}", 120 * 20 + n * 20))
        after = plan_splits(documents, TIME).splits
        found = moved(splits, after)
        assert set(found) <= {"test -> train", "test -> validation"}
        moves += bool(found)
        splits = after
    assert 1 <= moves <= 8


def test_documents_without_a_date_are_never_tested_with() -> None:
    undated = [dated(f"u{n}", None) for n in range(20)]
    plan = plan_splits([*yearly(60), *undated], TIME)
    assert {plan.splits[d.document_id] for d in undated} == {"train", "validation"}


def test_with_hardly_a_date_documents_are_split_by_hash_and_it_is_said() -> None:
    documents = [*yearly(3), *(dated(f"u{n}", None) for n in range(60))]
    plan = plan_splits(documents, TIME)
    assert plan.method == "hash"
    assert "have a date" in plan.why
    assert plan.splits == plan_splits(documents, HASH).splits
    assert "test" in plan.splits.values()


def test_all_of_one_moment_is_split_by_hash() -> None:
    plan = plan_splits([dated(n, 0) for n in range(80)], TIME)
    assert plan.method == "hash"
    assert "test" in plan.splits.values()


def test_one_long_newest_document_is_tested_with_unless_little_is_left_to_train_on() -> None:
    short = yearly(30)
    long = dated("long", 9999, words=sum(d.words for d in short) // 2)
    assert plan_splits([*short, long], TIME).splits[long.document_id] == "test"
    huge = dated("huge", 9000, words=sum(d.words for d in short) * 9)
    last = dated("last", 9999)
    plan = plan_splits([*short, huge, last], TIME)
    assert (plan.splits[huge.document_id], plan.splits[last.document_id]) != ("test", "test")


@pytest.mark.parametrize("chosen", [TIME, HASH])
def test_documents_that_share_thirteen_words_are_on_one_side(chosen: DatasetSettings) -> None:
    documents = yearly(120)
    shared = [0, 40, 80, 119]
    documents = [dated(n, n * 20, f"{paragraph(n)} {RUN}" if n in shared else "") for n in range(120)]
    plan = plan_splits(documents, chosen)
    assert plan.groups == [[d.document_id for d in sorted(documents, key=lambda d: d.document_id) if RUN in d.text]]
    assert len({plan.splits[documents[n].document_id] for n in shared}) == 1


def test_what_repeats_old_writing_is_as_old_as_it() -> None:
    documents = yearly(120)
    again = dated("again", 9999, f"{documents[3].text} And a line more.")
    plan = plan_splits([*documents, again], TIME)
    assert plan.splits[again.document_id] == plan.splits[documents[3].document_id] != "test"


def test_quotations_of_others_and_formulas_join_nothing() -> None:
    quoting = [dated(n, n, f"{paragraph(n)}\n\n> {RUN}") for n in range(2)]
    assert near_duplicate_groups(quoting) == [[d.document_id] for d in quoting]
    signed = [dated(n, n, f"{paragraph(n)} {RUN}") for n in range(MOST_HOLDERS + 1)]
    assert len(near_duplicate_groups(signed)) == MOST_HOLDERS + 1
    assert len(near_duplicate_groups(signed[:-1])) == 1


def test_private_documents_have_no_split_unless_they_are_trained_on() -> None:
    documents = [*yearly(40), dated("private", 3, scope="private")]
    assert len(plan_splits(documents, TIME).splits) == 40
    assert len(plan_splits(documents, DatasetSettings(train_on_private=True)).splits) == 41


def test_there_is_validation_even_where_the_hash_gives_none() -> None:
    for count in (4, 6, 9):
        assert "validation" in plan_splits(yearly(count, 200), TIME).splits.values()


@settings(max_examples=60)
@given(st.lists(st.one_of(st.none(), st.integers(0, 4000)), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_the_order_of_documents_changes_nothing_and_none_is_lost(days: list[int | None], chance: Any) -> None:
    documents = [dated(n, day) for n, day in enumerate(days)]
    plan = plan_splits(documents, TIME)
    assert plan.splits.keys() == {d.document_id for d in documents}
    shuffled = documents[:]
    chance.shuffle(shuffled)
    assert plan_splits(shuffled, TIME) == plan
    if plan.cut is not None:
        for document in documents:
            late = document.published_at is not None and document.published_at >= plan.cut
            assert (plan.splits[document.document_id] == "test") == late
