"""What a draft differs in, word by word: from an edit, from what it was revised from, from another variant."""

from typing import Any

import pytest
from playwright.sync_api import expect

WRITTEN = "Kettles, told <i>1</i> way."


@pytest.fixture
def page(put: Any, visit: Any) -> Any:
    """The Write page with two variants."""
    put("a" * 32)
    page = visit("/write")
    page.get_by_label("What is it about?").fill("Kettles")
    page.get_by_role("button", name="Write", exact=True).click()
    page.get_by_role("button", name="Accept").first.wait_for()
    return page


def changes(variant: Any) -> list[tuple[str, str]]:
    """The pieces that differ, as (ins or del, text)."""
    script = "all => all.map(one => [one.localName, one.childNodes[1].textContent.trim()])"
    return [(kind, text) for kind, text in variant.locator("ins, del").evaluate_all(script)]


def test_an_edit_is_compared_with_the_draft_as_it_is_typed(page: Any, inspected: Any) -> None:
    variant = page.locator(".variant").first
    picker = variant.get_by_label("Compare Variant 1 with")
    picker.focus()
    page.keyboard.type("the draft")
    expect(variant.locator(".comparison .note")).to_have_text("No difference.")
    variant.get_by_label("Variant 1", exact=True).fill("Kettles, retold\n\nmy <i>1</i> way.")
    assert changes(variant) == [("del", "told"), ("ins", "retold\n\nmy")]
    expect(variant.locator(".comparison .note")).to_have_text("2 words added, 1 word removed.")
    group = variant.get_by_role("group", name="Difference to the draft as written")
    assert "[removed: told" in group.text_content()
    assert group.locator("i").count() == 0
    inspected(page, "write-compare")
    picker.select_option("nothing")
    assert group.is_hidden()


def test_variants_are_compared_with_each_other(page: Any) -> None:
    first, second = page.locator(".variant").all()
    second.get_by_label("Compare Variant 2 with").select_option("variant 1")
    assert changes(second) == [("del", "1"), ("ins", "2")]
    first.get_by_label("Variant 1", exact=True).fill("Kettles, told <i>2</i> way.")
    assert changes(second) == []


def test_a_revision_is_compared_with_the_edited_text_that_it_was_made_from(page: Any, stub: Any) -> None:
    variant = page.locator(".variant").first
    variant.get_by_label("Variant 1", exact=True).fill("Kettles, told my way.")
    variant.get_by_label("What to change").fill("her")
    page.keyboard.press("Enter")
    revision = page.get_by_label("Compare Draft with")
    revision.wait_for()
    (body,) = stub.bodies("POST", "/api/drafts/draft1/revise")
    assert body["text"] == "Kettles, told my way."
    revision.select_option("the text before this revision")
    assert changes(page.locator(".variant")) == [("del", "my"), ("ins", "her")]


def test_an_unedited_variant_is_revised_as_it_was_written(page: Any, stub: Any) -> None:
    page.locator(".variant").first.get_by_label("What to change").fill("her")
    page.keyboard.press("Enter")
    page.get_by_label("Compare Draft with").select_option("the text before this revision")
    assert "text" not in stub.bodies("POST", "/api/drafts/draft1/revise")[0]
    assert changes(page.locator(".variant")) == [("del", "<i>1</i>"), ("ins", "her")]
