"""When a live source is due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.collection.schedule import NAMED, jitter, next_due, slot
from twin_assets.errors import ConfigError

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@settings(deadline=None)
@given(MOMENTS, st.sampled_from([*NAMED, "30 6 * * 1-5"]), st.sampled_from(["blog", "letters", "mastodon"]))
def test_a_source_is_due_once_in_each_slot(now: datetime, schedule: str, name: str) -> None:
    due = slot(schedule, name, now)
    following = next_due(schedule, name, now)
    assert following is not None
    assert due <= now < following
    assert slot(schedule, name, following - timedelta(microseconds=1)) == due
    assert slot(schedule, name, following) == following


def test_sources_of_one_schedule_are_not_due_at_one_moment() -> None:
    late = {name: jitter("daily", name) for name in ("blog", "letters", "mastodon", "code")}
    assert len(set(late.values())) == len(late)
    assert all(timedelta(0) <= value <= timedelta(hours=2) for value in late.values())
    assert jitter("daily", "blog") == late["blog"]
    assert jitter("hourly", "blog") <= timedelta(minutes=6)


def test_a_source_that_is_never_due_stays_in_one_slot() -> None:
    assert slot("never", "blog", NOW) == slot("never", "blog", NOW + timedelta(days=400))
    assert next_due("never", "blog", NOW) is None


@pytest.mark.parametrize("schedule", ["sometimes", "", "* * *", "0 25 * * *", "@daily", "* * * * * *"])
def test_what_is_no_schedule_says_what_is_one(schedule: str) -> None:
    with pytest.raises(ConfigError, match=r"(?s)source 'blog'.*no time.*hourly, daily, weekly, never"):
        slot(schedule, "blog", NOW)
