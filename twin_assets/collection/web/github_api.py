"""GitHub's REST API, as far as collecting a person's repositories needs it: what comes back is checked, not trusted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from twin_assets.collection.git_address import canonical_repository
from twin_assets.collection.text import storable
from twin_assets.collection.web.fetch import Fetcher
from twin_assets.collection.web.page import Page
from twin_assets.collection.web.refusal import WaitError
from twin_assets.errors import FetchError

VERSION = "2022-11-28"
_FULL_NAME = re.compile(r"[\w-][\w.-]*/(?!\.\.?$)[\w.-]+", re.ASCII)
_STOPPING = frozenset({401, 429})
_REFUSALS = 3


class Spent(Exception):
    """This run has fetched as many pages as it may."""


class Api:
    """Requests to the API, at most `pages_left` of them.

    Args:
        base: the API's base URL.
        token: an access token, or blank; it is sent as a header and appears nowhere else.
    """

    def __init__(self, base: str, token: str, fetcher: Fetcher, pages_left: int) -> None:
        self.base, self.pages_left = base.rstrip("/"), pages_left
        self._fetcher = fetcher
        self._headers = {"X-GitHub-Api-Version": VERSION}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._refused = 0

    @property
    def has_token(self) -> bool:
        """Whether GitHub is told who asks."""
        return "Authorization" in self._headers

    def get(self, path: str, *, conditional: bool = False) -> Page:
        """The answer for a path below the base URL. Raises FetchError, and Spent when no page is left."""
        if self.pages_left <= 0:
            raise Spent
        self.pages_left -= 1
        try:
            page = self._fetcher.get(
                f"{self.base}{path}",
                accept="application/vnd.github+json",
                headers=self._headers,
                conditional=conditional,
                robots=False,
            )
        except FetchError as error:
            self._refused = self._refused + 1 if error.status == 403 else 0
            raise
        self._refused = 0
        return page

    def is_away(self, error: FetchError) -> bool:
        """Whether it is the API that cannot be had (a rate limit, a wrong token, no network), not one page of it.

        A 403 alone is about one page: a repository that was blocked, a history too long to be counted. Some in a row
        are a limit for which GitHub gives no time.
        """
        limited = isinstance(error, WaitError) or self._refused >= _REFUSALS
        return limited or error.status in _STOPPING or error.reason == "connection"

    def next_path(self, page: Page) -> str:
        """The path of the page after this one, by its Link header; blank for none.

        Raises FetchError when it lies elsewhere: a token must not go there, and the rest must not count as gone.
        """
        for link in requests.utils.parse_header_links(page.headers.get("link", "")):
            if link.get("rel") == "next":
                url = str(link.get("url", ""))
                if not url.startswith(f"{self.base}/"):
                    raise FetchError(
                        f"{page.asked!r} has a next page that does not lie below {self.base!r}",
                        "set `collection: endpoints` in twin.yaml to the address by which the API calls itself",
                        reason="type",
                        status=page.status,
                    )
                return url.removeprefix(self.base)
        return ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A repository as GitHub lists it. `reason` and `detail` say why it is set aside.

    `pushed_at` changes with every push to any branch; it is blank when that is not said.
    """

    full_name: str
    repository: str
    branch: str
    private: bool
    pushed_at: str = ""
    reason: str = ""
    detail: str = ""


def read_listed(value: object) -> Listed | None:
    """A repository of a listing; None for what is no repository."""
    facts = value if isinstance(value, dict) else {}
    full_name = string(facts, "full_name")
    if not _FULL_NAME.fullmatch(full_name):
        return None
    reason = detail = ""
    if facts.get("fork"):
        reason, detail = "fork", "is a fork of another repository"
    elif facts.get("mirror_url"):
        reason, detail = "fork", "is a mirror of another repository"
    elif facts.get("disabled"):
        reason, detail = "unreadable", "is disabled by GitHub"
    return Listed(
        full_name,
        repository=canonical_repository(string(facts, "html_url")) or f"https://github.com/{full_name}",
        branch=string(facts, "default_branch") or "HEAD",
        # What is not said to be public is not treated as public.
        private=facts.get("private") is not False,
        pushed_at=string(facts, "pushed_at"),
        reason=reason,
        detail=detail,
    )


def string(facts: Mapping[str, Any], key: str) -> str:
    """A value that should be a string; blank when it is none."""
    value = facts.get(key)
    return storable(value) if isinstance(value, str) else ""


def mapping(page: Page) -> dict[str, Any]:
    """A page that should be an object. Raises FetchError when it is none."""
    answer = page.json()
    if not isinstance(answer, dict):
        raise unexpected(page)
    return answer


def values(page: Page) -> list[Any]:
    """A page that should be a list. Raises FetchError when it is none."""
    answer = page.json()
    if not isinstance(answer, list):
        raise unexpected(page)
    return answer


def unexpected(page: Page) -> FetchError:
    """The error for a page that is not what GitHub's API answers."""
    return FetchError(
        f"{page.asked!r} does not answer as GitHub's API does",
        "collect again later; if it stays so, see that `collection: endpoints` in twin.yaml names an API",
        reason="type",
        status=page.status,
    )
