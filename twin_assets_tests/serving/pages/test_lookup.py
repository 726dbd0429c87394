"""What is looked up, from where: "Look in …", which Ask and Write share."""

from typing import Any

import pytest
from playwright.sync_api import expect

SINCE, BEFORE = "2023-01-01T00:00:00Z", "2024-06-30T00:00:00Z"


@pytest.fixture
def ready(put: Any, stub: Any) -> None:
    """A twin that was made of three sources of two kinds."""
    put("a" * 32)
    stub.sources = [
        {"name": "blog", "kind": "site"},
        {"name": "<b>notes</b>", "kind": "markdown"},
        {"name": "wiki", "kind": "markdown"},
    ]


def choose(page: Any) -> None:
    page.get_by_text("Look in everything public").click()
    page.get_by_label("Markdown").check()
    page.get_by_label("<b>notes</b>").check()
    page.get_by_label("Passages").select_option("8")
    page.get_by_label("Published since").fill("2023-01-01")
    page.get_by_label("Published before").fill("2024-06-30")
    page.get_by_label("Private writing, too").check()


def asked(page: Any, stub: Any) -> Any:
    page.get_by_label("Your question").fill("What about kettles?")
    page.keyboard.press("Enter")
    page.locator(".turn.assistant .judging").last.wait_for()
    return stub.bodies("POST", "/v1/chat/completions")[-1]["retrieval"]


def written(page: Any, stub: Any) -> dict[str, Any]:
    page.get_by_label("What is it about?").fill("Kettles")
    page.get_by_role("button", name="Write", exact=True).click()
    page.get_by_role("button", name="Accept").first.wait_for()
    body = stub.bodies("POST", "/api/drafts")[-1]
    return {name: body[name] for name in ("retrieval", "k", "filters") if name in body}


@pytest.mark.usefixtures("ready")
def test_an_answer_is_looked_up_where_and_when_it_is_said(visit: Any, stub: Any, inspected: Any) -> None:
    page = visit("/ask")
    assert asked(page, stub) is True
    choose(page)
    limits = {"k": 8, "kinds": ["markdown"], "sources": ["<b>notes</b>"], "since": SINCE, "until": BEFORE}
    inspected(page, "ask-look-in")
    assert asked(page, stub) == limits | {"scope": "private"}
    assert page.get_by_label("Passages").is_hidden(), "the answer needs the room"
    page.get_by_label("Look up sources").uncheck()
    assert page.locator("#look-in-more").is_hidden()
    assert asked(page, stub) is False


@pytest.mark.usefixtures("ready")
def test_what_was_chosen_is_remembered_on_the_other_page_until_it_is_taken_back(
    visit: Any, stub: Any, inspected: Any
) -> None:
    page = visit("/ask")
    choose(page)
    page.get_by_role("navigation").get_by_role("link", name="Write").click()
    chosen = "Markdown, <b>notes</b> · private, too · since 2023-01-01 · before 2024-06-30 · up to 8"
    expect(page.locator("#look-in-said")).to_have_text(chosen)
    filters = {"kinds": ["markdown"], "sources": ["<b>notes</b>"], "after": SINCE, "before": BEFORE}
    expected = {"retrieval": True, "k": 8, "filters": filters | {"scope": "private"}}
    assert written(page, stub) == expected
    summary = page.locator("#look-in-more summary")
    summary.focus()
    page.keyboard.press("Enter")
    inspected(page, "write-look-in")
    again = page.get_by_role("button", name="Clear these limits")
    again.focus()
    page.keyboard.press("Enter")
    expect(summary).to_be_focused()
    assert page.get_by_label("Markdown").is_checked() is False
    assert written(page, stub) == {"retrieval": True, "filters": {}}


@pytest.mark.usefixtures("ready")
def test_dates_between_which_there_is_nothing_are_told_before_anything_is_asked(visit: Any, stub: Any) -> None:
    page = visit("/ask")
    page.get_by_text("Look in everything public").click()
    page.get_by_label("Published since").fill("2024-06-30")
    page.get_by_label("Published before").fill("2023-01-01")
    expect(page.get_by_role("alert")).to_contain_text("change one of the dates")
    page.get_by_label("Your question").fill("What about kettles?")
    page.keyboard.press("Enter")
    assert page.locator(".turn").count() == 0
    assert page.get_by_label("Your question").input_value() == "What about kettles?"
    page.get_by_label("Published before").fill("")
    assert asked(page, stub) == {"since": "2024-06-30T00:00:00Z"}


@pytest.mark.usefixtures("ready")
def test_a_source_that_is_gone_is_no_longer_looked_in(visit: Any, stub: Any) -> None:
    page = visit("/ask")
    choose(page)
    stub.sources = stub.sources[:1]
    page.reload()
    expect(page.locator("#look-in-said")).to_have_text(
        "everything · private, too · since 2023-01-01 · before 2024-06-30 · up to 8"
    )
    page.locator("#look-in-more summary").click()
    assert page.get_by_role("group", name="Sources").count() == 0
