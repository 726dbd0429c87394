"""The Sources page in a real browser."""

import threading
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

BLOG = {
    "name": "blog",
    "kind": "site",
    "url": "https://example.org/blog",
    "schedule": "daily",
    "paused": False,
    "documents": 42,
    "exclusions": {"too_short": 3, "not_own_words": 12},
    "last_run": {
        "run_id": "run0",
        "status": "FAILURE",
        "at": "2025-11-20T10:00:00Z",
        "error": "example.org answered 403. Allow the twin's user agent, or give an archive.",
    },
    "next_run": "2099-11-20T10:00:00Z",
}
ARCHIVE = {
    "name": "<b>linkedin</b>",
    "kind": "linkedin",
    "path": "/archives/linkedin.zip",
    "schedule": None,
    "paused": True,
    "documents": 1234,
    "exclusions": {},
    "last_run": None,
    "next_run": None,
}


@pytest.fixture
def page(stub: Any, visit: Any) -> Any:
    stub.sources = [dict(BLOG), dict(ARCHIVE)]
    return visit("/sources")


def test_each_source_is_shown_with_its_state_its_exclusions_and_its_error_in_words(page: Any, inspected: Any) -> None:
    blog, archive = page.get_by_role("article", name="blog"), page.get_by_role("article", name="<b>linkedin</b>")
    blog.get_by_text("42", exact=True).wait_for()
    assert "Allow the twin's user agent" in blog.locator(".error").inner_text()
    blog.get_by_text("15 things left out").click()
    assert [cell.inner_text() for cell in blog.locator("tbody td").all()] == ["not own words", "12", "too short", "3"]
    assert "1,234" in archive.inner_text()
    assert "paused" in archive.inner_text()
    page.get_by_label("Add a source").fill("https://github.com/ada")
    page.get_by_text("to be called").wait_for()
    inspected(page, "sources")


def test_a_link_is_recognized_while_it_is_typed_and_added(page: Any, stub: Any) -> None:
    page.get_by_label("Add a source").fill("https://github.com/ada")
    page.get_by_text("This is GitHub or a git repository, to be called ada").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("article", name="archive").wait_for()
    assert stub.bodies("POST", "/api/sources") == [{"what": "https://github.com/ada"}]


def test_what_cannot_be_collected_is_told_with_the_way_to_it(page: Any) -> None:
    page.get_by_label("Add a source").fill("https://linkedin.com/in/ada")
    page.locator("#recognized .error", has_text="Ask LinkedIn for your archive").wait_for()


def test_an_archive_is_sent_recognized_and_made_a_source(page: Any, stub: Any, tmp_path: Path) -> None:
    (tmp_path / "export.zip").write_bytes(b"PK")
    page.locator("#file").set_input_files(tmp_path / "export.zip")
    page.get_by_text("This is a LinkedIn archive").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("article", name="archive").wait_for()
    assert stub.bodies("POST", "/api/sources") == [{"upload_id": "upload1"}]


def test_a_source_is_collected_now_with_live_progress(page: Any, stub: Any) -> None:
    stub.gate = threading.Event()
    blog = page.get_by_role("article", name="blog")
    blog.get_by_role("button", name="Collect blog now").click()
    blog.get_by_text("3 of 7 · raw documents: running").wait_for()
    assert blog.get_by_role("progressbar").evaluate("bar => bar.value / bar.max") == pytest.approx(3 / 7)
    stub.gate.set()
    expect(blog.locator("dd").first).to_have_text("7")
    assert page.get_by_role("status").inner_text() == "blog: Done"


def test_a_collection_that_fails_says_why(page: Any, stub: Any) -> None:
    stub.run_ends = "FAILURE"
    stub.sources[0]["last_run"] = stub.sources[0]["last_run"] | {"error": "The blog answered 403."}
    page.get_by_role("button", name="Collect blog now").click()
    page.get_by_role("article", name="blog").locator(".error", has_text="The blog answered 403.").wait_for()


def test_what_is_not_known_while_dagster_is_away_is_said(page: Any, stub: Any) -> None:
    stub.notice = "Dagster does not answer. Run `twin up`."
    page.reload()
    page.get_by_text("Dagster does not answer. Run `twin up`.").wait_for()


def test_a_run_that_goes_on_is_followed_when_the_page_is_opened(stub: Any, visit: Any) -> None:
    stub.sources, stub.gate = [dict(BLOG)], threading.Event()
    stub.runs = [{"run_id": "run1", "job": "collect", "status": "STARTED", "source": "blog", "steps": []}]
    page = visit("/sources")
    page.get_by_text("3 of 7 · raw documents: running").wait_for()
    assert page.get_by_role("button", name="Collect blog now").is_disabled()
    stub.gate.set()
    expect(page.get_by_role("status")).to_have_text("blog: Done")


def test_a_collection_that_begins_by_itself_is_followed_without_opening_the_page_anew(stub: Any, visit: Any) -> None:
    stub.sources = [dict(BLOG), ARCHIVE | {"name": "letters"}]
    page = visit("/sources")
    page.get_by_role("article", name="blog").wait_for()
    stub.gate = threading.Event()
    stub.runs = [{"run_id": "run1", "job": "collect", "status": "QUEUED", "source": "blog", "steps": []}]
    page.get_by_text("3 of 7 · raw documents: running").wait_for()
    # What changes the list meanwhile leaves the report of the run where it is.
    page.get_by_role("button", name="Resume letters").click()
    page.get_by_role("button", name="Pause letters").wait_for()
    blog = page.get_by_role("article", name="blog")
    assert "3 of 7" in blog.inner_text()
    assert page.get_by_role("button", name="Collect blog now").is_disabled()
    stub.sources[0]["documents"] = 43
    stub.gate.set()
    expect(blog.locator("dd").first).to_have_text("43")
    assert page.get_by_role("button", name="Collect blog now").is_enabled()


def test_what_a_collection_did_that_was_over_at_once_is_shown_as_well(page: Any, stub: Any) -> None:
    blog = page.get_by_role("article", name="blog")
    blog.wait_for()
    stub.sources[0] |= {"documents": 43, "last_run": stub.sources[0]["last_run"] | {"run_id": "run1"}}
    stub.runs = [{"run_id": "run1", "job": "collect", "status": "SUCCESS", "source": "blog", "steps": []}]
    expect(blog.locator("dd").first).to_have_text("43")


def test_a_source_is_paused_and_its_schedule_changed(page: Any, stub: Any) -> None:
    page.get_by_role("button", name="Pause blog").click()
    page.get_by_role("button", name="Resume blog").wait_for()
    page.get_by_label("Schedule of blog").select_option("weekly")
    expect(page.get_by_role("status")).to_have_text("blog: weekly")
    assert stub.bodies("PATCH", "/api/sources/blog") == [{"paused": True}, {"schedule": "weekly"}]


def test_a_source_is_forgotten_only_after_a_confirmation(page: Any, stub: Any, inspected: Any) -> None:
    page.get_by_role("button", name="Forget blog").click()
    assert "42 documents" in page.get_by_role("dialog").inner_text()
    inspected(page, "sources-forget")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Forget blog"
    assert [one for one in stub.sent if one[0] == "DELETE"] == []
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Forget", exact=True).click()
    page.get_by_text("blog is forgotten: 12 rows removed. 1 adapter was trained on it").first.wait_for()
    assert page.get_by_role("article").count() == 1
    assert ("FORGET", "blog", None, "") in stub.sent


def test_without_a_source_the_page_says_what_to_add(visit: Any) -> None:
    visit("/sources").locator("#sources", has_text="No source yet").wait_for()
