import ipaddress
import socket
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.collection.web.address import is_public, read_url, resolve, shown
from twin_assets.errors import FetchError

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.254",
    "192.0.0.8",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:10.0.0.1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "2001:0:53aa:64c:0:fbff:fd00:5e5f",
    "2001:db8::1",
    "3fff::1",
]
PUBLIC = ["1.1.1.1", "93.184.216.34", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]

Resolver = Callable[..., list[tuple[object, ...]]]


def answering(*addresses: str) -> Resolver:
    """A resolver that knows one answer to every question."""

    def getaddrinfo(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        family = {a: socket.AF_INET6 if ":" in a else socket.AF_INET for a in addresses}
        return [(family[a], socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    return getaddrinfo


def lookup(host: str, *allow: str) -> list[str]:
    return [address for _, address in resolve(host, 80, allow, time.monotonic() + 5)]


@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_of_this_machine_or_its_network_is_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
@settings(deadline=None)
def test_an_address_that_is_not_public_stays_so_however_it_is_carried(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    carriers = [0xFFFF << 32 | number, 0x2002 << 112 | number << 80, 0x64FF9B << 96 | number]
    assert {is_public(ipaddress.IPv6Address(carrier)) for carrier in carriers} == {is_public(address)}


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost"])
def test_other_spellings_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises(FetchError) as refused:
        lookup(host)
    assert refused.value.reason == "address"
    assert "127.0.0.1" in refused.value.what or "::1" in refused.value.what


def test_one_private_address_among_public_ones_is_enough_to_refuse_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering("93.184.216.34", "10.0.0.1"))
    with pytest.raises(FetchError) as refused:
        lookup("blog.test")
    assert (refused.value.reason, "10.0.0.1" in refused.value.what) == ("address", True)
    assert "'blog.test'" in refused.value.remedy


def test_a_name_is_allowed_to_be_private_only_when_it_is_named_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering("10.0.0.1"))
    assert lookup("Blog.test.", "blog.TEST") == ["10.0.0.1"]
    for allowed in ("test", "www.blog.test", "10.0.0.1", "blog.test:80"):
        with pytest.raises(FetchError):
            lookup("blog.test", allowed)


def test_a_literal_address_is_allowed_when_it_is_named() -> None:
    assert lookup("127.0.0.1", "127.0.0.1") == ["127.0.0.1"]
    assert lookup("::1", "[::1]") == ["::1"]
    with pytest.raises(FetchError):
        lookup("127.0.0.2", "127.0.0.1")


def test_a_resolver_that_hangs_is_not_waited_for_beyond_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(20) and [])
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        resolve("blog.test", 80, (), begun + 0.1)
    released.set()
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/a",
        "gopher://example.org/",
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.org/",
        "example.org",
        "",
        "http://",
        "http:///path",
        "http://example.org:99999/",
        "http://[::1/",
        "http://ex\x00ample.org/",
    ],
)
def test_what_is_no_http_url_is_refused(url: str) -> None:
    with pytest.raises(FetchError) as refused:
        read_url(url)
    assert (refused.value.reason, bool(refused.value.remedy)) == ("address", True)


@pytest.mark.parametrize("url", ["https://me:s3cret@example.org/", "https://s3cret@example.org/", "http://s3cret\\@h/"])
def test_a_url_with_a_user_name_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(FetchError) as refused:
        read_url(url)
    assert refused.value.reason == "address"
    assert "s3cret" not in str(refused.value)


def test_a_url_is_read_as_it_is_sent() -> None:
    target = read_url(" HTTPS://Bücher.Example.:8443/a b?q=é#part ")
    assert (target.scheme, target.host, target.port) == ("https", "xn--bcher-kva.example", 8443)
    assert target.url == "https://xn--bcher-kva.example.:8443/a%20b?q=%C3%A9"
    assert target.root == "https://xn--bcher-kva.example.:8443"
    assert read_url("http://[2606:4700::1]/x").host == "2606:4700::1"
    assert read_url("http://h").origin == ("http", "h", 80)


def test_a_url_is_shown_without_what_may_be_secret() -> None:
    url = "https://me:s3cret@example.org/feed/@me?token=s3cret&page=2&s3cret/with+signs#s3cret"
    assert shown(url) == "https://example.org/feed/@me?token=…&page=…&…"
    assert len(shown("https://example.org/" + "a" * 5000)) < 400


@given(st.one_of(st.text(max_size=60), st.text("htps:/\\@[]#?%.a1\x00é\n", max_size=30).map("http://".__add__)))
@settings(deadline=None)
def test_any_text_is_a_url_to_fetch_or_refused(text: str) -> None:
    try:
        target = read_url(text)
    except FetchError as refused:
        reason = refused.reason
    else:
        assert target.host
        assert target.url.isascii()
        assert "@" not in target.root
        assert read_url(target.url) == target
        return
    assert reason == "address"
