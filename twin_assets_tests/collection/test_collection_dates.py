from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.collection.dates import parse_date, split_dated_name


def _utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2021-04-05 06:07:08", _utc(2021, 4, 5, 6, 7, 8)),
        ("2021-04-05 06:07:08 UTC", _utc(2021, 4, 5, 6, 7, 8)),
        ("2018-03-06 12:11", _utc(2018, 3, 6, 12, 11)),
        ("2021-04-05T06:07:08.000Z", _utc(2021, 4, 5, 6, 7, 8)),
        ("2021-04-05T06:07:08.123456789Z", _utc(2021, 4, 5, 6, 7, 8, 123456)),
        ("2021-04-05", _utc(2021, 4, 5)),
        ("2021-4-5", _utc(2021, 4, 5)),
        ("2021/4/5", _utc(2021, 4, 5)),
        ("2019-10-02 07:05:00 +0100", _utc(2019, 10, 2, 6, 5)),
        ("2019-10-02T07:05:00-07:00", _utc(2019, 10, 2, 14, 5)),
        ("Wed Oct 10 20:19:24 +0000 2018", _utc(2018, 10, 10, 20, 19, 24)),
        ("Mon, 02 Jan 2006 15:04:05 -0700", _utc(2006, 1, 2, 22, 4, 5)),
        ("Mon, 02 Jan 2006 15:04:05 GMT", _utc(2006, 1, 2, 15, 4, 5)),
        ("Jan 2015", _utc(2015, 1, 1)),
        ("March 3, 2019", _utc(2019, 3, 3)),
        ("3rd March 2019", _utc(2019, 3, 3)),
        ("Sept 5, 2019 at 1:30 PM", _utc(2019, 9, 5, 13, 30)),
        (date(2020, 2, 29), _utc(2020, 2, 29)),
        (datetime(2020, 2, 29, 1, 2), _utc(2020, 2, 29, 1, 2)),
        (datetime(2020, 2, 29, 1, 2, tzinfo=timezone(timedelta(hours=2))), _utc(2020, 2, 28, 23, 2)),
    ],
)
def test_dates_of_every_export_are_understood(written: object, meant: datetime) -> None:
    assert parse_date(written) == meant


@pytest.mark.parametrize(
    "written", ["", "  ", "soon", "2021-13-01", "2021-02-30", "99", None, True, 20210405, [], "9" * 500, "Foo 2015"]
)
def test_what_is_no_date_is_none(written: object) -> None:
    assert parse_date(written) is None


@pytest.mark.parametrize(
    ("stem", "day", "rest"),
    [
        ("2024-04-08-against-the-dashboard", _utc(2024, 4, 8), "against-the-dashboard"),
        ("2024-4-8-against-the-dashboard", _utc(2024, 4, 8), "against-the-dashboard"),
        ("2024-04-08", _utc(2024, 4, 8), ""),
        ("2024-14-08-no-month", None, "2024-14-08-no-month"),
        ("about", None, "about"),
    ],
)
def test_file_names_begin_with_dates_padded_or_not(stem: str, day: datetime | None, rest: str) -> None:
    assert split_dated_name(stem) == (day, rest)


@given(st.one_of(st.text(max_size=60), st.from_regex(r"\d{1,4}[-/ :]\d{1,3}[-/ :]\d{1,3}.{0,20}"), st.datetimes()))
def test_no_value_stops_the_parser(value: object) -> None:
    moment = parse_date(value)
    assert moment is None or moment.tzinfo is not None


@given(st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)))
def test_an_iso_date_comes_back_as_it_was(moment: datetime) -> None:
    assert parse_date(moment.isoformat()) == moment
