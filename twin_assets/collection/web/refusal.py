"""What an answer that is no page, or no answer at all, means to a person, and whether it may pass by itself."""

import http.client
import socket
import ssl
from collections.abc import Mapping

import requests
import urllib3

from twin_assets.collection.web.address import Target, shown
from twin_assets.collection.web.body import Undecodable
from twin_assets.collection.web.connection import Limits, TooManyBytes
from twin_assets.collection.web.manners import PATIENCE_S, clock_time, rate_limit_reset, retry_after
from twin_assets.errors import FetchError

PASSING_STATUSES = frozenset({429, 502, 503, 504})
FAILURES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    EOFError,
    ValueError,
    TooManyBytes,
    Undecodable,
)
"""What requests, urllib3 and our own reading raise when no whole answer comes."""
_CHALLENGE = (
    b"cf-chl-",
    b"cf_chl_",
    b"just a moment...",
    b"attention required! | cloudflare",
    b"enable javascript and cookies to continue",
    b"verify you are human",
    b"are you a robot",
    b"making sure you're not a bot",
    b"/.within.website/x/cmd/anubis",
)
"""What a page says that checks for a human reader."""
_GUARDS = (b"/cdn-cgi/challenge-platform", b"captcha", b"datadome", b"_incapsula_resource", b"awswafintegration")
"""What watches over a site: a mark of a check only where the answer is a refusal."""
_CHALLENGE_HEADERS = ("cf-mitigated", "x-datadome", "x-amzn-waf-action")
_REMEDIES = {
    401: "it is not for the public: use an export archive instead, or name the variable with an access token",
    403: "the site refuses it: use an export archive or a feed instead",
    404: "correct the address: there is nothing at it",
    410: "take it out of the sources: it is gone for good",
    429: "collect again later, with a larger `collection: delay_s` in twin.yaml",
    451: "it must not be shown where you are: use an export archive instead",
}


class PassingError(FetchError):
    """A failure that may pass by itself.

    Args:
        after_s: seconds that the host asks to wait for; None when it does not say.
    """

    def __init__(self, what: str, remedy: str, *, reason: str, status: int = 0, after_s: float | None = None) -> None:
        super().__init__(what, remedy, reason=reason, status=status)
        self.after_s = after_s


class WaitError(FetchError):
    """The host wants no request for a time that is too long to wait for.

    Args:
        wait_s: seconds until then.
    """

    def __init__(self, what: str, remedy: str, *, status: int, wait_s: float) -> None:
        super().__init__(what, remedy, reason="status", status=status)
        self.wait_s = wait_s


def refusal(target: Target, status: int, headers: Mapping[str, str], body: bytes, now: float) -> FetchError:
    """The error for an answer with another status than asked for.

    Args:
        headers: names in lower case.
        body: its beginning.
        now: seconds since 1970.
    """
    what = f"{shown(target.url)!r} answers with status {status}"
    if status in (403, 429):
        wait_s = rate_limit_reset(headers, now)
        if wait_s is not None:
            when = f"after {clock_time(now + wait_s)}" if wait_s else "later"
            remedy = f"collect again {when}, when it is reset; an access token, where the site has them, raises it"
            return WaitError(f"{what}: its rate limit is used up", remedy, status=status, wait_s=wait_s)
    watched = any(name in headers for name in _CHALLENGE_HEADERS) or any(mark in body.lower() for mark in _GUARDS)
    if status in (403, 429, 503) and (watched or is_challenge(body)):
        return challenge(target.url, status)
    remedy = _REMEDIES.get(status, "collect again later: the site fails" if status >= 500 else "correct the address")
    after_s = retry_after(headers, now)
    # GitHub's limit on bursts is a 403 that says when to come back.
    if status not in PASSING_STATUSES and (status != 403 or after_s is None):
        return FetchError(what, remedy, reason="status", status=status)
    if after_s is not None and after_s > PATIENCE_S:
        remedy = f"collect again after {clock_time(now + after_s)}"
        return WaitError(f"{what} and asks to wait", remedy, status=status, wait_s=after_s)
    return PassingError(what, remedy, reason="status", status=status, after_s=after_s)


def failure(target: Target, limits: Limits, error: Exception, max_bytes: int) -> FetchError:
    """The error for what one of FAILURES means; it holds nothing of that error's own text, which names whole URLs."""
    name = shown(target.url)
    causes = list(_causes(error))
    if any(isinstance(cause, TooManyBytes) for cause in causes):
        remedy = "raise `collection: max_bytes` in twin.yaml if it is wanted"
        return FetchError(f"{name!r} is larger than {max_bytes} bytes", remedy, reason="too_large")
    for cause in causes:
        if isinstance(cause, requests.exceptions.InvalidHeader | UnicodeEncodeError):
            remedy = "look for a line end or a strange character in the access token, or whatever else is sent"
            return FetchError(f"{name!r} is not asked for: a header cannot be sent", remedy, reason="connection")
        if isinstance(cause, Undecodable):
            return FetchError(f"{name!r} {cause}", "read it in a browser: the site is at fault", reason="type")
        if isinstance(cause, ssl.SSLCertVerificationError):
            remedy = "tell whoever runs the site: another one may pose as it"
            problem = f"{name!r} shows no valid certificate: {cause.verify_message}"
            return FetchError(problem, remedy, reason="connection")
        if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
            return FetchError(f"{target.host!r} is no host that is known", "correct the address", reason="connection")
    if limits.expired:
        remedy = "collect again later, or raise `collection: timeout_s` in twin.yaml"
        return PassingError(f"{name!r} did not answer in time", remedy, reason="timeout")
    problems = [cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror]
    problem = problems[-1] if problems else "the connection broke off"
    return PassingError(f"{name!r} cannot be reached: {problem}", "collect again later", reason="connection")


def is_challenge(body: bytes) -> bool:
    """Whether a page checks for a human reader, by what it says."""
    return any(mark in body.lower() for mark in _CHALLENGE)


def challenge(url: str, status: int) -> FetchError:
    """The error for a page that checks for a human reader."""
    what = f"{shown(url)!r} answers with status {status}: it asks for proof of a human reader"
    remedy = "use the site's export archive or its feed instead: a bot check is not worked around"
    return FetchError(what, remedy, reason="status", status=status)


def _causes(error: BaseException | None) -> list[BaseException]:
    """The error, and what it came from: requests keeps urllib3's as an argument, urllib3 the socket's as a reason."""
    found: list[BaseException] = []
    queue = [error]
    while queue:
        error = queue.pop(0)
        if error is None or error in found:
            continue
        found.append(error)
        inner = [getattr(error, "reason", None), *error.args, error.__cause__, error.__context__]
        queue.extend(e for e in inner if isinstance(e, BaseException))
    return found
