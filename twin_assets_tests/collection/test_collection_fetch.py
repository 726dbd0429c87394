"""Pages, redirects and what is remembered of them."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets import __version__
from twin_assets.collection.web.body import _inflated
from twin_assets.collection.web.page import Page
from twin_assets.errors import FetchError
from twin_assets_tests.collection.fetching import MIB, fetcher, in_turn, refused, to
from twin_assets_tests.loopback import Loopback, Request, Response, loopback


def test_a_page_comes_with_its_body_headers_and_the_url_asked_for(site: Loopback) -> None:
    site.routes["/a"] = Response("Words.", headers={"X-Thing": "1", "Content-Type": "text/plain"})
    page = fetcher().get(f"{site.url}/a#part", accept="text/plain")
    assert (page.status, page.body, page.unchanged) == (200, b"Words.", False)
    assert (page.url, page.asked) == (f"{site.url}/a", f"{site.url}/a#part")
    assert page.headers["x-thing"] == "1"
    assert site.requests[-1].headers["accept"] == "text/plain"


def test_the_user_agent_says_who_asks_and_how_to_reach_that_person(site: Loopback) -> None:
    site.routes["/a"] = Response("x")
    fetcher(contact="me@example.org\r\nX-Evil: 1").get(f"{site.url}/a", headers={"User-Agent": "Mozilla"})
    fetcher().get(f"{site.url}/a")
    agents = {r.headers["user-agent"] for r in site.requests}
    assert agents == {f"twin-assets/{__version__} (+me@example.org X-Evil: 1)", f"twin-assets/{__version__}"}
    assert not any("x-evil" in r.headers for r in site.requests)


def test_proxies_and_passwords_of_the_environment_are_not_used(
    site: Loopback, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    site.routes["/a"] = Response("x")
    assert fetcher().get(f"{site.url}/a").body == b"x"
    assert "authorization" not in site.requests[-1].headers


# Redirects


def test_redirects_are_followed_and_the_page_knows_where_it_is(site: Loopback) -> None:
    site.routes |= {"/a": to("b?x=1", 301), "/b": to(f"{site.url}/c", 307), "/c": Response("x")}
    page = fetcher().get(f"{site.url}/a")
    assert (page.url, page.asked, page.body) == (f"{site.url}/c", f"{site.url}/a", b"x")


def test_redirects_without_an_end_are_given_up_after_the_most_that_are_allowed(site: Loopback) -> None:
    site.routes |= {"/a": to("/b"), "/b": to("/a")}
    error = refused(f"{site.url}/a", fetcher(max_redirects=3))
    assert (error.reason, site.count("/a") + site.count("/b")) == ("redirects", 4)


def test_the_body_of_a_redirect_is_not_read(site: Loopback) -> None:
    sent: list[int] = []

    def endless() -> Iterator[bytes]:
        for _ in range(1000):
            sent.append(MIB)
            yield b"x" * MIB

    site.routes |= {"/a": lambda _: Response(endless(), 302, {"Location": "/b"}), "/b": Response("x")}
    assert fetcher().get(f"{site.url}/a").body == b"x"
    assert sum(sent) < 50 * MIB


def test_a_cookie_lasts_for_the_redirects_of_one_page_only(site: Loopback) -> None:
    def greet(request: Request) -> Response:
        return (
            Response("x") if "cookie" in request.headers else Response("", 302, {"Location": "/a", "Set-Cookie": "k=v"})
        )

    site.routes["/a"] = greet
    by = fetcher()
    assert by.get(f"{site.url}/a").body == b"x"
    assert by.get(f"{site.url}/a").body == b"x"
    assert ["cookie" in r.headers for r in site.requests if r.path == "/a"] == [False, True, False, True]


def test_secret_headers_are_not_carried_to_another_host(site: Loopback) -> None:
    secrets = {"Authorization": "Bearer s3cret", "cookie": "s=s3cret", "X-Api-Key": "s3cret"}
    with loopback({"/b": Response("x")}) as other:
        site.routes |= {"/a": to(f"{other.url}/b"), "/near": to("/far"), "/far": Response("y")}
        assert fetcher().get(f"{site.url}/a", headers=secrets).body == b"x"
        assert fetcher().get(f"{site.url}/near", headers=secrets).body == b"y"
        assert not any("s3cret" in value for r in other.requests for value in r.headers.values())
    for path in ("/a", "/near", "/far"):
        sent = next(r for r in site.requests if r.path == path).headers
        assert (sent["authorization"], sent["cookie"], sent["x-api-key"]) == ("Bearer s3cret", "s=s3cret", "s3cret")
    robots = [r for r in site.requests if r.path == "/robots.txt"]
    assert robots
    assert not any("s3cret" in value for r in robots for value in r.headers.values())


# Compression and encodings


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", lambda b: gzip.compress(b[:70000]) + gzip.compress(b[70000:]) + b"\x00" * 8),
        ("deflate", zlib.compress),
        ("deflate", lambda b: (c := zlib.compressobj(wbits=-15)).compress(b) + c.flush()),
        ("identity", lambda b: b),
        ("gzip", lambda b: gzip.compress(b[:9]) + gzip.compress(b[9:])),
    ],
)
@pytest.mark.parametrize("body", [b"Words " * 50_000, b"", bytes(range(256)) * 700])
def test_a_compressed_body_is_unpacked_whole(
    site: Loopback, coding: str, pack: Callable[[bytes], bytes], body: bytes
) -> None:
    site.routes["/a"] = Response(pack(body), headers={"Content-Encoding": coding})
    assert fetcher().get(f"{site.url}/a").body == body
    assert site.requests[-1].headers["accept-encoding"] == "gzip, deflate"


def test_a_compressed_body_that_is_cut_off_is_asked_for_again(site: Loopback) -> None:
    packed = gzip.compress(bytes(range(256)) * 100)
    cut = Response(packed[:-20], headers={"Content-Encoding": "gzip"})
    site.routes["/a"] = in_turn(cut, Response(packed, headers={"Content-Encoding": "gzip"}))
    assert len(fetcher().get(f"{site.url}/a").body) == 25600
    site.routes["/a"] = cut
    assert refused(f"{site.url}/a").reason == "connection"


@pytest.mark.parametrize(("coding", "body"), [("br", b"x"), ("gzip, gzip", b"x"), ("gzip", b"no gzip at all")])
def test_a_body_that_cannot_be_unpacked_is_refused(site: Loopback, coding: str, body: bytes) -> None:
    site.routes["/a"] = Response(body, headers={"Content-Encoding": coding})
    assert refused(f"{site.url}/a").reason == "type"
    assert site.count("/a") == 1


@given(st.binary(max_size=400_000) | st.integers(1, 400_000).map(bytes), st.sampled_from(["gzip", "zlib", "bare"]))
@settings(deadline=None, max_examples=25)
def test_unpacking_loses_no_byte(data: bytes, how: str) -> None:
    compressor = zlib.compressobj(wbits={"gzip": 31, "zlib": 15, "bare": -15}[how])
    packed = compressor.compress(data) + compressor.flush()
    pieces = [packed[i : i + 1000] for i in range(0, len(packed), 1000)]
    assert b"".join(_inflated(pieces)) == data


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("Grüße".encode(), "text/html; charset=utf-8", "Grüße"),
        ("Grüße".encode("latin-1"), "text/html; charset=ISO-8859-1", "Grüße"),
        ("“a”".encode("cp1252"), "text/html; charset=iso-8859-1", "“a”"),
        ("<meta charset=windows-1251>Привет".encode("cp1251"), "text/html", "<meta charset=windows-1251>Привет"),
        ('<?xml version="1.0" encoding="latin-1"?><a>é</a>'.encode("latin-1"), "application/rss+xml", None),
        ("<meta charset=latin-1>é".encode(), "text/plain", "<meta charset=latin-1>é"),
        ("<meta charset=utf-16>é".encode(), "text/html", "<meta charset=utf-16>é"),
        ("é".encode("utf-16"), "text/html; charset=latin-1", "é"),
        (
            "Le café à Genève était très bon, déjà vu.".encode("latin-1"),
            "",
            "Le café à Genève était très bon, déjà vu.",
        ),
        (b"a\xffb", "text/html; charset=utf-8", "a\ufffdb"),
        (b"Gr\xc3\xbc\xc3\x9fe an \xffdie K\xc3\xb6chin", "text/html", "Grüße an \ufffddie Köchin"),
        (b"a\x00b and much more, some thirty letters", "text/plain", "ab and much more, some thirty letters"),
        (b"a\r\nb\rc", "text/plain; charset=utf-8", "a\nb\nc"),
        (b"words", "text/plain; charset=base64", "words"),
        (b"words", "text/plain; charset=no-such", "words"),
    ],
)
def test_text_goes_by_its_mark_its_header_and_its_own_declaration(
    body: bytes, content_type: str, text: str | None
) -> None:
    page = Page("https://example.org/", 200, {"content-type": content_type}, body)
    assert page.text() == (text or body.decode("latin-1"))


@given(st.binary(max_size=300), st.sampled_from(["", "text/html", "text/html; charset=utf-8", "text/xml; charset=hex"]))
@settings(deadline=None)
def test_any_bytes_are_text_and_html(body: bytes, content_type: str) -> None:
    page = Page("https://example.org/", 200, {"content-type": content_type}, body)
    page.text().encode("utf-8")
    assert page.html().absolute_links is not None


def test_html_has_absolute_links_whatever_encoding_the_page_declared() -> None:
    body = '<meta charset=latin-1><title>é</title><p>Déjà <a href="../b?x=1">vu</a>'.encode("latin-1")
    html = Page("https://example.org/a/c/", 200, {"content-type": "text/html"}, body).html()
    assert html.absolute_links == {"https://example.org/a/b?x=1"}
    assert html.find("p", first=True).text == "Déjà vu"


@pytest.mark.parametrize(
    "body", [b"", b"http://127.0.0.1:1/", b"<!-- -->", b"<?xml version='1.0'?><a/>", b"<b>" * 9000]
)
def test_scraps_are_html_too(body: bytes) -> None:
    assert Page("https://example.org/", 200, {}, body).html().find("p") == []


def test_json_is_read_and_what_is_none_is_refused(site: Loopback) -> None:
    site.routes |= {
        "/json": Response("\ufeff" + json.dumps({"a": "é"}), headers={"Content-Type": "application/json"}),
        "/html": Response("<html>Log in</html>", headers={"Content-Type": "text/html"}),
        "/deep": Response("[" * 100_000),
    }
    assert fetcher().get(f"{site.url}/json").json() == {"a": "é"}
    for path in ("/html", "/deep"):
        page = fetcher().get(f"{site.url}{path}?key=s3cret")
        with pytest.raises(FetchError) as error:
            page.json()
        assert (error.value.reason, "s3cret" in str(error.value)) == ("type", False)
