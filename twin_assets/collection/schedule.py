"""When a live source is due: by time alone, so that a time missed while the twin was off is made up for at once."""

from datetime import UTC, datetime, timedelta

from twin_assets.digests import digest
from twin_assets.errors import ConfigError

NAMED = {"hourly": "0 * * * *", "daily": "0 3 * * *", "weekly": "0 3 * * 1"}
NEVER = "never"
_JITTER_SHARE = 10
"""A source is late by up to a tenth of its interval, so that not all of them, or of all twins, call at one time."""
_LONGEST_JITTER = timedelta(hours=2)
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def slot(schedule: str, name: str, now: datetime) -> datetime:
    """The last time at which the source `name` was due, up to `now` (UTC); two calls with one answer are one run.

    Raises ConfigError for a schedule that is neither a name nor a cron expression of five fields.
    """
    if schedule == NEVER:
        return _BEGINNING
    late = jitter(schedule, name)
    previous: datetime = _cron(schedule, name, now - late + timedelta(microseconds=1)).get_prev(datetime)
    return previous + late


def next_due(schedule: str, name: str, now: datetime) -> datetime | None:
    """The next time at which the source is due; None for `never`. Raises ConfigError like `slot`."""
    if schedule == NEVER:
        return None
    late = jitter(schedule, name)
    following: datetime = _cron(schedule, name, now - late).get_next(datetime)
    return following + late


def jitter(schedule: str, name: str) -> timedelta:
    """By how much a source is late: the same each time, another for each source. Raises ConfigError like `slot`."""
    ticks = _cron(schedule, name, _BEGINNING)
    first: datetime = ticks.get_next(datetime)
    second: datetime = ticks.get_next(datetime)
    longest = min((second - first) / _JITTER_SHARE, _LONGEST_JITTER)
    seconds = int(digest("jitter", name)[:8], 16) % max(int(longest.total_seconds()), 1)
    return timedelta(seconds=seconds)


def _cron(schedule: str, name: str, start: datetime):  # type: ignore[no-untyped-def]  # croniter has no types
    from croniter import croniter

    expression = NAMED.get(schedule, schedule)
    if len(expression.split()) != 5 or not croniter.is_valid(expression):
        raise ConfigError(
            f"source {name!r}: the schedule {schedule!r} is no time",
            "write hourly, daily, weekly, never, or a cron expression such as '30 6 * * *' (UTC)",
        )
    return croniter(expression, start)
