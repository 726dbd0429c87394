"""The first visit, and the way from page to page."""

from typing import Any

from playwright.sync_api import expect


def test_a_first_visit_begins_with_three_steps(stub: Any, visit: Any, inspected: Any) -> None:
    page = visit("/")
    steps = page.locator(".step")
    expect(steps).to_have_count(3)
    expect(steps.nth(0)).to_contain_text("No source yet.")
    expect(steps.nth(0)).to_have_attribute("aria-current", "step")
    expect(steps.nth(1)).to_contain_text("Begins when something was collected.")
    inspected(page, "guide")
    steps.nth(0).get_by_role("link", name="Add sources").click()
    expect(page).to_have_url(page.url.split("/sources")[0] + "/sources")


def test_the_steps_say_how_far_they_are(stub: Any, visit: Any) -> None:
    stub.sources = [{"name": "blog", "kind": "site", "url": "https://example.org", "documents": 42}]
    steps = [{"asset": "corpus", "status": "done"}, {"asset": "chunks", "status": "running"}]
    stub.runs = [{"run_id": "r1", "job": "data_job", "status": "STARTED", "source": None, "steps": steps}]
    page = visit("/")
    expect(page.locator("#step-sources")).to_have_attribute("data-state", "done")
    expect(page.locator("#step-sources .button")).to_have_class("button quiet")
    expect(page.locator("#step-train")).to_contain_text("Preparing your writing: 1 of 2 steps")
    stub.runs = []
    stub.deployments = {"current": {"deployment_id": "d1"}, "history": []}
    page.reload()
    expect(page.locator("#step-write")).to_contain_text("Your twin is ready.")
    expect(page.locator("#step-write .button")).to_have_class("button")


def test_whoever_has_a_twin_begins_with_writing(put: Any, visit: Any) -> None:
    put("a" * 32)
    page = visit("/")
    assert page.url.endswith("/write")
    assert page.get_by_role("navigation").get_by_role("link").all_inner_texts() == [
        "Write",
        "Ask",
        "Sources",
        "Twin",
        "Health",
    ]
    assert page.locator("[aria-current=page]").inner_text() == "Write"


def test_every_page_says_so_when_the_service_is_gone(stub: Any, visit: Any) -> None:
    page = visit("/sources")
    expect(page.locator("#sources")).to_contain_text("No source yet")
    page.route("**/api/**", lambda route: route.abort())
    page.get_by_label("Add a source").fill("https://example.org")
    expect(page.locator("#recognized .error")).to_contain_text("start it by “twin up”")


def test_the_keyboard_comes_to_the_content_past_the_navigation_and_sees_where_it_is(visit: Any) -> None:
    page = visit("/sources")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    expect(page.get_by_label("Add a source")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
