"""The requests of a page in the browser, intercepted and answered one by one.

The browser reaches nothing by itself (see `browser`): what may be fetched is fetched by the Fetcher, with its checks of
addresses and robots.txt and its limits, and handed over. So a script cannot reach what a URL in a source could not.
"""

import asyncio
import base64
import contextlib
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from twin_assets.collection.web.connection import import_requests_html
from twin_assets.collection.web.fetch import Fetcher
from twin_assets.collection.web.page import Page
from twin_assets.errors import FetchError

_PARTS = frozenset({"Script", "XHR", "Fetch"})
"""What a text may depend on; pictures, fonts and frames are left out."""
_MOST_PARTS = 100


class Interception:
    """Answers the requests of one page in the browser.

    Args:
        page: the page itself, which was fetched already.
        until: in seconds of `time.monotonic`; afterwards everything is refused, so that the page comes to rest.
    """

    def __init__(self, page: Page, fetcher: Fetcher, until: float, executor: ThreadPoolExecutor) -> None:
        self._page = page
        self._fetcher = fetcher
        self._until = until
        self._executor = executor
        self._frame = ""
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = time.monotonic()

    async def watch(self, page: Any) -> None:
        """Take over all that the browser's page will ask for."""
        client = await page.target.createCDPSession()
        client.on("Fetch.requestPaused", lambda event: self._begin(client, event))
        page.on("dialog", lambda dialog: self._keep(dialog.dismiss()))
        await client.send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})
        await client.send("Network.enable")
        await client.send("Network.setBypassServiceWorker", {"bypass": True})
        await client.send("Page.setDownloadBehavior", {"behavior": "deny"})

    async def settled(self, quiet_s: float) -> None:
        """Wait until nothing is asked for, and was for so many seconds."""
        begun = time.monotonic()
        while time.monotonic() < self._until and (
            self._tasks or time.monotonic() - max(begun, self._changed) < quiet_s
        ):
            await asyncio.sleep(0.05)

    def _begin(self, client: Any, event: Mapping[str, Any]) -> None:
        self._keep(self._answer(client, event))

    def _keep(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, client: Any, event: Mapping[str, Any]) -> None:
        answer = await self._content(event)
        request = {"requestId": event["requestId"]}
        # The browser forgets requests of a page that it leaves.
        with contextlib.suppress(import_requests_html().pyppeteer.errors.NetworkError):
            if answer is None:
                # Where a page is left for a refused one, it stays; an error page would take its place otherwise.
                await client.send("Fetch.failRequest", {**request, "errorReason": "Aborted"})
                return
            headers = {"Content-Type": answer.headers.get("content-type", "text/plain"), **self._sharing(event)}
            content = {
                "responseCode": answer.status,
                "responseHeaders": [{"name": name, "value": value} for name, value in headers.items()],
                "body": base64.b64encode(answer.body).decode(),
            }
            await client.send("Fetch.fulfillRequest", {**request, **content})

    def _sharing(self, event: Mapping[str, Any]) -> dict[str, str]:
        """Lets the page read what it asked other hosts for: the browser has nothing of its user's to protect."""
        sent = {name.lower(): value for name, value in event["request"]["headers"].items()}
        own = urlsplit(self._page.url)
        origin = sent.get("origin", f"{own.scheme}://{own.netloc}")
        return {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}

    async def _content(self, event: Mapping[str, Any]) -> Page | None:
        """The answer to one request; None refuses it."""
        request, kind = event["request"], event["resourceType"]
        self._count += 1
        if request["method"] != "GET" or self._count > _MOST_PARTS:
            return None
        if kind == "Stylesheet":
            # Some scripts wait for their style; no text depends on what is in it.
            return Page(request["url"], 200, {"content-type": "text/css"}, b"")
        if kind == "Document":
            first = not self._frame
            self._frame = self._frame or event["frameId"]
            if first and request["url"] == self._page.url:
                return self._page
        if kind not in _PARTS and (kind, event["frameId"]) != ("Document", self._frame):
            return None
        fetching = asyncio.get_running_loop().run_in_executor(self._executor, self._fetched, request["url"])
        try:
            return await asyncio.wait_for(fetching, max(self._until - time.monotonic(), 0))
        except TimeoutError:
            return None
        finally:
            # What is refused is no sign of life: some scripts ask for it for ever.
            self._changed = time.monotonic()

    def _fetched(self, url: str) -> Page | None:
        left = self._until - time.monotonic()
        if left <= 0:
            return None
        try:
            return self._fetcher.get(url, within_s=left)
        except FetchError as error:
            # A script may know what to do about a missing thing.
            return Page(url, error.status, {}, b"") if error.status >= 400 else None
