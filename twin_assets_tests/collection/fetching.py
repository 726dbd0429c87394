"""A fetcher whose time passes only while something waits for it, and servers for it to meet."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from twin_assets.collection.web.fetch import Fetcher
from twin_assets.errors import FetchError
from twin_assets.settings import CollectionSettings
from twin_assets_tests.loopback import Request, Response

EPOCH = 1_700_000_000.0
MIB = 1 << 20


@dataclass
class Clock:
    """Time that passes only while something waits for it."""

    passed: float = 0.0
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        if seconds:
            self.waits.append(seconds)
        self.passed += seconds

    def now(self) -> float:
        return EPOCH + self.passed


def fetcher(clock: Clock | None = None, validators: dict[str, dict[str, str]] | None = None, **changes: Any) -> Fetcher:
    """A fetcher that may reach the loopback interface and never really waits."""
    clock = clock or Clock()
    limits = CollectionSettings(**{"allow_hosts": ("127.0.0.1",), "delay_s": 0, "timeout_s": 10, **changes})
    return Fetcher(limits, validators, clock=clock, sleep=clock.sleep, now=clock.now)


def refused(url: str, by: Fetcher | None = None, **ask: Any) -> FetchError:
    with pytest.raises(FetchError) as error:
        (by or fetcher()).get(url, **ask)
    assert error.value.remedy
    return error.value


def in_turn(*answers: Response) -> Callable[[Request], Response]:
    """The first answer to the first request, and so on; the last one to all further ones."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def to(location: str, status: int = 302) -> Response:
    return Response(status=status, headers={"Location": location})


@contextlib.contextmanager
def raw_server(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says whatever `serve` says to one connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def accept() -> None:
        with contextlib.suppress(OSError):
            client, _ = listener.accept()
            with client:
                client.recv(65536)
                serve(client)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.close()
        thread.join(5)


def named(monkeypatch: pytest.MonkeyPatch, names: dict[str, list[str]]) -> list[str]:
    """Names resolve to these addresses, from one lookup to the next; the last one stays. Returns what was looked up."""
    looked_up: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *args: Any, **kwargs: Any) -> Any:
        looked_up.append(host)
        addresses = names.get(host, [host])
        return real(addresses.pop(0) if len(addresses) > 1 else addresses[0], *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return looked_up
