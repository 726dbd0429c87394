"""A page as a server answered with it: its body as text, JSON or HTML."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twin_assets.collection.web.address import shown
from twin_assets.collection.web.body import page_text
from twin_assets.collection.web.connection import import_requests_html
from twin_assets.errors import FetchError

if TYPE_CHECKING:
    from requests_html import HTML

_EMPTY = "<html></html>"


@dataclass(frozen=True, slots=True)
class Page:
    """An answer. `url` is where redirects led; header names are in lower case.

    `unchanged` is set when a conditional request was answered by 304: there is no body then.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    unchanged: bool = False
    asked: str = ""
    """The URL that was asked for."""

    def text(self) -> str:
        """The body as text: by its byte order mark, the charset of its header or its own declaration, else inferred."""
        return page_text(self.body, self.headers.get("content-type", ""))

    def json(self) -> Any:
        """The body as JSON. Raises FetchError (reason `type`) when it is none."""
        try:
            return json.loads(self.text())
        except (ValueError, RecursionError):
            pass
        raise FetchError(
            f"{shown(self.url)!r} is no valid JSON",
            "correct the address: a page for readers may stand where the site's API was looked for",
            reason="type",
            status=self.status,
        )

    def html(self) -> "HTML":
        """The body for selectors and absolute links, as requests-html has it."""
        library = import_requests_html()
        # Given the body itself, requests-html would go by the encoding that it declares, and stumble over scraps.
        page = library.HTML(url=self.url, html=_EMPTY)
        page.raw_html = self.text().encode() or _EMPTY.encode()
        page.encoding = "utf-8"
        with warnings.catch_warnings():
            # A body that looks like a URL or XML is still what the site calls a page.
            warnings.simplefilter("ignore", UserWarning)
            try:
                page.lxml  # noqa: B018
            except (RecursionError, library.etree.LxmlError):
                page._lxml = _parsed(library.lxml.html, page.raw_html)
        return page


def _parsed(parsers: Any, html: bytes) -> Any:
    """HTML as lxml's own parser reads it, which cuts what is nested too deeply; an empty page if there is nothing."""
    try:
        return parsers.document_fromstring(html, parser=parsers.HTMLParser(encoding="utf-8"))
    except import_requests_html().etree.LxmlError:
        return parsers.document_fromstring(_EMPTY)
