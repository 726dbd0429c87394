"""Token buckets: so many requests a minute, of which some may come at once."""

import time
from collections import OrderedDict
from collections.abc import Callable

_MOST = 4096
"""Buckets kept; the one that was asked for longest ago is dropped, full as it will be by then."""


class Buckets:
    """A bucket for each name. A full one holds a minute's requests."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, per_minute: int) -> float:
        """Take one request; returns 0, or the seconds after which there will be one again."""
        now = self._now()
        level, since = self._levels.pop(name, (float(per_minute), now))
        level = min(float(per_minute), level + (now - since) * per_minute / 60)
        taken = level >= 1
        self._levels[name] = (level - 1 if taken else level, now)
        if len(self._levels) > _MOST:
            self._levels.popitem(last=False)
        return 0.0 if taken else (1 - level) * 60 / per_minute
