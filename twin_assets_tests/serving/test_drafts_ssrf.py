"""Links of a draft that lead into the machine or its network: refused, said in words, and never asked for."""

import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from twin_assets.settings import CollectionSettings
from twin_assets_tests.loopback import Loopback, Response, loopback

SECRET = "root:x:0:0 metadata-token"
INTERNAL = {
    "loopback": "http://127.0.0.1:{port}/secret",
    "another loopback": "http://127.8.8.8:{port}/secret",
    "localhost": "http://localhost:{port}/secret",
    "localhost in capitals with a final dot": "http://LOCALHOST.:{port}/secret",
    "any address": "http://0.0.0.0:{port}/secret",
    "private 10": "http://10.0.0.1/secret",
    "private 172": "http://172.16.0.1/secret",
    "private 192": "http://192.168.1.1/secret",
    "carrier-grade": "http://100.64.0.1/secret",
    "link-local": "http://169.254.10.10/secret",
    "cloud metadata": "http://169.254.169.254/latest/meta-data/",
    "multicast": "http://224.0.0.1/",
    "broadcast": "http://255.255.255.255/",
    "decimal": "http://2130706433:{port}/secret",
    "hexadecimal": "http://0x7f000001:{port}/secret",
    "hexadecimal parts": "http://0x7f.0.0.1:{port}/secret",
    "octal": "http://0177.0.0.1:{port}/secret",
    "short": "http://127.1:{port}/secret",
    "full-width digits": "http://１２７.０.０.１:{port}/secret",
    "ipv6 loopback": "http://[::1]:{port}/secret",
    "ipv6 unspecified": "http://[::]:{port}/secret",
    "ipv4-mapped": "http://[::ffff:127.0.0.1]:{port}/secret",
    "ipv4-mapped in hexadecimal": "http://[::ffff:7f00:1]:{port}/secret",
    "ipv4-compatible": "http://[::127.0.0.1]:{port}/secret",
    "6to4": "http://[2002:7f00:1::]:{port}/secret",
    "nat64": "http://[64:ff9b::7f00:1]:{port}/secret",
    "nat64 metadata": "http://[64:ff9b::a9fe:a9fe]/latest/",
    "unique local": "http://[fd00::1]/secret",
    "link-local ipv6": "http://[fe80::1]/secret",
    "aws metadata ipv6": "http://[fd00:ec2::254]/latest/",
    "user name before the host": "http://example.org@127.0.0.1:{port}/secret",
    "backslash": "http://example.org\\@127.0.0.1:{port}/secret",
    "file": "file:///etc/passwd",
    "file in capitals": "FILE:///etc/passwd",
    "ftp": "ftp://127.0.0.1/secret",
    "gopher": "gopher://127.0.0.1:{port}/_GET%20/secret",
    "data": "data:text/html,secret",
    "javascript": "javascript:alert(1)",
    "no scheme": "//127.0.0.1:{port}/secret",
    "no host": "http:///secret",
    "a path": "/etc/passwd",
    "control characters": "http://127.0.0.1:{port}/\r\nHost: example.org",
}


@pytest.fixture
def allowed() -> tuple[str, ...]:
    return ()


@pytest.fixture
def settings(fake: Any, make_settings: Any, allowed: tuple[str, ...]) -> Any:
    limits = CollectionSettings(allow_hosts=allowed, delay_s=0, attempts=1, timeout_s=10)
    return make_settings(int(fake.url.rsplit(":", 1)[1]), collection=limits)


@pytest.fixture
def site() -> Iterator[Loopback]:
    with loopback({"/secret": Response(SECRET, headers={"Content-Type": "text/plain"})}) as found:
        yield found


def material(http: httpx.Client, link: str) -> dict[str, Any]:
    ask = {"format": "linkedin_post", "prompt": "Kettles", "model": "base", "links": [link]}
    response = http.post("/api/drafts", json=ask)
    assert response.status_code == 200, response.text
    draft = response.json()
    assert draft["variants"][0]["text"].startswith("base answers")
    (found,) = draft["materials"]
    return dict(found)


@pytest.mark.parametrize("name", INTERNAL)
def test_an_address_that_is_not_public_is_refused_in_words_and_never_asked(
    http: httpx.Client, fake: Any, site: Loopback, name: str
) -> None:
    found = material(http, INTERNAL[name].format(port=site.url.rsplit(":", 1)[1]))
    assert found["error"]
    assert (found["tokens"], found["used_tokens"]) == (0, 0)
    assert site.requests == []
    assert "metadata-token" not in str(fake.requests)


@pytest.mark.parametrize("allowed", [("127.0.0.1",)])
@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost:{port}/secret",
        "http://[::1]:{port}/secret",
        "http://2852039166/latest/",
        "file:///etc/passwd",
        "//10.0.0.1/secret",
    ],
)
def test_a_page_that_leads_on_to_one_is_refused_at_that_hop(
    http: httpx.Client, fake: Any, site: Loopback, target: str
) -> None:
    leads = target.format(port=site.url.rsplit(":", 1)[1])
    site.routes["/out"] = Response(status=302, headers={"Location": leads})
    found = material(http, f"{site.url}/out")
    assert found["error"]
    assert site.count("/secret") == 0
    assert "metadata-token" not in str(fake.requests)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"])
def test_a_name_that_resolves_to_one_is_refused_even_beside_a_public_address(
    http: httpx.Client, site: Loopback, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    real = socket.getaddrinfo

    def resolved(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "rebind.example":
            return real(host, port, *args, **kwargs)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        inside = (family, socket.SOCK_STREAM, 6, "", (address, port, 0, 0) if ":" in address else (address, port))
        return [inside, (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    found = material(http, f"http://rebind.example:{site.url.rsplit(':', 1)[1]}/secret")
    assert "no public address" in found["error"]
    assert site.requests == []
