"""Addresses that may be fetched: what a URL means, and whether the machine it leads to is a public one.

Pages and redirects are written by strangers, so a URL may lead into the network that this program runs in (server-side
request forgery). A name is resolved once, for each connection; every address it resolves to must be public, and the
connection goes to one of those very addresses, so that a name cannot mean another machine a moment later.
"""

import ipaddress
import queue
import re
import socket
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urldefrag, urlsplit

import requests

from twin_assets.errors import FetchError

IP = ipaddress.IPv4Address | ipaddress.IPv6Address

_SHOWN = 300
"""Characters of a URL that an error names."""
_PARAMETER = re.compile(r"[\w.\[\]-]{1,40}")
_RESERVED_IPV4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/3",  # multicast and reserved
    )
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_RESERVED_IPV6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",
        "3fff::/20",
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be asked for: http or https, without a user name, in ASCII and without a fragment.

    `host` is in lower case, without brackets and final dot.
    """

    url: str
    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> tuple[str, str, int]:
        """Who answers: secrets and robots.txt belong to one scheme, host and port."""
        return self.scheme, self.host, self.port

    @property
    def root(self) -> str:
        """The URL of its host, without a path."""
        return f"{self.scheme}://{urlsplit(self.url).netloc}"


def shown(url: str) -> str:
    """The URL for a message: without user name, fragment and the values of its query, which may be secrets."""
    base, question, query = url.partition("#")[0].partition("?")
    scheme, separator, rest = base.partition("://")
    authority, slash, path = (rest if separator else base).partition("/")
    base = f"{scheme if separator else ''}{separator}{authority.rpartition('@')[2]}{slash}{path}"
    names = [pair.partition("=")[0] for pair in query.split("&")] if question else []
    hidden = "&".join(f"{name}=…" if _PARAMETER.fullmatch(name) else "…" for name in names)
    whole = f"{base}?{hidden}" if question else base
    return whole if len(whole) <= _SHOWN else f"{whole[:_SHOWN]}…"


def read_url(url: str) -> Target:
    """What a URL means. Raises FetchError (reason `address`) for what is not asked for: another scheme than http and
    https, a user name or password, no host."""
    try:
        scheme = urlsplit(url.strip()).scheme.lower()
        if scheme not in ("http", "https"):
            raise _refused(url, f"has the scheme {scheme!r}", "give an http:// or https:// address")
        # The URL as requests sends it is what is looked at: two readers of one URL may see two hosts.
        prepared = urldefrag(requests.Request("GET", url.strip()).prepare().url or "").url
        parts = urlsplit(prepared)
        if "@" in parts.netloc or "@" in urlsplit(url.strip()).netloc:
            raise _refused(url, "carries a user name or password", "remove what stands before the @")
        host, port = canonical_host(parts.hostname or ""), parts.port
    except (requests.RequestException, ValueError) as error:
        problem = type(error).__name__
    else:
        if host:
            return Target(prepared, parts.scheme, host, port or (443 if parts.scheme == "https" else 80))
        problem = "no host"
    raise _refused(url, f"is no valid address ({problem})", "correct it")


def canonical_host(host: str) -> str:
    """A host's name or literal address for comparing: in lower case, without brackets and final dot."""
    return host.strip("[]").rstrip(".").lower()


def is_public(address: IP) -> bool:
    """Whether an address belongs to a machine of the public internet.

    An IPv4 address that an IPv6 one carries (IPv4-mapped, 6to4, NAT64) must be public itself.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in network for network in _RESERVED_IPV4)
    carried = address.ipv4_mapped or address.sixtofour
    if carried is None and address in _NAT64:
        carried = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if carried is not None:
        return is_public(carried)
    return address in _GLOBAL_UNICAST and not any(address in network for network in _RESERVED_IPV6)


def resolve(
    host: str, port: int, allow_hosts: Collection[str], deadline: float
) -> list[tuple[socket.AddressFamily, str]]:
    """The addresses of a host, all of them public unless `allow_hosts` names the host.

    Args:
        deadline: in seconds of `time.monotonic`; a resolver that hangs is not waited for any longer.

    Raises FetchError (reason `address`) when one is not public, OSError when the host has none, TimeoutError.
    """
    found: list[tuple[socket.AddressFamily, str]] = []
    for family, address in _lookup(host, port, deadline):
        if canonical_host(host) not in {canonical_host(allowed) for allowed in allow_hosts}:
            _check(host, address)
        if (family, address) not in found:
            found.append((family, address))
    return found


def _check(host: str, address: str) -> None:
    try:
        public = is_public(ipaddress.ip_address(address))
    except ValueError:
        public = False
    if not public:
        raise FetchError(
            f"{host!r} lies at {address}, which is no public address",
            f"if it is a host of yours, add {canonical_host(host)!r} to `collection: allow_hosts` in twin.yaml",
            reason="address",
        )


def _lookup(host: str, port: int, deadline: float) -> list[tuple[socket.AddressFamily, str]]:
    answers: queue.SimpleQueue[list[tuple[socket.AddressFamily, str]] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            answers.put(error)
        except UnicodeError:
            answers.put(socket.gaierror(socket.EAI_NONAME, "no valid host name"))
        else:
            answers.put([(family, str(address[0])) for family, _, _, _, address in found])

    # The system's resolver has no time limit that a caller could set.
    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=max(deadline - time.monotonic(), 0))
    except queue.Empty:
        raise TimeoutError("the name server did not answer in time") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _refused(url: str, problem: str, remedy: str) -> FetchError:
    return FetchError(f"{shown(url)!r} {problem}, so it is not fetched", remedy, reason="address")
