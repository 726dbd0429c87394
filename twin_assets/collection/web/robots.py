"""robots.txt, as RFC 9309 has it: fetched once for each scheme, host and port, obeyed, and not guessed at when away."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from protego import Protego

from twin_assets.collection.web.address import Target, shown
from twin_assets.errors import FetchError

ROBOTS_BYTES = 512 * 1024
"""What is read of a robots.txt: the RFC wants 500 KiB at least."""
MAX_DELAY_S = 30.0
"""A site may ask for a longer delay between requests; it gets this one."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a robots.txt says; `refused` says why everything is refused."""

    rules: Protego
    refused: str = ""


class Robots:
    """What the robots.txt of each host allows.

    Args:
        fetch: the text at a URL; raises FetchError.
        agent: the product token that rules name.
    """

    def __init__(self, fetch: Callable[[str], str], agent: str) -> None:
        self._fetch = fetch
        self._agent = agent
        self._known: dict[tuple[str, str, int], _Rules] = {}
        self._locks: dict[tuple[str, str, int], threading.Lock] = {}

    def check(self, target: Target) -> None:
        """Raise FetchError (reason `robots`) when the URL must not be fetched, or the rules cannot be had.

        Raises FetchError (reason `address`) when the host must not be asked at all.
        """
        known = self._rules(target)
        if known.refused:
            raise FetchError(
                f"{shown(target.url)!r} is not fetched: {known.refused}",
                "collect again later: while a site's rules cannot be read, nothing of it is fetched",
                reason="robots",
            )
        if not known.rules.can_fetch(target.url, self._agent):
            raise FetchError(
                f"{shown(target.url)!r} is not fetched: its site's robots.txt asks not to",
                f"allow {self._agent!r} in the robots.txt if the site is yours, or use an export archive",
                reason="robots",
            )

    def sitemaps(self, target: Target) -> list[str]:
        """The sitemaps that the host's rules name, as they are written. Raises FetchError (reason `address`)."""
        return list(dict.fromkeys(self._rules(target).rules.sitemaps))

    def delay_s(self, target: Target) -> float:
        """Seconds between requests that the host's rules ask for, as far as they are known; at most MAX_DELAY_S."""
        known = self._known.get(target.origin)
        return min((known.rules.crawl_delay(self._agent) if known else None) or 0.0, MAX_DELAY_S)

    def _rules(self, target: Target) -> _Rules:
        with self._locks.setdefault(target.origin, threading.Lock()):
            if target.origin not in self._known:
                self._known[target.origin] = self._read(f"{target.root}/robots.txt")
        return self._known[target.origin]

    def _read(self, url: str) -> _Rules:
        try:
            return _Rules(Protego.parse(self._fetch(url)))
        except FetchError as error:
            # No rules: everything is allowed. No answer: nothing is.
            if 400 <= error.status < 500 or error.reason == "redirects":
                return _Rules(Protego())
            if error.reason == "address":
                raise
            return _Rules(Protego(), f"its site's robots.txt cannot be had ({error.what})")
