"""Dates as exports and blogs write them, read without the locale: `strptime` would want the machine's month names."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?\s*(?P<half>[AaPp][Mm])?"
_ZONE = r"(?P<zone>Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
_NUMERIC = re.compile(
    rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})(?:[Tt\s]\s*{_CLOCK}\s*{_ZONE})?", re.ASCII
)
_DAY_NAME = r"(?:[A-Za-z]{3,9},?\s+)?"
_X = re.compile(
    r"[A-Za-z]{3}\s+(?P<name>[A-Za-z]{3})\s+(?P<day>\d{1,2})\s+(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})\s+"
    r"(?P<zone>[+-]\d{4})\s+(?P<year>\d{4})",
    re.ASCII,
)
_NAMED_FIRST = re.compile(
    rf"{_DAY_NAME}(?P<name>[A-Za-z]{{3,9}})\.?\s+(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+)?(?P<year>\d{{4}})"
    rf"(?:,?\s+(?:at\s+)?{_CLOCK}\s*{_ZONE})?",
    re.ASCII,
)
_DAY_FIRST = re.compile(
    rf"{_DAY_NAME}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<name>[A-Za-z]{{3,9}})\.?,?\s+(?P<year>\d{{4}})"
    rf"(?:,?\s+(?:at\s+)?{_CLOCK}\s*{_ZONE})?",
    re.ASCII,
)
_FILE_NAME = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:[-_ ]+(?P<rest>.*))?", re.ASCII)


def parse_date(value: object) -> datetime | None:
    """The instant that a value says, in UTC; None for a blank or for what is no date. A time without a zone is UTC."""
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, str):
        return None
    written = value.strip()
    if not written or len(written) > 80:
        return None
    for pattern in (_NUMERIC, _X, _NAMED_FIRST, _DAY_FIRST):
        if match := pattern.fullmatch(written):
            return _from_parts(match.groupdict())
    try:
        return _utc(parsedate_to_datetime(written))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def split_dated_name(stem: str) -> tuple[datetime | None, str]:
    """A file name's date (`2024-4-8-slug`, padded or not) and the rest of it; None when it starts with no date."""
    match = _FILE_NAME.fullmatch(stem)
    day = _from_parts(match.groupdict()) if match else None
    return (day, match["rest"] or "") if match and day else (None, stem)


def _from_parts(parts: dict[str, str | None]) -> datetime | None:
    month = _MONTHS.get((parts.get("name") or "")[:3].lower()) or int(parts.get("month") or 0)
    hour = int(parts.get("hour") or 0)
    if half := parts.get("half"):
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    fraction = (parts.get("fraction") or "0")[:6].ljust(6, "0")
    try:
        moment = datetime(
            int(parts["year"] or 0),
            month,
            int(parts.get("day") or 1),
            hour,
            int(parts.get("minute") or 0),
            min(int(parts.get("second") or 0), 59),
            int(fraction),
            tzinfo=_zone(parts.get("zone") or ""),
        )
    except ValueError:
        return None
    return _utc(moment)


def _zone(written: str) -> timezone:
    if written[:1] not in ("+", "-"):
        return UTC
    digits = written[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if written[0] == "-" else offset)


def _utc(moment: datetime) -> datetime | None:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None
