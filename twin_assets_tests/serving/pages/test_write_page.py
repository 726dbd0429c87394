"""The Write page in a real browser."""

import random
import re
import threading
from typing import Any

import pytest
from playwright.sync_api import expect

from twin_assets.drafting.weights import weighted_length

MORE = "\n\n" + "I moved our tests to a fake clock last month, and the first week was worse than before. " * 3
MORE += "\n\nWhat helped was to ask which clock a test meant."


@pytest.fixture
def page(put: Any, visit: Any) -> Any:
    put("a" * 32)
    return visit("/write")


def write(page: Any, prompt: str = "Kettles") -> Any:
    page.get_by_label("What is it about?").fill(prompt)
    page.get_by_role("button", name="Write", exact=True).click()
    page.get_by_role("button", name="Accept").first.wait_for()
    return page.locator(".variant")


def test_a_draft_is_written_from_a_prompt_and_a_link_with_its_sources_beside_it(
    page: Any, stub: Any, inspected: Any
) -> None:
    stub.more = MORE
    page.get_by_role("radio", name="X thread").check()
    page.get_by_label("New material").fill("https://example.org/paper")
    page.keyboard.press("Enter")
    page.get_by_text("Tone, length, variants, model").click()
    page.get_by_label("Tone").fill("warm")
    variants = write(page)
    assert variants.count() == 2
    assert variants.nth(1).get_by_role("textbox").first.input_value() == "Kettles, told <i>2</i> way." + MORE
    beside = page.get_by_role("complementary", name="Sources")
    assert "Shortened to 33 % to fit: 300 of 900 tokens" in beside.inner_text()
    assert beside.get_by_role("button", name="On <b>kettles</b>").is_visible()
    (body,) = stub.bodies("POST", "/api/drafts")
    assert body["links"] == ["https://example.org/paper"]
    assert (body["format"], body["tone"], body["variants"]) == ("x_thread", "warm", 2)
    assert body["stream"] is True
    inspected(page, "write")


def test_what_changes_something_carries_the_csrf_token(page: Any, stub: Any) -> None:
    write(page)
    assert {token for *_, token in stub.sent} == {"token-of-the-test"}


def test_a_draft_streams_in_and_can_be_stopped(page: Any, stub: Any) -> None:
    stub.gate = threading.Event()
    page.get_by_label("What is it about?").fill("Kettles")
    page.get_by_role("button", name="Write", exact=True).click()
    first = page.get_by_label("Variant 1")
    expect(first).to_have_value(re.compile("^Kettles, told"))
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Write", exact=True).wait_for()
    assert first.input_value() == "Kettles, told <i>1</i> way."
    assert page.get_by_role("status").inner_text() == "Stopped"


def test_edits_are_accepted_and_become_a_preference(page: Any, stub: Any) -> None:
    variant = write(page).first
    field = variant.get_by_role("textbox").first
    field.fill("Kettles, told my way.")
    assert "edited" in variant.locator(".count").inner_text()
    variant.get_by_role("button", name="Accept").click()
    variant.get_by_text("kept as a preference").wait_for()
    assert stub.bodies("POST", "/api/drafts/draft1/accept") == [{"variant": 0, "text": "Kettles, told my way."}]
    variant.get_by_role("button", name="Undo edits").click()
    assert field.input_value() == "Kettles, told <i>1</i> way."


def test_a_post_that_is_edited_is_counted_as_its_platform_counts_it(page: Any) -> None:
    page.get_by_role("radio", name="X thread").check()
    variant = write(page).first
    variant.get_by_role("textbox").first.fill("👍 https://example.org/" + "a" * 300)
    assert variant.locator(".count").inner_text() == "1 post, the longest 26 of 280 · edited"
    page.get_by_role("radio", name="LinkedIn post").check()
    variant = write(page).first
    variant.get_by_role("textbox").first.fill("👍")
    assert variant.locator(".count").inner_text() == "2 of 3,000 characters · edited"


def test_the_page_counts_the_characters_of_a_post_on_x_as_the_service_does(page: Any) -> None:
    chance = random.Random(2026)
    family, thumb, keycap = "👨\u200d👩\u200d👧\u200d👦", "👍🏽", "1\ufe0f\u20e3"
    pieces = [*"aé你ß…“한ไ_./@- \n\u200d\ufe0f", "e\u0301", family, thumb, keycap, "🇩🇪", "1.2", "),"]
    pieces += ["https://example.org/", "HTTP://x.y", "example.org", "bücher.de/a"]
    texts = ["".join(chance.choices(pieces, k=chance.randint(0, 30))) for _ in range(2_000)]
    counted = page.evaluate("async (texts) => texts.map((await import('/static/weights.js')).weightedLength)", texts)
    assert [(t, n) for t, n in zip(texts, counted, strict=True) if weighted_length(t) != n] == []


def test_a_draft_is_copied_judged_and_revised(page: Any, stub: Any) -> None:
    variant = write(page).nth(1)
    variant.get_by_role("button", name="Copy").click()
    variant.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "Kettles, told <i>2</i> way."
    variant.get_by_role("button", name="Sounds like me", exact=True).click()
    variant.locator("[aria-pressed=true]").wait_for()
    assert stub.bodies("POST", "/api/feedback") == [{"draft_id": "draft1", "variant": 1, "kind": "thumb_up"}]
    variant.get_by_label("What to change").fill("shorter")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Draft", exact=True)).to_have_value("Kettles, told shorter way.")
    assert stub.bodies("POST", "/api/drafts/draft1/revise")[0]["variant"] == 1
    page.locator("#earlier-list li").nth(1).get_by_role("button").click()
    expect(page.locator(".variant")).to_have_count(2)


def test_nothing_to_write_of_and_a_refusal_are_told_with_what_to_do(page: Any, stub: Any) -> None:
    page.get_by_role("button", name="Write", exact=True).click()
    assert "Say what it is about" in page.locator("#form-error").inner_text()
    stub.faults["/api/drafts"] = (503, "The engine is away. Run `twin up`.")
    page.get_by_label("What is it about?").fill("Kettles")
    page.keyboard.press("Control+Enter")
    page.locator("#form-error", has_text="Run `twin up`").wait_for()
    assert page.locator(".variant:visible").count() == 0
