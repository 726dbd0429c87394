"""Connections that go to checked addresses only, within limits of time and bytes that hold for every single read.

The limits of the request under way are kept for its thread, and each socket looks at them: so they hold in the
handshake, in headers and in what frames a body, wherever a server drips. Outside of `limited` nothing connects.
"""

import contextlib
import logging
import socket
import ssl
import time
import warnings
from collections.abc import Collection, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from twin_assets.collection.web.address import resolve

_FRAMING_BYTES = 1 << 20
"""For headers, and for what frames a body in chunks, besides the body."""


class TooManyBytes(Exception):
    """More came over the connection than the request may bring."""


@dataclass
class Limits:
    """What one request may take: until when, in seconds of `time.monotonic`, and how many bytes."""

    deadline: float
    bytes_left: int
    allow_hosts: Collection[str]

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline, for a socket: 0 would mean something else to it."""
        return max(self.deadline - time.monotonic(), 0.001)

    @property
    def expired(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self.deadline


_LIMITS: ContextVar[Limits] = ContextVar("limits")


@contextlib.contextmanager
def limited(timeout_s: float, max_bytes: int, allow_hosts: Collection[str]) -> Iterator[Limits]:
    """Requests of this thread keep within these limits until the block ends."""
    limits = Limits(time.monotonic() + timeout_s, max_bytes + _FRAMING_BYTES, allow_hosts)
    token = _LIMITS.set(limits)
    try:
        yield limits
    finally:
        _LIMITS.reset(token)


class _Timed(socket.socket):
    """Each read waits no longer than the request as a whole may still take, and counts what came."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        limits = _LIMITS.get()
        if limits.expired:
            raise TimeoutError("the request as a whole took too long")
        self.settimeout(limits.seconds_left)
        count = super().recv_into(*args, **kwargs)
        limits.bytes_left -= count
        if limits.bytes_left < 0:
            raise TooManyBytes
        return count


class _TimedTls(_Timed, ssl.SSLSocket):
    """The same, encrypted."""


class _Checked:
    """A connection to an address that was checked; Host header, server name and certificate go by the host's name."""

    def _new_conn(self: Any) -> socket.socket:
        limits = _LIMITS.get()
        failure: OSError = OSError("the name has no address")
        for family, address in resolve(self._dns_host, self.port, limits.allow_hosts, limits.deadline):
            connection = _Timed(family, socket.SOCK_STREAM)
            try:
                for option in self.socket_options or ():
                    connection.setsockopt(*option)
                connection.settimeout(limits.seconds_left)
                connection.connect((address, self.port))
            except OSError as error:
                connection.close()
                failure = error
            else:
                return connection
        raise NewConnectionError(self, str(failure)) from failure


class _HttpConnection(_Checked, HTTPConnection):
    pass


class _HttpsConnection(_Checked, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class CheckedAdapter(HTTPAdapter):
    """Sends requests of `limited` over checked connections."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        """Make the pools' connections checked ones."""
        context = create_urllib3_context()
        context.sslsocket_class = _TimedTls
        super().init_poolmanager(connections, maxsize, block, ssl_context=context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


def new_session(adapter: CheckedAdapter) -> requests.Session:
    """A session of requests-html: no proxy, password file or certificate from the environment, no followed redirect,
    no cookie from another session."""
    session: requests.Session = _session_class()(mock_browser=False)
    session.trust_env = False
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def import_requests_html() -> Any:
    """The module `requests_html`; pyppeteer below it imports what its own dependency calls deprecated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import requests_html
    return requests_html


@cache
def _session_class() -> Any:
    class Session(import_requests_html().HTMLSession):  # type: ignore[misc]
        """Redirects are followed by hand: `send` would read their bodies whole to prepare the next request."""

        def get_redirect_target(self, resp: requests.Response) -> None:
            return None

    return Session


class _Quiet(logging.Filter):
    """urllib3 logs URLs with their queries, in which secrets may stand."""

    def filter(self, record: logging.LogRecord) -> bool:
        return _LIMITS.get(None) is None


for _name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.response"):
    logging.getLogger(_name).addFilter(_Quiet())
