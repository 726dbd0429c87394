"""How a fetcher behaves to a host that is busy, strict or slow."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import Any

import pytest

from twin_assets_tests.collection.fetching import EPOCH, MIB, Clock, fetcher, in_turn, named, raw_server, refused, to
from twin_assets_tests.loopback import Answer, Loopback, Request, Response, loopback

# Answers that are no page


def test_a_conditional_request_is_answered_by_304_once_the_page_was_confirmed(site: Loopback) -> None:
    def answer(request: Request) -> Response:
        validators = {"ETag": '"v1"', "Last-Modified": "Tue, 03 Nov 2020 10:00:00 GMT"}
        if request.headers.get("if-none-match") == '"v1"':
            return Response(status=304, headers=validators)
        return Response("x", headers=validators)

    site.routes |= {"/a": answer, "/moved": to("/a")}
    validators: dict[str, dict[str, str]] = {}
    by = fetcher(validators=validators)
    assert by.get(f"{site.url}/a", conditional=True).body == b"x"
    page = by.get(f"{site.url}/a", conditional=True)
    assert not page.unchanged
    by.confirm(page)
    assert validators == {f"{site.url}/a": {"etag": '"v1"', "last_modified": "Tue, 03 Nov 2020 10:00:00 GMT"}}
    # Another run, and another way to the same page.
    for path in ("/a", "/moved"):
        again = fetcher(validators=validators).get(f"{site.url}{path}", conditional=True)
        assert (again.unchanged, again.status, again.body, again.url) == (True, 304, b"", f"{site.url}/a")
    assert site.requests[-1].headers["if-modified-since"] == "Tue, 03 Nov 2020 10:00:00 GMT"
    assert by.get(f"{site.url}/a").body == b"x"


def test_validators_that_a_page_has_no_more_are_forgotten(site: Loopback) -> None:
    site.routes["/a"] = Response("x")
    validators = {f"{site.url}/a": {"etag": '"old"'}}
    by = fetcher(validators=validators)
    by.confirm(by.get(f"{site.url}/a", conditional=True))
    assert validators == {}


@pytest.mark.parametrize("status", [204, 304, 400, 401, 403, 404, 410, 418, 451, 500, 501])
def test_a_final_answer_is_not_asked_for_again(site: Loopback, status: int) -> None:
    site.routes["/a"] = Response("no", status)
    clock = Clock()
    error = refused(f"{site.url}/a?token=s3cret", fetcher(clock))
    assert (error.reason, error.status, site.count("/a"), clock.waits) == ("status", status, 1, [])
    assert "s3cret" not in str(error)
    assert f"{site.url}/a?token=…" in error.what


@pytest.mark.parametrize("status", [429, 403])
def test_an_answer_that_says_how_long_to_wait_is_waited_out(site: Loopback, status: int) -> None:
    clock = Clock()
    site.routes["/a"] = in_turn(Response(status=status, headers={"Retry-After": "17"}), Response("x"))
    assert fetcher(clock).get(f"{site.url}/a").body == b"x"
    assert clock.waits == [17]


def test_a_date_to_wait_for_is_understood(site: Loopback) -> None:
    clock = Clock()
    later = formatdate(EPOCH + 90, usegmt=True)
    site.routes["/a"] = in_turn(Response(status=503, headers={"Retry-After": later}), Response("x"))
    assert fetcher(clock).get(f"{site.url}/a").body == b"x"
    assert clock.waits == [90]


def test_a_host_that_wants_to_be_left_alone_for_long_is_not_asked_until_then(site: Loopback) -> None:
    clock = Clock()
    site.routes |= {"/a": Response(status=429, headers={"Retry-After": "3600"}), "/b": Response("x")}
    by = fetcher(clock)
    for path in ("/a", "/b"):
        error = refused(f"{site.url}{path}", by)
        assert (error.status, "2023-11-14 23:13:20 UTC" in error.remedy) == (429, True)
    assert (site.count("/a"), site.count("/b"), clock.waits) == (1, 0, [])
    clock.passed += 3601
    assert by.get(f"{site.url}/b").body == b"x"


def test_a_host_that_was_tried_in_vain_still_gets_the_pause_it_asked_for(site: Loopback) -> None:
    clock = Clock()
    site.routes |= {"/a": Response(status=503, headers={"Retry-After": "100"}), "/b": Response("x")}
    by = fetcher(clock, attempts=1)
    refused(f"{site.url}/a", by)
    by.get(f"{site.url}/b")
    assert clock.waits == [100]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_pass_is_tried_again_with_growing_pauses(site: Loopback, status: int) -> None:
    clock = Clock()
    site.routes["/a"] = in_turn(*[Response(status=status)] * 3, Response("x"))
    assert fetcher(clock).get(f"{site.url}/a").body == b"x"
    assert len(clock.waits) == 3
    assert all(2**n <= wait <= 2**n + 1 for n, wait in enumerate(clock.waits))


def test_a_host_that_asks_for_no_pause_gets_one_all_the_same(site: Loopback) -> None:
    clock = Clock()
    site.routes["/a"] = in_turn(Response(status=503, headers={"Retry-After": "0"}), Response("x"))
    fetcher(clock).get(f"{site.url}/a")
    assert 1 <= sum(clock.waits) <= 2


@pytest.mark.parametrize("token", ["s3cret\n", "s3cret—"])
def test_a_token_that_cannot_be_sent_is_reported_without_it(site: Loopback, token: str) -> None:
    clock = Clock()
    error = refused(f"{site.url}/a", fetcher(clock), robots=False, headers={"Authorization": token})
    assert "token" in error.remedy
    assert "s3cret" not in str(error)
    assert clock.waits == []


def test_tries_are_bounded(site: Loopback) -> None:
    site.routes["/a"] = Response(status=503)
    assert refused(f"{site.url}/a", fetcher(attempts=3)).status == 503
    assert site.count("/a") == 3


def test_a_connection_that_is_refused_or_breaks_off_is_tried_again() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    clock = Clock()
    error = refused(f"http://127.0.0.1:{port}/?token=s3cret", fetcher(clock, attempts=2), robots=False)
    assert (error.reason, error.status, len(clock.waits)) == ("connection", 0, 1)
    assert "refused" in error.what
    with raw_server(lambda client: client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")) as url:
        assert refused(url, fetcher(attempts=1), robots=False).reason == "connection"


def test_an_unknown_host_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    clock = Clock()
    error = refused("http://nowhere.test/", fetcher(clock), robots=False)
    assert (error.reason, clock.waits, "'nowhere.test'" in error.what) == ("connection", [], True)


@pytest.mark.parametrize("reset", [str(int(EPOCH) + 1800), "1800", "2023-11-14T22:43:20.000Z"])
@pytest.mark.parametrize("prefix", ["X-RateLimit", "RateLimit"])
@pytest.mark.parametrize("status", [403, 429])
def test_a_used_up_rate_limit_names_the_time_of_its_reset(site: Loopback, status: int, prefix: str, reset: str) -> None:
    clock = Clock()
    headers = {f"{prefix}-Remaining": "0", f"{prefix}-Reset": reset}
    site.routes["/a"] = Response("limit", status, headers)
    by = fetcher(clock)
    error = refused(f"{site.url}/a", by, robots=False)
    assert (error.reason, error.status) == ("status", status)
    assert "2023-11-14 22:43:20 UTC" in error.remedy
    refused(f"{site.url}/a", by, robots=False)
    assert (site.count("/a"), clock.waits) == (1, [])
    clock.passed += 1801
    site.routes["/a"] = Response("x")
    assert by.get(f"{site.url}/a", robots=False).body == b"x"


@pytest.mark.parametrize("status", [403, 429, 503])
@pytest.mark.parametrize(
    ("body", "headers"),
    [("<title>Just a moment...</title>", {}), ("<div class=g-recaptcha>", {}), ("", {"cf-mitigated": "challenge"})],
)
def test_a_bot_check_is_not_fought(site: Loopback, status: int, body: str, headers: dict[str, str]) -> None:
    site.routes["/a"] = Response(body, status, headers)
    error = refused(f"{site.url}/a")
    assert (error.reason, error.status, site.count("/a")) == ("status", status, 1)
    assert "export archive" in error.remedy
    assert "feed" in error.remedy


def test_errors_and_what_they_came_from_hold_no_secret(site: Loopback, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    site.routes["/a"] = Response("x", 500)
    closed = "http://127.0.0.1:1/a?token=s3cret"
    for url in (f"{site.url}/a?token=s3cret", closed):
        error: BaseException | None = refused(
            url, fetcher(attempts=1), headers={"Authorization": "s3cret"}, robots=False
        )
        while error is not None:
            assert "s3cret" not in f"{error} {error!r} {error.args}"
            error = error.__cause__ or error.__context__
    assert "s3cret" not in caplog.text


# robots.txt


def robots(rules: str, status: int = 200, **routes: Answer) -> dict[str, Answer]:
    found: dict[str, Answer] = {f"/{path}": answer for path, answer in routes.items()}
    return {"/robots.txt": Response(rules, status), **found}


def test_what_robots_txt_disallows_is_not_fetched(site: Loopback) -> None:
    rules = "User-agent: *\nDisallow: /\n\nUser-agent: Twin-Assets\nDisallow: /private\nAllow: /private/but-this$\n"
    site.routes |= robots(rules, a=Response("x"), private=Response("y"), **{"private/but-this": Response("z")})
    by = fetcher()
    assert by.get(f"{site.url}/a").body == b"x"
    assert by.get(f"{site.url}/private/but-this").body == b"z"
    error = refused(f"{site.url}/private", by)
    assert (error.reason, error.status) == ("robots", 0)
    assert (site.count("/robots.txt"), site.count("/private")) == (1, 0)
    assert by.get(f"{site.url}/private", robots=False).body == b"y"


def test_a_redirect_to_what_robots_txt_disallows_is_not_followed(site: Loopback) -> None:
    with loopback(robots("User-agent: *\nDisallow: /b", b=Response("x"))) as other:
        site.routes["/a"] = to(f"{other.url}/b")
        assert refused(f"{site.url}/a").reason == "robots"
        assert other.count("/b") == 0


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_site_without_robots_txt_allows_everything(site: Loopback, status: int) -> None:
    site.routes |= robots("User-agent: *\nDisallow: /", status, a=Response("x"))
    assert fetcher().get(f"{site.url}/a").body == b"x"


def test_a_site_whose_robots_txt_cannot_be_had_is_left_alone(site: Loopback) -> None:
    site.routes |= robots("", 500, a=Response("x"))
    by = fetcher()
    for _ in range(2):
        assert refused(f"{site.url}/a", by).reason == "robots"
    assert (site.count("/robots.txt"), site.count("/a")) == (1, 0)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    assert refused(f"http://127.0.0.1:{port}/a").reason == "robots"


def test_a_robots_txt_that_fails_for_a_moment_is_asked_for_again(site: Loopback) -> None:
    site.routes |= robots("", a=Response("x"))
    site.routes["/robots.txt"] = in_turn(Response(status=503), Response("User-agent: *\nDisallow: /b"))
    assert fetcher().get(f"{site.url}/a").body == b"x"


def test_a_huge_robots_txt_counts_with_its_beginning(site: Loopback) -> None:
    rules = "User-agent: *\nDisallow: /b\n" + "# filler\n" * 200_000
    site.routes |= robots(rules, a=Response("x"), b=Response("y"))
    by = fetcher(max_bytes=MIB)
    assert by.get(f"{site.url}/a").body == b"x"
    assert refused(f"{site.url}/b", by).reason == "robots"


def test_a_robots_txt_that_leads_to_a_private_address_is_not_followed(site: Loopback) -> None:
    site.routes |= {"/robots.txt": to("http://169.254.169.254/robots.txt"), "/a": Response("x")}
    assert refused(f"{site.url}/a").reason == "address"


# Pace


def test_there_is_a_delay_between_two_requests_to_a_host(site: Loopback) -> None:
    clock = Clock()
    site.routes["/a"] = Response("x")
    by = fetcher(clock, delay_s=2.5)
    by.get(f"{site.url}/a")
    assert clock.waits == [2.5]  # after robots.txt
    clock.passed += 1
    by.get(f"{site.url}/a")
    assert clock.waits == [2.5, 1.5]
    clock.passed += 60
    by.get(f"{site.url}/a")
    assert clock.waits == [2.5, 1.5]


@pytest.mark.parametrize(("asked", "kept"), [("7", 7.0), ("0.5", 2.0), ("600", 30.0), ("nonsense", 2.0)])
def test_a_crawl_delay_is_kept_up_to_half_a_minute(site: Loopback, asked: str, kept: float) -> None:
    clock = Clock()
    site.routes |= robots(f"User-agent: *\nCrawl-delay: {asked}", a=Response("x"))
    by = fetcher(clock, delay_s=2)
    by.get(f"{site.url}/a")
    by.get(f"{site.url}/a")
    assert clock.waits == [kept, kept]


def test_each_hop_of_a_redirect_waits_its_turn(site: Loopback) -> None:
    clock = Clock()
    site.routes |= {"/a": to("/b"), "/b": Response("x")}
    fetcher(clock, delay_s=3).get(f"{site.url}/a", robots=False)
    assert clock.waits == [3]


def test_a_host_has_one_request_at_a_time_from_all_threads(site: Loopback) -> None:
    under_way: list[int] = []
    peak: list[int] = []
    pause = threading.Event()

    def answer(_: Request) -> Response:
        under_way.append(1)
        peak.append(len(under_way))
        pause.wait(0.02)
        under_way.pop()
        return Response("x")

    site.routes |= {"/a": answer, "/robots.txt": answer}
    by = fetcher()
    with ThreadPoolExecutor(6) as threads:
        pages = list(threads.map(lambda _: by.get(f"{site.url}/a"), range(12)))
    assert {page.body for page in pages} == {b"x"}
    assert (max(peak), site.count("/robots.txt")) == (1, 1)


def test_connections_to_a_host_are_kept_for_its_next_request(site: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up = named(monkeypatch, {})
    site.routes["/a"] = Response("x")
    by = fetcher()
    for _ in range(3):
        by.get(f"{site.url}/a")
    assert looked_up == ["127.0.0.1"]
