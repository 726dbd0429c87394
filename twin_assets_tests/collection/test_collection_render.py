import asyncio
import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from twin_assets import __version__
from twin_assets.collection.web.browser import find_browser, is_installed
from twin_assets.collection.web.fetch import Fetcher
from twin_assets.collection.web.page import Page
from twin_assets.collection.web.render import ENOUGH_WORDS, needs_rendering, rendered
from twin_assets.errors import FetchError
from twin_assets.settings import CollectionSettings
from twin_assets_tests.loopback import Answer, Loopback, Request, Response, loopback

WORDS = "word " * ENOUGH_WORDS
HTML = {"Content-Type": "text/html; charset=utf-8"}


needs_browser = pytest.mark.skipif(not is_installed(""), reason="no Chromium is installed, which renders the page")


def page(body: str, content_type: str = "text/html") -> Page:
    return Page("https://example.org/", 200, {"content-type": content_type}, body.encode())


@pytest.mark.parametrize(
    ("body", "content_type", "needed"),
    [
        ('<div id="root"></div><script src="/app.js"></script>', "text/html", True),
        ("<script>document.write('x')</script>", "", True),
        (f"<noscript>{WORDS}</noscript><title>{WORDS}</title><script>{WORDS}</script>", "text/html", True),
        (f"<style>{WORDS}</style><template>{WORDS}</template><script src=a></script>", "text/html", True),
        (f"<p>{WORDS}<script src=a></script>", "text/html", False),
        (f"<p>{'字' * ENOUGH_WORDS}<script src=a></script>", "text/html", False),
        ("<p>A short note.", "text/html", False),
        ('<p>A note.<script type="application/ld+json">{}</script>', "text/html", False),
        ("<script src=a></script>", "application/xml", False),
        ("", "text/html", False),
        ("http://example.org/", "text/html", False),
    ],
)
def test_a_page_needs_rendering_when_it_has_scripts_and_hardly_a_word(
    body: str, content_type: str, needed: bool
) -> None:
    assert needs_rendering(page(body, content_type)) is needed


def test_without_a_browser_the_error_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    for settings in (CollectionSettings(), CollectionSettings(browser="/no/such/browser")):
        with pytest.raises(FetchError) as error:
            rendered(page("<script></script>"), Fetcher(settings))
        assert error.value.reason == "connection"
        assert "collection: browser" in error.value.remedy


def settings(**changes: Any) -> CollectionSettings:
    return CollectionSettings(
        **{"allow_hosts": ("127.0.0.1",), "delay_s": 0, "timeout_s": 20, "attempts": 1, **changes}
    )


def show(url: str, **changes: Any) -> Page:
    fetcher = Fetcher(settings(**changes))
    return rendered(fetcher.get(url), fetcher)


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    """A TCP port of 127.0.0.2, one of 127.0.0.1, and a UDP port of that."""
    with (
        socket.create_server(("127.0.0.2", 0)) as other,
        socket.create_server(("127.0.0.1", 0)) as same,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        udp.bind(("127.0.0.1", 0))
        for listener in (other, same, udp):
            listener.setblocking(False)
        yield [other, same, udp]


def app(script: str) -> Answer:
    return Response(f"<!DOCTYPE html><title>é</title><p id=a>empty</p><script>{script}</script>", headers=HTML)


@pytest.mark.slow
def test_a_browser_that_does_not_start_is_reported_with_what_it_said(site: Loopback, tmp_path: Path) -> None:
    site.routes["/a"] = app("")
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\necho 'no usable sandbox!' >&2\nexit 1\n")
    broken.chmod(0o755)
    begun = time.monotonic()
    with pytest.raises(FetchError) as error:
        show(f"{site.url}/a", browser=str(broken))
    assert error.value.reason == "connection"
    assert "no usable sandbox!" in error.value.what
    assert "user namespaces" in error.value.remedy
    assert time.monotonic() - begun < 10


@pytest.mark.slow
@needs_browser
def test_a_page_is_shown_as_its_scripts_write_it(site: Loopback) -> None:
    site.routes |= {
        "/from": Response(status=302, headers={"Location": "/a"}),
        "/a": Response(
            "<p id=a></p><link rel=stylesheet href=/s.css><img src=/i.png><script type=module src=/app.js></script>",
            headers=HTML,
        ),
        "/app.js": Response(
            "const r = await fetch('/words.json'); const j = await r.json(); a.textContent = j.words;",
            headers={"Content-Type": "text/javascript"},
        ),
        "/words.json": Response(json.dumps({"words": "Grüße von hier"}), headers={"Content-Type": "application/json"}),
    }
    found = show(f"{site.url}/from")
    assert found.html().find("#a", first=True).text == "Grüße von hier"
    assert (found.url, found.asked, found.status) == (f"{site.url}/a", f"{site.url}/from", 200)
    assert [site.count(p) for p in ("/robots.txt", "/a", "/app.js", "/words.json", "/s.css", "/i.png")] == [
        1,
        1,
        1,
        1,
        0,
        0,
    ]
    assert {r.headers["user-agent"] for r in site.requests} == {f"twin-assets/{__version__}"}


@pytest.mark.slow
@needs_browser
def test_a_page_of_another_host_can_be_read_by_a_script_but_only_what_its_robots_txt_allows(site: Loopback) -> None:
    with loopback(
        {"/robots.txt": Response("User-agent: *\nDisallow: /no"), "/yes": Response("yes"), "/no": Response("no")}
    ) as api:
        site.routes["/a"] = app(
            f"Promise.all(['yes', 'no'].map(p => fetch('{api.url}/' + p).then(r => r.text(), () => 'refused')))"
            ".then(t => { a.textContent = t.join() })"
        )
        assert show(f"{site.url}/a").html().find("#a", first=True).text == "yes,refused"
        assert api.count("/no") == 0


@pytest.mark.slow
@needs_browser
def test_scripts_reach_no_private_address_by_any_way(
    site: Loopback, listeners: list[socket.socket], tmp_path: Path
) -> None:
    """The page may be fetched from 127.0.0.1, but nothing may from 127.0.0.2 or by the name localhost."""
    tcp, named, udp = listeners
    private, local, stun = (s.getsockname()[1] for s in (tcp, named, udp))
    (tmp_path / "secret.txt").write_text("s3cret")
    site.routes |= {
        "/hop": Response(status=302, headers={"Location": f"http://127.0.0.2:{private}/"}),
        "/worker.js": Response(
            f"fetch('http://127.0.0.1:{local}/worker').then(() => postMessage('GOT'), () => postMessage('no'));"
            f"new WebSocket('ws://127.0.0.1:{local}/worker');",
            headers={"Content-Type": "text/javascript"},
        ),
        "/a": Response(
            f"""<!DOCTYPE html><p id=a></p>
            <link rel=prefetch href=http://127.0.0.2:{private}/><link rel=preconnect href=http://127.0.0.2:{private}/>
            <link rel=preload as=script href=http://127.0.0.2:{private}/><img src=http://127.0.0.2:{private}/>
            <iframe src=http://127.0.0.2:{private}/></iframe><iframe src="file://{tmp_path}/secret.txt"></iframe>
            <object data=http://127.0.0.2:{private}/></object><video src=http://127.0.0.2:{private}/></video>
            <script>
            const say = t => {{ a.textContent += t + ' ' }};
            for (const u of ['http://127.0.0.2:{private}/', 'http://localhost:{local}/', '/hop',
                             'http://169.254.169.254/', 'file://{tmp_path}/secret.txt', 'ftp://127.0.0.2:{private}/'])
              for (const mode of ['cors', 'no-cors'])
                fetch(u, {{mode}}).then(r => r.text()).then(t => say('GOT' + t), () => say('no'));
            fetch('/b', {{method: 'POST', body: 'x'}}).then(() => say('POSTED'), () => say('no'));
            navigator.sendBeacon('http://127.0.0.2:{private}/', 'x');
            for (const u of ['ws://127.0.0.2:{private}/', 'ws://127.0.0.1:{local}/', 'ws://localhost:{local}/'])
              new WebSocket(u).onopen = () => say('GOT');
            new EventSource('http://127.0.0.2:{private}/').onopen = () => say('GOT');
            new Worker('/worker.js').onmessage = e => say(e.data);
            window.open('http://127.0.0.2:{private}/');
            try {{ new WebTransport('https://127.0.0.1:{stun}/') }} catch (e) {{}}
            try {{
              const peer = new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{stun}'}}]}});
              peer.createDataChannel('x');
              peer.createOffer().then(o => peer.setLocalDescription(o));
            }} catch (e) {{}}
            setTimeout(() => say('done'), 400);
            </script>""",
            headers=HTML,
        ),
    }
    text = show(f"{site.url}/a").html().find("#a", first=True).text
    assert "done" in text
    assert text.count("no") >= 12
    assert not any(word in text for word in ("GOT", "POSTED", "s3cret"))
    for listener in (tcp, named):
        with pytest.raises(BlockingIOError):
            listener.accept()
    with pytest.raises(BlockingIOError):
        udp.recv(10)
    assert site.count("/b") == 0


@pytest.mark.slow
@needs_browser
def test_a_script_may_lead_to_another_page_that_may_be_fetched(site: Loopback) -> None:
    site.routes |= {"/a": app("location = '/b#part'"), "/b": app("a.textContent = 'here'")}
    found = show(f"{site.url}/a")
    assert (found.url, found.html().find("#a", first=True).text) == (f"{site.url}/b", "here")


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/", "file:///etc/passwd", "ftp://example.org/", "mailto:a@b.c"]
)
def test_a_page_that_is_left_for_what_must_not_be_fetched_stays(site: Loopback, target: str) -> None:
    site.routes["/a"] = app(f"a.textContent = 'shown'; location = '{target}'")
    found = show(f"{site.url}/a")
    assert (found.url, found.html().find("#a", first=True).text) == (f"{site.url}/a", "shown")


@pytest.mark.slow
@needs_browser
def test_a_page_that_is_left_for_nothing_is_reported(site: Loopback) -> None:
    site.routes["/a"] = app("location = 'about:blank'")
    with pytest.raises(FetchError) as error:
        show(f"{site.url}/a")
    assert error.value.reason == "connection"


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("script", ["alert('x')", "confirm('x')", "print()", "debugger"])
def test_what_would_wait_for_a_person_does_not_hold_up_the_page(site: Loopback, script: str) -> None:
    site.routes["/a"] = app(f"{script}; a.textContent = 'shown'")
    assert show(f"{site.url}/a").html().find("#a", first=True).text == "shown"


@pytest.mark.slow
@needs_browser
def test_a_part_that_does_not_come_costs_no_more_than_the_time_for_the_page(site: Loopback) -> None:
    released = threading.Event()

    def never(_: Request) -> Response:
        released.wait(30)
        return Response("")

    site.routes |= {"/never": never, "/never.js": never, "/a": app("a.textContent = 'shown'; fetch('/never')")}
    site.routes["/b"] = Response("<p id=a>shown</p><script src=/never.js></script>", headers=HTML)
    for path in ("/a", "/b"):
        begun = time.monotonic()
        assert show(f"{site.url}{path}", timeout_s=2).html().find("#a", first=True).text == "shown"
        assert time.monotonic() - begun < 10
    released.set()


@pytest.mark.slow
@needs_browser
def test_a_script_without_an_end_is_ended_and_leaves_no_process(
    site: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twin_assets.collection.web.render._GRACE_S", 1.0)
    site.routes["/a"] = app("while (true) {}")
    before = browsers()
    with pytest.raises(FetchError) as error:
        show(f"{site.url}/a", timeout_s=2)
    assert error.value.reason == "timeout"
    assert browsers() <= before


def browsers() -> set[int]:
    """Processes of browsers that work for this package."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"twin-browser-" in (process / "cmdline").read_bytes():
                found.add(int(process.name))
        except OSError:
            continue
    return found


@pytest.mark.slow
@needs_browser
def test_a_page_that_grows_without_an_end_is_refused(site: Loopback) -> None:
    site.routes["/a"] = app("a.textContent = 'x'.repeat(3 << 20)")
    with pytest.raises(FetchError) as error:
        show(f"{site.url}/a", max_bytes=1 << 20)
    assert error.value.reason == "too_large"


@pytest.mark.slow
@needs_browser
def test_a_caller_may_have_an_event_loop_and_secrets_in_its_environment(
    site: Loopback, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = tmp_path / "environment"
    wrapper = tmp_path / "chromium"
    wrapper.write_text(f'#!/bin/sh\nenv > {seen}\nexec {find_browser("")} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("GITHUB_TOKEN", "s3cret")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    site.routes["/a"] = app("a.textContent = 'shown'")

    async def inside() -> Page:
        return show(f"{site.url}/a", browser=str(wrapper))

    assert asyncio.run(inside()).html().find("#a", first=True).text == "shown"
    assert "s3cret" not in seen.read_text()
    assert os.environ["GITHUB_TOKEN"] == "s3cret"
