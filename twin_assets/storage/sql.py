"""Filters of tables in SQL, with every value quoted."""

from collections.abc import Iterable
from datetime import UTC, datetime


def equals(column: str, value: str) -> str:
    """An SQL filter `column = value`, quoted."""
    return f"{column} = {quoted(value)}"


def one_of(column: str, values: Iterable[str]) -> str:
    """An SQL filter `column IN (values)`, quoted; no values select nothing."""
    among = ", ".join(map(quoted, values))
    return f"{column} IN ({among})" if among else "false"


def moment(value: datetime) -> str:
    """A time in SQL; without a zone it is UTC."""
    value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return f"CAST('{value:%Y-%m-%dT%H:%M:%S.%f}+00:00' AS TIMESTAMP(6))"


def quoted(value: str) -> str:
    """A value as an SQL string."""
    return "'" + value.replace("'", "''") + "'"
