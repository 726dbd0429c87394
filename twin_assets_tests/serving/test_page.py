"""The page: what the server renders, and what a real browser does with it."""

import re
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from twin_assets.deployment.records import Deployment
from twin_assets.retrieval import Filter
from twin_assets.serving.page import NAVIGATION, WEB, Shown, render_page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def test_the_page_says_what_to_do_when_nothing_is_deployed_and_escapes_the_author() -> None:
    page = render_page("ask", Shown('Ada "<b>" Example', None), links={})
    assert "twin up" in page
    assert "<b>" not in page
    assert 'value="twin" disabled' in page


def test_the_page_loads_nothing_from_elsewhere_and_runs_no_inline_script(service: str) -> None:
    response = httpx.get(f"{service}/ask", trust_env=False)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    for asset in ("/static/chat.js", "/static/chat.css"):
        assert asset in response.text
        assert httpx.get(service + asset, trust_env=False).status_code == 200
    assert "http" not in response.text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("name", ["", *(name for name, _ in NAVIGATION)])
def test_each_page_of_the_service_is_there_for_pages_of_its_own_only(service: str, name: str) -> None:
    response = httpx.get(f"{service}/{name}", trust_env=False)
    assert response.status_code == 200
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert '<meta name="csrf" content="">' in response.text
    assert response.text.count("aria-current") == (1 if name else 0)
    loaded = re.findall(r'(?:src|href)="(/static/[^"]+)"', response.text)
    assert len(loaded) == 3
    assert {httpx.get(service + path, trust_env=False).status_code for path in loaded} == {200}


def test_no_script_makes_markup_of_text() -> None:
    scripts = sorted((WEB / "static").glob("*.js"))
    assert len(scripts) > 3
    for script in scripts:
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "eval("):
            assert way not in script.read_text(), f"{script.name}: {way}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A system Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, service: str) -> Iterator[Any]:
    """A tab on the chat page; an error on its console fails the test, but for answers that are errors on purpose."""
    faults: list[str] = []
    tab = browser.new_page()
    tab.set_default_timeout(20_000)
    tab.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.goto(f"{service}/ask")
    yield tab
    tab.close()
    assert [fault for fault in faults if "503" not in fault] == []


def ask(page: Any, text: str) -> Any:
    page.get_by_label("Your question").fill(text)
    page.keyboard.press("Enter")
    turn = page.locator(".turn.assistant").last
    turn.locator("xpath=self::*[not(@aria-busy)]").wait_for()
    return turn


def test_a_question_is_answered_with_its_sources_as_text(put: Any, page: Any) -> None:
    deployed: Deployment = put("a" * 32)
    page.reload()
    turn = ask(page, "What about kettles?")
    assert turn.locator(".text").inner_text().startswith(f"{deployed.adapter_name} answers")
    assert turn.locator(".by").inner_text() == "Ada Example’s twin"
    sources = turn.locator(".sources li")
    assert sources.count() == 3
    assert sources.nth(0).locator("a").get_attribute("href") == "https://example.org/kettles"
    assert sources.nth(1).locator(".title").inner_text() == "<b>Boats</b>"
    assert sources.nth(1).locator(".url").inner_text() == "posts/boats.md"
    assert "<script>boats</script>" in sources.nth(1).locator("blockquote").inner_text()
    assert turn.locator("a").count() == 1
    assert page.get_by_role("status").inner_text() == "Answered, with 3 sources"
    assert page.evaluate("document.activeElement.id") == "question"


def test_the_chat_goes_on_with_what_was_said_and_can_be_begun_anew(put: Any, page: Any, fake: Any) -> None:
    put("a" * 32)
    page.reload()
    page.get_by_label("Look up sources").uncheck()
    first = ask(page, "one").locator(".text").inner_text()
    assert ask(page, "two").locator(".sources").count() == 0
    assert [m["content"] for m in fake.requests[-1]["messages"][1:]] == ["one", first, "two"]
    page.get_by_role("button", name="New chat").click()
    assert page.locator(".turn").count() == 0
    page.get_by_label("Model").select_option("base")
    assert ask(page, "three").locator(".text").inner_text().startswith("base answers")
    assert [m["content"] for m in fake.requests[-1]["messages"][1:]] == ["three"]


def test_an_answer_can_be_stopped_and_a_fault_is_shown(put: Any, page: Any, fake: Any) -> None:
    held = threading.Event()
    fake.gate = lambda _: held
    page.get_by_label("Model").select_option("base")
    page.get_by_label("Your question").fill("slow")
    page.keyboard.press("Enter")
    page.locator(".turn.assistant .text", has_text="base").wait_for()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped.", exact=True).wait_for()
    held.set()
    fake.refuse_chat, fake.refuse_status = "the engine is out of memory", 500
    assert "out of memory" in ask(page, "again").locator(".error").inner_text()


def test_the_page_fits_a_phone_in_both_colours(put: Any, page: Any, tmp_path: Path) -> None:
    put("a" * 32)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": 360, "height": 720})
        page.reload()
        ask(page, "What about kettles? " + "unbreakable" * 12)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.get_by_label("Your question").is_visible()


def test_the_service_takes_what_the_page_says_of_where_to_look(put: Any, page: Any, search: Any) -> None:
    put("a" * 32)
    page.route("**/api/sources", lambda route: route.fulfill(json={"sources": []}))
    page.reload()
    page.locator("#look-in-more summary").click()
    page.get_by_label("Passages").select_option("2")
    page.get_by_label("Published since").fill("2023-01-01")
    page.get_by_label("Private writing, too").check()
    assert ask(page, "What about kettles?").locator(".sources li").count() == 2
    assert search.filters[-1] == Filter(since=datetime(2023, 1, 1, tzinfo=UTC), scope="private")
