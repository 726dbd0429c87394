"""The figures of a day."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from twin_assets.monitoring.metrics import feedback_of, measure, percentile
from twin_assets.prompts import NOT_WRITTEN
from twin_assets.records import FeedbackEvent
from twin_assets.storage import TableStore
from twin_assets_tests.asked import DAY, asked

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(FINITE, min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_a_value_that_its_share_does_not_exceed(values: list[float], share: float):
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def test_of_nothing_there_is_no_percentile_and_no_share():
    figures = measure([], {})
    assert percentile([], 0.5) is None
    assert (figures["questions"], figures["errors"], figures["thumbs_up"]) == (0, 0, 0)
    assert {figures[n] for n in ("latency_p95_s", "error_share", "refusal_share", "unsourced_share")} == {None}


def test_a_day_is_counted_and_timed():
    chats = [asked(n, seconds=float(n), first_token_s=n / 10) for n in range(1, 101)]
    draft = asked(200, kind="draft", seconds=900.0, first_token_s=400.0)
    figures = measure([*chats, draft], {"thumb_up": 3, "edit": 1})
    assert (figures["questions"], figures["drafts"]) == (100, 1)
    assert (figures["latency_p50_s"], figures["latency_p95_s"]) == (50.0, 95.0)
    assert (figures["first_token_p50_s"], figures["first_token_p95_s"]) == (5.0, 9.5)
    assert (figures["draft_p50_s"], figures["draft_p95_s"]) == (900.0, 900.0)
    assert (figures["thumbs_up"], figures["thumbs_down"], figures["edits"]) == (3, 0, 1)


def test_answers_without_a_source_refusals_and_errors_are_shares_of_what_they_are_about():
    failed = asked(1, answers=(), citations=(), error="engine_unavailable", seconds=300.0, first_token_s=None)
    refusing = asked(2, answers=(f"{NOT_WRITTEN} Ask me of tea.",))
    unsourced = asked(3, citations=())
    old = asked(4, seconds=None, first_token_s=None)
    figures = measure([failed, refusing, unsourced, old], {})
    assert (figures["errors"], figures["error_share"]) == (1, 0.25)
    assert figures["refusal_share"] == 1 / 3
    assert figures["unsourced_share"] == 1 / 3
    assert figures["latency_p95_s"] == 2.0, "what failed is no latency, and what was not measured is none"


def test_feedback_is_counted_on_its_day(tmp_path: Path):
    tables = TableStore(str(tmp_path))
    midnight = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)
    assert feedback_of(tables, DAY, DAY) == {}
    moments = {"thumb_up": midnight, "thumb_down": midnight - timedelta(microseconds=1), "edit": midnight}
    tables.sync(FeedbackEvent, [FeedbackEvent.of("d", kind, "asked", "said", at) for kind, at in moments.items()])
    assert feedback_of(tables, DAY, DAY) == {DAY: {"thumb_up": 1, "edit": 1}}
    assert feedback_of(tables, DAY - timedelta(days=1), DAY)[DAY - timedelta(days=1)] == {"thumb_down": 1}
