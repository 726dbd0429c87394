"""A Mastodon server on the loopback interface, with the pitfalls of real ones."""

import json
from dataclasses import dataclass, field
from typing import Any

from twin_assets_tests.loopback import Loopback, Request, Response

LOOKUP, STATUSES = "/api/v1/accounts/lookup", "/api/v1/accounts/7/statuses"


@dataclass
class MastodonServer:
    """A Mastodon server with one account; `cap` is the most statuses that it gives at once."""

    site: Loopback
    cap: int = 40
    links: bool = True
    account: dict[str, Any] = field(default_factory=lambda: {"id": "7", "username": "jo", "acct": "jo"})
    statuses: dict[int, dict[str, Any]] = field(default_factory=dict)
    refusals: dict[int, Response] = field(default_factory=dict)
    """Answers in place of that of the n-th request for statuses, from 1."""
    repeated: bool = False
    """Each page begins with the last status of the one before, as when posts came in between."""

    def __post_init__(self) -> None:
        self.site.routes |= {LOOKUP: self._lookup, STATUSES: self._page}

    @property
    def url(self) -> str:
        return f"{self.site.url}/@jo"

    @property
    def asked(self) -> int:
        return len(self.site.requests)

    def post(self, identity: int, content: str = "", **more: Any) -> None:
        self.statuses[identity] = {
            "id": str(identity),
            "uri": f"https://example.org/users/jo/statuses/{identity}",
            "url": f"https://example.org/@jo/{identity}",
            "created_at": f"2024-01-01T00:{identity // 60 % 60:02}:{identity % 60:02}.000Z",
            "edited_at": None,
            "visibility": "public",
            "content": content or f"<p>Status {identity}.</p>",
            "spoiler_text": "",
            "in_reply_to_id": None,
            "in_reply_to_account_id": None,
            "reblog": None,
            "mentions": [],
            "account": self.account,
            **more,
        }

    def reply(self, identity: int, to: int, content: str = "", **more: Any) -> None:
        self.post(identity, content, in_reply_to_id=str(to), in_reply_to_account_id="7", **more)

    def _lookup(self, request: Request) -> Response:
        return Response(json.dumps(self.account)) if request.query.get("acct") == "jo" else Response("{}", 404)

    def _page(self, request: Request) -> Response:
        if refusal := self.refusals.pop(self.site.count(STATUSES), None):
            return refusal
        below = int(request.query.get("max_id", "0")) or 1 << 60
        limit = min(int(request.query["limit"]), self.cap)
        page = sorted((i for i in self.statuses if i < below), reverse=True)[:limit]
        headers = {}
        if page and self.links and len(page) == limit:
            following = f'<https://elsewhere.example{STATUSES}?max_id={page[-1]}>; rel="next"'
            headers["Link"] = f'{following}, <https://elsewhere.example/?min_id={page[0]}>; rel="prev"'
        shown = [below, *page] if self.repeated and below in self.statuses else page
        return Response(json.dumps([self.statuses[i] for i in shown]), headers=headers)
