"""Sessions of the owner in a browser: opened with an owner's key, ended by signing out, by time or with the key.

Only the digest of a session's token is kept, in `<home>/sessions.json` (mode 0600), so that a restart of the service
signs nobody out. The CSRF token follows from the session's token, and cannot be turned back into it.
"""

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twin_assets.serving.keys import Key, KeyStore, write_private

COOKIE = "twin_session"
_MOST = 200
"""Sessions kept; the oldest is ended when there is one more."""


class Sessions:
    """The open sessions of one twin."""

    def __init__(self, file: Path, keys: KeyStore, hours: int, now: Callable[[], float] = time.time) -> None:
        self._file, self._keys, self._seconds, self._now = file, keys, hours * 3600, now
        self._lock = threading.Lock()
        self._open = self._stored()

    def open(self, key: Key) -> str:
        """Begin a session with an owner's key; returns its token, for the cookie."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            live = {name: one for name, one in self._open.items() if one["until"] > self._now()}
            newest = sorted(live.items(), key=lambda pair: pair[1]["until"])[-(_MOST - 1) :]
            until = self._now() + self._seconds
            self._open = dict(newest) | {_digest(token): {"key": key.key_id, "until": until}}
            self._save()
        return token

    def key_of(self, token: str) -> Key | None:
        """The owner's key that a session was opened with; None when the session or the key is at its end."""
        session = self._open.get(_digest(token))
        if session is None or session["until"] <= self._now():
            return None
        key = self._keys.by_id(session["key"])
        return key if key is not None and key.scope == "owner" else None

    def close(self, token: str) -> None:
        """End a session."""
        with self._lock:
            if self._open.pop(_digest(token), None):
                self._save()

    def _save(self) -> None:
        write_private(self._file, json.dumps(self._open))

    def _stored(self) -> dict[str, dict[str, Any]]:
        try:
            content = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


def csrf_token(token: str) -> str:
    """The CSRF token of a session."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
