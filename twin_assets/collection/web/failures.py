"""What it means for a document that its page cannot be fetched."""

from twin_assets.errors import FetchError

TRIES = 3
"""Runs in which a page is tried that fails for a reason that may pass."""
_GONE = frozenset({404, 410})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_ADVICE = {401: "only members see it", 403: "the site refuses it to programs"}


def is_gone(error: FetchError) -> bool:
    """Whether the site says that there is nothing at the address, or nothing any more."""
    return error.status in _GONE


def may_pass(error: FetchError) -> bool:
    """Whether a later run may find the page."""
    return error.status in _PASSING or error.reason in ("timeout", "connection")


def reason(error: FetchError) -> str:
    """The reason of the exclusion of the page."""
    if is_gone(error):
        return "deleted"
    return error.reason if error.reason in ("robots", "too_large") else "unreadable"


def detail(error: FetchError) -> str:
    """What to say of it, with what to do where only the reader can do something."""
    advice = _ADVICE.get(error.status, "")
    return f"{error.what}{f': {advice}; {error.remedy}' if advice else ''}"
