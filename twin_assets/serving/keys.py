"""API keys: 32 random bytes each, of which only the digest is kept, in `<home>/keys.json` (mode 0600).

A key is random enough that a plain SHA-256 of it cannot be turned back; what people choose themselves is never a key.
The service takes up a key that is added or revoked with the next request.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from twin_assets.errors import ConfigError
from twin_assets.settings import Settings

Role = Literal["owner", "reader"]
PREFIX = "twin_"
LOCAL = "local"
"""The id of the key that the service makes for the programs of its own machine each time it starts."""


class Key(BaseModel):
    """A key as it is kept. `requests_per_minute` is None for the limit of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key_id: str
    name: str
    scope: Role
    digest: str
    created_at: datetime
    requests_per_minute: int | None = None


class KeyStore:
    """The keys of one twin. Reading costs one look at the file's facts while it does not change."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int, int] | None = None
        self._keys: dict[str, Key] = {}
        self._local: Key | None = None

    @classmethod
    def of(cls, settings: Settings) -> "KeyStore":
        """The keys in the author's home."""
        return cls(settings.home / "keys.json")

    def all(self) -> list[Key]:
        """Every key, oldest first. Raises ConfigError when the file cannot be read."""
        self._read()
        return list(self._keys.values())

    def find(self, secret: str) -> Key | None:
        """The key with this secret. Raises ConfigError."""
        self._read()
        digest = _digest(secret)
        known = [*self._keys.values(), *([self._local] if self._local else [])]
        return next((key for key in known if hmac.compare_digest(key.digest, digest)), None)

    def by_id(self, key_id: str) -> Key | None:
        """The key with this id, if it was not revoked. Raises ConfigError."""
        self._read()
        return self._keys.get(key_id)

    def add(self, name: str, scope: Role, requests_per_minute: int | None = None) -> tuple[Key, str]:
        """Make a key; returns it with its secret, which is kept nowhere. Raises ConfigError: the name is taken."""
        secret = PREFIX + secrets.token_urlsafe(32)
        with self._alone():
            known = self.all()
            if any(key.name == name for key in known):
                raise ConfigError(f"a key is called {name!r} already", "choose another name, or revoke it first")
            key = Key(
                key_id=secrets.token_hex(4),
                name=name,
                scope=scope,
                digest=_digest(secret),
                created_at=datetime.now(UTC),
                requests_per_minute=requests_per_minute,
            )
            self._write([*known, key])
        return key, secret

    def revoke(self, which: str) -> Key:
        """Take a key away, by its name or id; sessions that it opened end. Raises ConfigError: there is none."""
        with self._alone():
            known = self.all()
            key = next((one for one in known if which in (one.name, one.key_id)), None)
            if key is None:
                names = ", ".join(one.name for one in known) or "none"
                raise ConfigError(f"there is no key {which!r}", f"keys: {names}")
            self._write([one for one in known if one is not key])
        return key

    def make_local(self, file: Path) -> None:
        """Make an owner's key for programs of this user on this machine, and leave its secret in `file` (0600)."""
        secret = PREFIX + secrets.token_urlsafe(32)
        write_private(file, secret)
        self._local = Key(key_id=LOCAL, name=LOCAL, scope="owner", digest=_digest(secret), created_at=datetime.now(UTC))

    def _read(self) -> None:
        try:
            facts = self._file.stat()
        except FileNotFoundError:
            self._seen, self._keys = None, {}
            return
        seen = (facts.st_ino, facts.st_mtime_ns, facts.st_size)
        if seen == self._seen:
            return
        try:
            content = json.loads(self._file.read_text(encoding="utf-8"))
            keys = [Key.model_validate(one) for one in content["keys"]]
        except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
            raise ConfigError(
                f"{self._file}: cannot be read: {type(error).__name__}", "delete it and make new keys (`twin keys add`)"
            ) from None
        self._seen, self._keys = seen, {key.key_id: key for key in keys}

    def _write(self, keys: Sequence[Key]) -> None:
        content = {"keys": [key.model_dump(mode="json") for key in keys]}
        write_private(self._file, json.dumps(content, indent=1) + "\n")

    def _alone(self) -> FileLock:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(self._file.with_suffix(".lock"))


def local_key_file(settings: Settings) -> Path:
    """Where the running service leaves the key for programs of its own machine."""
    return settings.home / "run" / "service.key"


def write_private(file: Path, text: str) -> None:
    """Replace a file at once by one that nobody else can read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    staged = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
    staged.replace(file)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
