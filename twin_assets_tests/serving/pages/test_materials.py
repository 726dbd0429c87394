"""New material on the Write page: chosen, dropped, pasted."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

TRANSFER = """([text, name]) => {
  const data = new DataTransfer();
  if (text) data.setData("text/plain", text);
  if (name) data.items.add(new File(["notes"], name, { type: "text/plain" }));
  return data;
}"""
LINK = "https://example.org/dropped"


@pytest.fixture
def page(put: Any, visit: Any) -> Any:
    put("a" * 32)
    return visit("/write")


def drop(page: Any, place: str, text: str = "", file: str = "") -> bool:
    """Whether the page took what was dropped; else the browser does with it what it always does."""
    data = page.evaluate_handle(TRANSFER, [text, file])
    script = """(place, data) => {
      const about = { dataTransfer: data, bubbles: true, cancelable: true };
      const say = (kind) => place.dispatchEvent(new DragEvent(kind, about));
      say("dragover");
      return !say("drop");
    }"""
    return bool(page.locator(place).evaluate(script, data))


def paste(page: Any, place: str, text: str = "", file: str = "") -> bool:
    """Whether the page took what was pasted."""
    data = page.evaluate_handle(TRANSFER, [text, file])
    script = """(place, data) =>
      !place.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }))"""
    return bool(page.locator(place).evaluate(script, data))


def write(page: Any, prompt: str = "Kettles") -> None:
    page.get_by_label("What is it about?").fill(prompt)
    page.get_by_role("button", name="Write", exact=True).click()
    page.get_by_role("button", name="Accept").first.wait_for()


def test_a_file_is_sent_and_used_and_can_be_removed(page: Any, stub: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    page.locator("#file").set_input_files(tmp_path / "notes.txt")
    page.get_by_text("1 kB").wait_for()
    write(page)
    page.get_by_role("button", name="Remove notes.txt").click()
    write(page)
    assert [body["files"] for body in stub.bodies("POST", "/api/drafts")] == [["upload1"], []]


def test_links_texts_and_files_can_be_dropped_anywhere_on_the_form(page: Any, stub: Any) -> None:
    assert drop(page, "#drop", LINK)
    assert drop(page, ".formats", "Some notes of mine")
    assert drop(page, "#prompt", "https://example.org/other")
    assert drop(page, ".actions", file="notes.txt")
    page.get_by_text("1 kB").wait_for()
    write(page)
    (body,) = stub.bodies("POST", "/api/drafts")
    assert body["links"] == [LINK, "https://example.org/other"]
    assert body["texts"] == [{"title": "Dropped text", "text": "Some notes of mine"}]
    assert body["files"] == ["upload1"]


def test_words_dropped_into_a_text_field_stay_words(page: Any) -> None:
    assert not drop(page, "#prompt", "kettles, see https://example.org/a")
    assert page.locator("#materials li").count() == 0
    assert drop(page, "h1", "anything else"), "the browser would leave the page"


def test_links_and_files_can_be_pasted_and_text_that_is_being_written_is_left_alone(page: Any, stub: Any) -> None:
    assert paste(page, "#prompt", LINK)
    assert paste(page, "#link", "https://example.org/1\nhttps://example.org/2")
    assert paste(page, "body", file="notes.txt")
    page.get_by_text("1 kB").wait_for()
    page.get_by_label("What is it about?").fill("Kettles, as in")
    assert not paste(page, "#prompt", "https://example.org/mine")
    assert not paste(page, "#prompt", "some words")
    assert not paste(page, "#tone", LINK)
    assert not paste(page, "#prompt", "words of a document", file="picture.png")
    write(page)
    (body,) = stub.bodies("POST", "/api/drafts")
    assert body["links"] == [LINK, "https://example.org/1", "https://example.org/2"]
    assert body["files"] == ["upload1"]


def test_a_link_alone_is_enough_to_write_from(page: Any, stub: Any) -> None:
    paste(page, "#prompt", LINK)
    write(page, "")
    assert stub.bodies("POST", "/api/drafts")[0]["prompt"] == "Write about the new material."


def test_more_than_a_draft_takes_is_refused_in_words(page: Any) -> None:
    drop(page, "#drop", " ".join(f"https://example.org/{n}" for n in range(9)))
    expect(page.locator("#drop .error")).to_have_text("A draft takes 8 links at most: remove one first.")
    expect(page.locator("#materials li")).to_have_count(8)
