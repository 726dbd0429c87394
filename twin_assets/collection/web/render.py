"""Pages that have no text until a browser runs their scripts: rendered by requests-html in a system's Chromium.

Neither the browser (see `browser`) nor what runs in it (see `interception`) reaches anything by itself.
"""

import asyncio
import logging
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import urldefrag, urlsplit

from twin_assets.collection.text import Unreadable
from twin_assets.collection.web.address import shown
from twin_assets.collection.web.browser import find_browser, running
from twin_assets.collection.web.connection import import_requests_html
from twin_assets.collection.web.fetch import Fetcher
from twin_assets.collection.web.interception import Interception
from twin_assets.collection.web.page import Page
from twin_assets.collection.web.tree import parse, visible_words
from twin_assets.errors import FetchError

ENOUGH_WORDS = 40
"""A page of fewer visible words that has scripts is taken to be written by them."""
_DATA = ("json", "text/plain", "text/template", "text/x-")
"""In the type of a script that is no program."""
_QUIET_S = 0.5
"""Nothing was asked for during so many seconds: the page is done."""
_REST_S = 3.0
"""The same for a page that is not loaded yet."""
_GRACE_S = 10.0
"""For the browser, after the time for the page is over, to hand over what there is."""


def needs_rendering(page: Page) -> bool:
    """Whether a page is one of scripts only: HTML with hardly any visible word outside of `noscript`."""
    if "html" not in (page.headers.get("content-type") or "html").lower():
        return False
    try:
        root = parse(page.text())
    except Unreadable:
        return False
    scripts = (script.get("type") or "" for script in root.iter("script"))
    programs = any(not any(kind in written.lower() for kind in _DATA) for written in scripts)
    return programs and len(visible_words(root)) < ENOUGH_WORDS


def rendered(page: Page, fetcher: Fetcher) -> Page:
    """A page as a browser shows it: HTML in UTF-8, after its scripts ran.

    Raises FetchError: when no browser is found (reason `connection`), it takes longer than `timeout_s` (`timeout`) or
    grows beyond `max_bytes` (`too_large`).
    """
    executable = find_browser(fetcher.settings.browser)
    # A thread of its own: the caller may have an event loop.
    with ThreadPoolExecutor(1) as thread:
        url, html = thread.submit(lambda: asyncio.run(_render(page, executable, fetcher))).result()
    body = html.encode("utf-8", "replace")
    if len(body) > fetcher.settings.max_bytes:
        raise FetchError(
            f"{shown(page.url)!r} is larger than {fetcher.settings.max_bytes} bytes once rendered",
            "raise `collection: max_bytes` in twin.yaml if it is wanted",
            reason="too_large",
        )
    return replace(page, url=url, headers={**page.headers, "content-type": "text/html; charset=utf-8"}, body=body)


async def _render(page: Page, executable: str, fetcher: Fetcher) -> tuple[str, str]:
    """The URL that the browser shows in the end, and its HTML."""
    # What pyppeteer leaves behind when the browser is ended is of no interest.
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    html = page.html()
    limit_s = fetcher.settings.timeout_s
    library = import_requests_html()
    one_at_a_time = ThreadPoolExecutor(1)
    problem, reason = "", "connection"
    try:
        async with running(executable) as endpoint, asyncio.timeout(limit_s + _GRACE_S):
            interception = Interception(page, fetcher, time.monotonic() + limit_s, one_at_a_time)
            html.session = _session(endpoint, interception)
            await html.arender(retries=1, wait=0, timeout=limit_s + _GRACE_S, keep_page=True)
            await interception.settled(_QUIET_S)
            final = urldefrag(html.page.url).url
            if urlsplit(final).scheme in ("http", "https"):
                return final, str(await html.page.content())
            problem = "is left by its scripts for what is no page"
    except (TimeoutError, library.MaxRetries):
        problem, reason = "is not rendered in time", "timeout"
    except (library.pyppeteer.errors.PyppeteerError, OSError) as error:
        problem = f"cannot be rendered: {type(error).__name__}"
    finally:
        one_at_a_time.shutdown(wait=False, cancel_futures=True)
    raise FetchError(
        f"{shown(page.url)!r} {problem}",
        "use the site's feed or an export archive, or raise `collection: timeout_s` in twin.yaml",
        reason=reason,
    )


def _session(endpoint: str, interception: Interception) -> Any:
    connect = import_requests_html().pyppeteer.connect

    class Session(import_requests_html().HTMLSession):  # type: ignore[misc]
        """requests-html asks its session for the browser, and the browser for a page."""

        @property
        async def browser(self) -> Any:
            with warnings.catch_warnings():
                # pyppeteer uses websockets in a way that is deprecated.
                warnings.simplefilter("ignore", DeprecationWarning)
                connected = await connect(browserWSEndpoint=endpoint, logLevel=logging.CRITICAL)
            return _Watched(connected, interception)

    return Session(mock_browser=False)


class _Watched:
    """A browser whose pages ask for everything."""

    def __init__(self, browser: Any, interception: Interception) -> None:
        self._browser = browser
        self._interception = interception

    async def newPage(self) -> Any:  # noqa: N802
        page = await self._browser.newPage()
        await self._interception.watch(page)
        load = page.goto

        async def goto(url: str, options: dict[str, Any]) -> None:
            """Until the page is loaded, or at rest: a frame that is refused may keep it from ever being loaded."""
            loading = asyncio.ensure_future(load(url, options))
            resting = asyncio.ensure_future(self._interception.settled(_REST_S))
            done, _ = await asyncio.wait({loading, resting}, return_when=asyncio.FIRST_COMPLETED)
            for task in (loading, resting):
                task.cancel()
            if loading in done:
                loading.result()

        page.goto = goto
        return page
