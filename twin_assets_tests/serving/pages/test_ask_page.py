"""What the Ask page adds to the chat: passages in their document, another answer beside it, versions, judging."""

from typing import Any

import pytest


@pytest.fixture
def page(put: Any, visit: Any) -> Any:
    put("a" * 32)
    return visit("/ask")


def ask(page: Any) -> Any:
    page.get_by_label("Your question").fill("What about kettles?")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Ask", exact=True).wait_for()
    return page.locator(".turn.assistant")


def test_a_citation_opens_the_document_with_the_passage_marked(page: Any, inspected: Any) -> None:
    ask(page).get_by_role("button", name="On <b>kettles</b>").click()
    panel = page.get_by_role("dialog")
    panel.locator("mark").wait_for()
    assert panel.locator("mark").inner_text() == "The kettle argument 🫖 has three parts."
    assert panel.locator(".text").inner_text().endswith(" After.")
    assert "blog · markdown · 2024-05-01" in panel.inner_text()
    inspected(page, "ask-passage")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "On <b>kettles</b>"


def test_a_mark_in_the_answer_opens_its_passage(page: Any) -> None:
    ask(page).get_by_role("button", name="[1]").click()
    page.get_by_role("dialog").locator("mark").wait_for()


def test_a_passage_whose_document_is_gone_is_shown_all_the_same(page: Any, stub: Any) -> None:
    stub.faults["/api/documents/doc1"] = (404, "That document was forgotten.")
    ask(page).get_by_role("button", name="On <b>kettles</b>").click()
    page.get_by_role("dialog").locator(".error", has_text="was forgotten").wait_for()
    assert page.get_by_role("dialog").locator("mark").inner_text() == "The kettle argument 🫖 has three parts."


def test_a_version_answers_beside_the_base_model(page: Any, stub: Any, inspected: Any) -> None:
    page.get_by_label("Model").select_option("twin@3")
    page.get_by_label("Beside it").select_option("base")
    page.get_by_label("Look up sources").uncheck()
    turns = ask(page)
    assert turns.locator(".by").all_inner_texts() == ["Ada Example’s twin, version 3", "Base model"]
    assert turns.locator(".text").all_inner_texts() == ["twin@3 answers [1].", "base answers [1]."]
    bodies = stub.bodies("POST", "/v1/chat/completions")
    assert [(body["model"], body["retrieval"]) for body in bodies] == [("twin@3", False), ("base", False)]
    inspected(page, "ask-beside")
    page.get_by_label("Beside it").select_option("")
    ask(page)
    said = [message["content"] for message in stub.bodies("POST", "/v1/chat/completions")[-1]["messages"]]
    assert said == ["What about kettles?", "twin@3 answers [1].", "What about kettles?"]


def test_an_answer_is_judged_and_traced(page: Any, stub: Any) -> None:
    turn = ask(page)
    turn.get_by_role("button", name="Bad answer").click()
    turn.locator("[aria-pressed=true]").wait_for()
    assert stub.bodies("POST", "/api/feedback") == [{"draft_id": "trace1", "variant": 0, "kind": "thumb_down"}]
    turn.get_by_role("button", name="Where this came from").click()
    turn.get_by_text("instruction dataset").wait_for()
    assert "bbbbbbbbbbbb" in turn.locator(".facts").inner_text()


def test_a_question_can_be_begun_with_a_press(page: Any, inspected: Any) -> None:
    inspected(page, "ask")
    page.get_by_role("button", name="How would you explain").click()
    page.keyboard.type("kettles?")
    assert page.get_by_label("Your question").input_value() == "How would you explain kettles?"
    page.keyboard.press("Enter")
    page.locator(".turn.assistant .judging").wait_for()
    assert page.get_by_role("group", name="Begin with").is_hidden()
