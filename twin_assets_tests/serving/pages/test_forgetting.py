"""Forgetting the document that a citation led to."""

from typing import Any

import pytest
from playwright.sync_api import expect

PATH = "/api/documents/doc1"


@pytest.fixture
def page(put: Any, visit: Any) -> Any:
    """The Ask page with the document of a citation open."""
    put("a" * 32)
    page = visit("/ask")
    page.get_by_label("Your question").fill("What about kettles?")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="On <b>kettles</b>").click()
    page.get_by_role("dialog").locator("mark").wait_for()
    return page


def forget(page: Any) -> Any:
    page.get_by_role("button", name="Forget this document…").click()
    return page.get_by_role("dialog", name="Forget “On <b>kettles</b>”?")


def test_it_is_asked_before_with_what_will_happen_and_escape_cancels(page: Any, stub: Any, inspected: Any) -> None:
    dialog = forget(page)
    expect(dialog).to_contain_text("every dataset and all their old versions")
    expect(dialog).to_contain_text("This cannot be undone")
    inspected(page, "forget-document")
    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate("!document.activeElement.closest('.panel, main')"), "the focus left the question"
    dialog.get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Forget this document…")).to_be_focused()
    assert stub.bodies("DELETE", PATH) == []


def test_what_was_forgotten_and_what_follows_is_shown_and_the_page_forgets_it_too(
    page: Any, stub: Any, inspected: Any
) -> None:
    forget(page).get_by_role("button", name="Forget", exact=True).click()
    outcome = page.get_by_role("group", name="What was forgotten")
    expect(outcome).to_contain_text("and 1 copy of it: 12 rows of 2 tables removed. It will not be collected again.")
    expect(outcome).to_contain_text("1 dataset version held it and can no longer be read")
    expect(outcome).to_contain_text("1 adapter was trained on it, and will be trained anew")
    expect(outcome).to_be_focused()
    assert [(path, token) for method, path, _, token in stub.sent if method == "DELETE"] == [
        (PATH, "token-of-the-test")
    ]
    inspected(page, "forgotten-document")
    page.keyboard.press("Escape")
    turn = page.locator(".turn.assistant")
    expect(turn.locator(".sources li")).to_have_text("[1]Forgotten")
    expect(turn.locator(".text")).to_have_text("twin answers [1].")
    assert turn.locator(".text button").count() == 0
    expect(turn.get_by_text("Forgotten")).to_be_focused()


def test_while_a_run_is_at_work_nothing_is_forgotten_and_it_says_so(page: Any, stub: Any) -> None:
    stub.faults[PATH] = (409, "features_job is at work: wait until it is done, then forget")
    forget(page).get_by_role("button", name="Forget", exact=True).click()
    expect(page.locator(".panel .error")).to_have_text(f"Nothing was forgotten yet. {stub.faults[PATH][1]}")
    assert page.get_by_role("dialog").locator("mark").is_visible()
    expect(page.get_by_role("button", name="Forget this document…")).to_be_enabled()


def test_a_draft_that_cites_it_can_only_be_copied_any_more(put: Any, visit: Any) -> None:
    put("a" * 32)
    page = visit("/write")
    page.get_by_label("What is it about?").fill("Kettles")
    page.get_by_role("button", name="Write", exact=True).click()
    page.get_by_role("button", name="Accept").first.wait_for()
    page.get_by_role("button", name="On <b>kettles</b>").click()
    forget(page).get_by_role("button", name="Forget", exact=True).click()
    page.get_by_role("group", name="What was forgotten").wait_for()
    page.keyboard.press("Escape")
    expect(page.locator(".variant").first).to_contain_text("It cites what was forgotten")
    assert page.get_by_role("button", name="Accept").count() == 0
    assert page.get_by_role("button", name="Copy").count() == 2
