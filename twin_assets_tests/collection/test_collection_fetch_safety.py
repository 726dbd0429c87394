"""Where a fetcher does not go, and what it does not take in."""

import gzip
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from twin_assets.collection.web import address, connection
from twin_assets_tests.collection.fetching import MIB, Clock, fetcher, named, raw_server, refused, to
from twin_assets_tests.loopback import Loopback, Response

# Addresses


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/a", "http://me:s3cret@127.0.0.1/"])
def test_other_schemes_and_user_names_are_refused(url: str) -> None:
    error = refused(url)
    assert error.reason == "address"
    assert "s3cret" not in str(error)


def test_this_machine_is_refused_unless_it_is_allowed(site: Loopback) -> None:
    site.routes["/a"] = Response("x")
    error = refused(f"{site.url}/a", fetcher(allow_hosts=()))
    assert (error.reason, error.status) == ("address", 0)
    assert not site.requests


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "//192.168.0.1/x",
        "http://[::ffff:169.254.169.254]/",
        "http://2130706433/",
        "http://localhost/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "http://me:pw@127.0.0.1/",
    ],
)
def test_a_redirect_to_what_must_not_be_fetched_is_refused(site: Loopback, location: str) -> None:
    site.routes["/a"] = to(location)
    for robots in (True, False):
        assert refused(f"{site.url}/a", robots=robots).reason == "address"


def test_a_name_that_resolves_to_a_private_address_is_refused(site: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, {"blog.test": ["127.0.0.1"]})
    port = site.url.rpartition(":")[2]
    assert refused(f"http://blog.test:{port}/a").reason == "address"
    assert not site.requests


def test_the_connection_goes_to_the_address_that_was_checked(site: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    site.routes["/a"] = Response("x", headers={"Connection": "close"})
    looked_up = named(monkeypatch, {"blog.test": ["127.0.0.1", "127.0.0.1", "10.0.0.9"]})
    monkeypatch.setattr(address, "is_public", lambda ip: str(ip) == "127.0.0.1")
    url = f"http://blog.test:{site.url.rpartition(':')[2]}/a"
    by = fetcher(allow_hosts=())
    assert by.get(url, robots=False).body == b"x"
    assert looked_up == ["blog.test"]
    assert site.requests[-1].headers["host"] == url.split("/")[2]
    assert by.get(url, robots=False).body == b"x"
    # By now the name means another machine, which is looked at anew.
    assert refused(url, by, robots=False).reason == "address"
    assert (len(looked_up), site.count("/a")) == (3, 2)


def test_nothing_connects_outside_of_a_limited_request(site: Loopback) -> None:
    session = connection.new_session(connection.CheckedAdapter())
    with pytest.raises(LookupError):
        session.get(f"{site.url}/a")


# Limits


def test_a_body_beyond_the_limit_is_refused_whether_its_length_is_said_or_not(site: Loopback) -> None:
    site.routes |= {
        "/said": Response(b"x" * 11 * MIB),
        "/unsaid": lambda _: Response(iter([b"x" * MIB] * 11)),
        "/fits": lambda _: Response(iter([b"x" * MIB] * 10)),
    }
    for path in ("/said", "/unsaid"):
        error = refused(f"{site.url}{path}")
        assert (error.reason, site.count(path)) == ("too_large", 1)
    assert len(fetcher().get(f"{site.url}/fits").body) == 10 * MIB


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_bomb_is_not_unpacked(site: Loopback, coding: str) -> None:
    whole = b"\x00" * (64 * MIB)
    packed = gzip.compress(whole) if coding == "gzip" else zlib.compress(whole)
    del whole
    site.routes["/bomb"] = Response(packed, headers={"Content-Encoding": coding})
    by = fetcher(max_bytes=MIB)
    tracemalloc.start()
    try:
        assert refused(f"{site.url}/bomb", by).reason == "too_large"
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()
    assert site.count("/bomb") == 1


@pytest.mark.parametrize(
    ("begin", "more", "reason"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "too_large"),
        (b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n", "connection"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 50, "connection"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0" * 50, "connection"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", "too_large"),
    ],
)
def test_what_has_no_end_is_given_up_wherever_it_is(begin: bytes, more: bytes, reason: str) -> None:
    def serve(client: socket.socket) -> None:
        client.sendall(begin)
        for _ in range(100):
            client.sendall(more * (MIB // len(more)))

    with raw_server(serve) as url:
        assert refused(url, fetcher(max_bytes=MIB, attempts=1), robots=False).reason == reason


@pytest.mark.parametrize("part", ["body", "chunks", "headers"])
def test_what_drips_ends_with_the_time_for_the_request_as_a_whole(part: str) -> None:
    stop = threading.Event()
    begin = {
        "body": b"HTTP/1.1 200 OK\r\n\r\n",
        "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "headers": b"HTTP/1.1 200 OK\r\nX-Long: ",
    }[part]

    def serve(client: socket.socket) -> None:
        client.sendall(begin)
        while not stop.wait(0.05):
            client.sendall(b"1\r\nx\r\n" if part == "chunks" else b"x")

    with raw_server(serve) as url:
        begun = time.monotonic()
        error = refused(url, fetcher(timeout_s=0.5, attempts=1), robots=False)
        stop.set()
    assert error.reason == "timeout"
    assert 0.4 < time.monotonic() - begun < 3


# Encryption


@dataclass
class Tls:
    """An encrypted server for `blog.test` on the loopback interface; `names` are those that it was asked for."""

    port: int
    names: list[str | None]


@pytest.fixture
def tls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Tls]:
    """A server whose certificate is trusted, and names that resolve to it."""
    certificate = tmp_path / "certificate.pem"
    certificate.write_bytes(self_signed("blog.test"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    names: list[str | None] = []
    stopped = threading.Event()
    context.sni_callback = lambda _, name, __: names.append(name)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302 if self.path.startswith("/to/") else 200)
            self.send_header("Location", self.path[4:])
            self.end_headers()
            self.wfile.write(b"x")
            while self.path == "/drip" and not stopped.wait(0.05):
                self.wfile.write(b"x")

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        def get_request(self) -> tuple[socket.socket, Any]:
            client, source = super().get_request()
            client.settimeout(5)
            return context.wrap_socket(client, server_side=True), source

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Quiet."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))
    named(monkeypatch, {"blog.test": ["127.0.0.1"], "other.test": ["127.0.0.1"]})
    yield Tls(server.server_address[1], names)
    stopped.set()
    server.shutdown()
    server.server_close()


def self_signed(name: str) -> bytes:
    """A key and a certificate for a host."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begun = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, begun, begun + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + certificate.public_bytes(Encoding.PEM)


def test_an_encrypted_page_is_asked_for_by_name_at_the_address_that_was_checked(tls: Tls) -> None:
    page = fetcher(allow_hosts=("blog.test",)).get(f"https://blog.test:{tls.port}/a", robots=False)
    assert (page.body, tls.names) == (b"x", ["blog.test"])


def test_an_encrypted_page_that_drips_ends_in_time_too(tls: Tls) -> None:
    by = fetcher(allow_hosts=("blog.test",), timeout_s=0.5, attempts=1)
    begun = time.monotonic()
    assert refused(f"https://blog.test:{tls.port}/drip", by, robots=False).reason == "timeout"
    assert time.monotonic() - begun < 3


def test_a_certificate_for_another_name_is_not_accepted(tls: Tls) -> None:
    clock = Clock()
    error = refused(f"https://other.test:{tls.port}/a", fetcher(clock, allow_hosts=("other.test",)), robots=False)
    assert (error.reason, clock.waits) == ("connection", [])
    assert "certificate" in error.what


def test_a_handshake_without_an_answer_ends_in_time() -> None:
    released = threading.Event()
    with raw_server(lambda _: released.wait(5) and None) as url:
        error = refused(url.replace("http:", "https:"), fetcher(timeout_s=0.3, attempts=1), robots=False)
        released.set()
    assert error.reason == "timeout"


def test_a_request_with_a_secret_is_not_led_out_of_encryption(tls: Tls, site: Loopback) -> None:
    site.routes["/b"] = Response("x")
    by = fetcher(allow_hosts=("blog.test", "127.0.0.1"))
    url = f"https://blog.test:{tls.port}/to/{site.url}/b"
    error = refused(url, by, robots=False, headers={"Authorization": "s3cret"})
    assert (error.reason, site.requests) == ("redirects", [])
    assert by.get(url, robots=False).body == b"x"
