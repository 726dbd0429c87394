"""Manners towards hosts: one request at a time, a pause between two, and no request before a host wants one again."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from twin_assets.collection.dates import parse_date
from twin_assets.errors import FetchError

PATIENCE_S = 600.0
"""The longest that a host may ask to wait for; what asks for more is given up until then."""
_SMALLEST_EPOCH = 10**8
"""A reset below this many seconds counts from now, one above it from 1970."""


class Pace:
    """When each host may be asked again.

    Args:
        clock: seconds that only grow.
        sleep: waits for seconds of that clock.
    """

    def __init__(self, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._locks: dict[str, threading.Lock] = {}
        self._finished: dict[str, float] = {}
        self._held: dict[str, float] = {}
        self._given_up: dict[str, tuple[float, FetchError]] = {}

    @contextlib.contextmanager
    def turn(self, host: str, delay_s: float) -> Iterator[None]:
        """Hold the host's only turn for a request; it begins `delay_s` after the last request ended, or later.

        Raises FetchError when the host was given up until a time that has not come.
        """
        with self._locks.setdefault(host, threading.Lock()):
            until, error = self._given_up.get(host, (0.0, None))
            if error and self._clock() < until:
                raise FetchError(error.what, error.remedy, reason=error.reason, status=error.status)
            earliest = max(self._finished.get(host, -delay_s) + delay_s, self._held.get(host, 0.0))
            if (left := earliest - self._clock()) > 0:
                self._sleep(left)
            try:
                yield
            finally:
                self._finished[host] = self._clock()

    def hold(self, host: str, seconds: float) -> None:
        """Let the host's next request wait for so long."""
        self._held[host] = self._clock() + seconds

    def give_up(self, host: str, seconds: float, error: FetchError) -> None:
        """Answer every request to the host with the error for so long, without asking it."""
        self._given_up[host] = (self._clock() + seconds, error)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the header Retry-After (seconds or a date) asks to wait for; None when there is none.

    Args:
        headers: names in lower case.
        now: seconds since 1970.
    """
    return _seconds(headers.get("retry-after", ""), now, smallest_epoch=None)


def rate_limit_reset(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until a rate limit that is used up is reset (0 when it is not said); None when none is used up."""
    for prefix in ("x-ratelimit", "ratelimit"):
        if headers.get(f"{prefix}-remaining", "").strip() == "0":
            return _seconds(headers.get(f"{prefix}-reset", ""), now, smallest_epoch=_SMALLEST_EPOCH) or 0.0
    return None


def clock_time(seconds: float) -> str:
    """A time since 1970 for a person, in UTC."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return "a time far ahead"


def _seconds(written: str, now: float, *, smallest_epoch: int | None) -> float | None:
    written = written.strip()
    if written.isascii() and written.isdigit():
        value = float(written[:18])
        return max(value - now, 0.0) if smallest_epoch is not None and value >= smallest_epoch else value
    moment = parse_date(written)
    return max(moment.timestamp() - now, 0.0) if moment else None
