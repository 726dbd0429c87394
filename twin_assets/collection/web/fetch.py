"""Fetching pages: politely (robots.txt, one request at a time and a delay for each host, conditional requests, backoff)
and safely (public addresses only, checked on every hop; bounded in bytes, time and redirects)."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from twin_assets import __version__
from twin_assets.collection.web.address import Target, read_url, shown
from twin_assets.collection.web.body import ACCEPT_ENCODING, read_body
from twin_assets.collection.web.connection import CheckedAdapter, limited, new_session
from twin_assets.collection.web.manners import Pace
from twin_assets.collection.web.page import Page
from twin_assets.collection.web.refusal import FAILURES, PassingError, WaitError, failure, refusal
from twin_assets.collection.web.robots import ROBOTS_BYTES, Robots
from twin_assets.errors import FetchError
from twin_assets.settings import CollectionSettings

AGENT = "twin-assets"
"""The name that robots.txt files call this program by."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REFUSAL_BYTES = 1 << 16
"""What is read of an answer that is no page, to tell a bot check."""
_backoff = wait_exponential_jitter(max=60)


@dataclass(frozen=True, slots=True)
class _Ask:
    """What `get` was asked for. `secret` headers belong to one scheme, host and port."""

    asked: str
    accept: str
    secret: Mapping[str, str] = field(default_factory=dict)
    conditional: bool = False
    robots: bool = True
    within_s: float | None = None
    cut: int = 0
    """Bytes of a larger body that are enough; 0 when all are wanted."""


class Fetcher:
    """Fetches for one source. Several threads may use one.

    Args:
        settings: limits and manners.
        validators: ETag and Last-Modified of URLs from earlier runs; `confirm` adds to it.
        clock: seconds that only grow, and `sleep`, which waits by them: for the pace of requests.
        now: seconds since 1970.
    """

    def __init__(
        self,
        settings: CollectionSettings,
        validators: dict[str, dict[str, str]] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self._validators = {} if validators is None else validators
        self._sleep = sleep
        self._now = now
        self._pace = Pace(clock, sleep)
        self._robots = Robots(self._robots_text, AGENT)
        self._adapter = CheckedAdapter()
        self._user_agent = _user_agent(settings.contact)

    def get(
        self,
        url: str,
        *,
        accept: str = "*/*",
        headers: Mapping[str, str] | None = None,
        conditional: bool = False,
        robots: bool = True,
        within_s: float | None = None,
    ) -> Page:
        """The page at a URL (status 200, or 304 for a conditional request).

        Args:
            headers: further headers; those that carry secrets are not sent to another host on a redirect.
            conditional: ask whether it changed since the answer that was last confirmed.
            robots: obey robots.txt; False only for documented APIs.
            within_s: for what a page needs to be shown: one try, no delay before it, over after so many seconds.

        Raises FetchError: with `status` for any other answer, after the retries that make sense for it.
        """
        return self._tried(_Ask(url, accept, dict(headers or {}), conditional, robots, within_s))

    def confirm(self, page: Page) -> None:
        """Remember the page's validators: call it once all that came of the page has been yielded."""
        found = {"etag": page.headers.get("etag", ""), "last_modified": page.headers.get("last-modified", "")}
        validators = {name: value for name, value in found.items() if value}
        if validators:
            self._validators[page.url] = validators
        elif not page.unchanged:
            self._validators.pop(page.url, None)

    def sitemaps(self, url: str) -> list[str]:
        """The sitemaps that the robots.txt of a URL's host names. Raises FetchError like `get`."""
        return self._robots.sitemaps(read_url(url))

    def _robots_text(self, url: str) -> str:
        return self._tried(_Ask(url, "text/plain,*/*;q=0.5", robots=False, cut=ROBOTS_BYTES)).text()

    def _tried(self, ask: _Ask) -> Page:
        target = read_url(ask.asked)
        retrying = Retrying(
            stop=stop_after_attempt(self.settings.attempts if ask.within_s is None else 1),
            retry=retry_if_exception_type(PassingError),
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._follow, target, ask)

    def _follow(self, target: Target, ask: _Ask) -> Page:
        """One try: from redirect to redirect, each hop checked anew."""
        session = new_session(self._adapter)
        for _ in range(self.settings.max_redirects + 1):
            if ask.robots:
                self._robots.check(target)
            answer = self._exchange(session, target, ask)
            if isinstance(answer, Page):
                return answer
            following = read_url(answer)
            if following.origin != target.origin and ask.secret:
                if (target.scheme, following.scheme) == ("https", "http"):
                    raise FetchError(
                        f"{shown(target.url)!r} leads from https to http, and would carry an access token along",
                        "use the address that it leads to, if that is meant",
                        reason="redirects",
                    )
                ask = replace(ask, secret={})
            target = following
        raise FetchError(
            f"{shown(ask.asked)!r} leads on and on, over more than {self.settings.max_redirects} redirects",
            "use the address that it leads to in a browser",
            reason="redirects",
        )

    def _exchange(self, session: requests.Session, target: Target, ask: _Ask) -> Page | str:
        """One request and its answer: a page, or the URL that it leads on to."""
        settings = self.settings
        delay_s = max(settings.delay_s, self._robots.delay_s(target)) if ask.within_s is None else 0.0
        timeout_s = settings.timeout_s if ask.within_s is None else min(ask.within_s, settings.timeout_s)
        with self._pace.turn(target.host, delay_s):
            with limited(timeout_s, settings.max_bytes, settings.allow_hosts) as limits:
                try:
                    answer = self._answer(session, target, ask)
                except FAILURES as error:
                    answer = failure(target, limits, error, settings.max_bytes)
            if isinstance(answer, PassingError) and answer.after_s is not None:
                self._pace.hold(target.host, answer.after_s)
            elif isinstance(answer, WaitError):
                self._pace.give_up(target.host, answer.wait_s, answer)
        if isinstance(answer, FetchError):
            raise answer
        return answer

    def _answer(self, session: requests.Session, target: Target, ask: _Ask) -> Page | FetchError | str:
        settings = self.settings
        request = session.prepare_request(requests.Request("GET", target.url, headers=self._headers(target, ask)))
        response = session.send(request, stream=True, allow_redirects=False, timeout=settings.timeout_s)
        try:
            status = response.status_code
            headers = {name.lower(): value for name, value in response.headers.items()}
            if status in _REDIRECTS and (location := requests.Session.get_redirect_target(session, response)):
                return urljoin(target.url, location)
            page = Page(target.url, status, headers, b"", asked=ask.asked)
            if status == 304 and ask.conditional:
                return replace(page, unchanged=True)
            if status != 200:
                body = read_body(response.raw, _REFUSAL_BYTES, cut=True)
                return refusal(target, status, headers, body, self._now())
            return replace(page, body=read_body(response.raw, ask.cut or settings.max_bytes, cut=bool(ask.cut)))
        finally:
            response.close()

    def _headers(self, target: Target, ask: _Ask) -> dict[str, str]:
        headers = {name.title(): value for name, value in ask.secret.items()}
        headers |= {"User-Agent": self._user_agent, "Accept": ask.accept, "Accept-Encoding": ACCEPT_ENCODING}
        known = self._validators.get(target.url, {}) if ask.conditional else {}
        if etag := known.get("etag"):
            headers["If-None-Match"] = etag
        if modified := known.get("last_modified"):
            headers["If-Modified-Since"] = modified
        return headers


def _wait(state: RetryCallState) -> float:
    """What the host asks to wait for is kept by its pace."""
    error = state.outcome.exception() if state.outcome else None
    return 0.0 if isinstance(error, PassingError) and error.after_s else _backoff(state)


def _user_agent(contact: str) -> str:
    """Who asks, and where whoever runs a site can reach that person."""
    reachable = re.sub(r"[^\x21-\x7e]+", " ", contact).strip()
    return f"{AGENT}/{__version__} (+{reachable})" if reachable else f"{AGENT}/{__version__}"
