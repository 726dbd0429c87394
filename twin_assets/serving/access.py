"""Who may do what: the decision on every route, in one place. What is not named here is for the owner."""

import ipaddress
import re
from typing import Literal

from twin_assets.serving.keys import Role
from twin_assets.settings import ServiceSettings

Needed = Literal["nobody", "reader", "owner"]
"""Whom a request must come from at least; `nobody` in particular is what needs no key."""

_ID = r"[^/]+"
RULES: tuple[tuple[str, re.Pattern[str], Needed], ...] = tuple(
    (method, re.compile(path), needed)  # type: ignore[misc]
    for method, path, needed in (
        ("GET", r"/healthz|/readyz", "nobody"),
        ("GET", r"/static/.*", "nobody"),
        ("GET", r"/login", "nobody"),
        ("POST", r"/login|/logout", "nobody"),
        ("GET", r"/openapi\.json", "reader"),
        ("GET", rf"/v1/models(/{_ID})?", "reader"),
        ("POST", r"/v1/(chat/completions|responses|embeddings)", "reader"),
        ("POST", r"/api/search", "reader"),
        ("GET", rf"/api/documents/{_ID}", "reader"),
    )
)


def needed_for(method: str, path: str) -> Needed:
    """Whom a request must come from."""
    return next((needed for m, pattern, needed in RULES if m == method and pattern.fullmatch(path)), "owner")


def allowed(role: Role | None, needed: Needed) -> bool:
    """Whether a role is enough."""
    return needed == "nobody" or role == "owner" or (role == "reader" and needed == "reader")


def exposed(settings: ServiceSettings) -> bool:
    """Whether the service can be reached from elsewhere: it listens there, or answers to a name from there."""
    return not all(_is_local(name) for name in (settings.host, *settings.hosts))


def _is_local(name: str) -> bool:
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
