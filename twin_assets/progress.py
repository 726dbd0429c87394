"""Progress of long work: rows, rate and time left, at a bounded number of lines."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
Report = Callable[[str], None]
"""Takes one line of progress for a person: `context.log.info` in Dagster, `print` in a terminal."""


def silent(_: str) -> None:
    """A report that goes nowhere."""


class Meter:
    """Counts work done and reports it at most once in `every_s` seconds, and at the end."""

    def __init__(self, what: str, total: int, report: Report = silent, every_s: float = 5.0) -> None:
        self._what, self._total, self._report, self._every = what, total, report, every_s
        self._done = 0
        self._started = self._reported = time.monotonic()

    def advance(self, count: int = 1) -> None:
        """Count `count` more as done."""
        self._done += count
        now = time.monotonic()
        if self._done >= self._total or now - self._reported >= self._every:
            self._reported = now
            self._report(self.line(now))

    def line(self, now: float) -> str:
        """For example `embedding: 120 of 480 (25 %), 31.4/s, 11 s left`."""
        elapsed = max(now - self._started, 1e-6)
        rate = self._done / elapsed
        share = 100 * self._done / max(self._total, 1)
        left = f"{(self._total - self._done) / rate:.0f} s left" if self._done < self._total else f"{elapsed:.1f} s"
        return f"{self._what}: {self._done} of {self._total} ({share:.0f} %), {rate:.1f}/s, {left}"


def track(items: Iterable[T], what: str, total: int, report: Report = silent) -> Iterator[T]:
    """Yield the items, reporting progress as they are taken."""
    meter = Meter(what, total, report)
    for item in items:
        yield item
        meter.advance()
