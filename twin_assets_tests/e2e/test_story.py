"""The main story of a person and their twin, in a real browser: told in the order of the tests.

It goes on with the twin whose life `test_life` told before, or starts one when it is run alone.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright

from twin_assets.records import FeedbackEvent, PreferenceSample
from twin_assets.settings import load_settings
from twin_assets.storage import TableStore
from twin_assets_tests.chromium import CHROMIUM, FLAGS
from twin_assets_tests.e2e.whole_twin import SAMPLE, WholeTwin
from twin_assets_tests.loopback import Loopback, Response, loopback

pytestmark = pytest.mark.slow

PAGE = """<!doctype html><html lang="en"><head><title>The tide gauge on the pilot pier</title></head><body><article>
<h1>The tide gauge on the pilot pier</h1>
<p>The gauge on the pilot pier was set in 1911 and has been read by hand on every working day since then.</p>
<p>In March the harbour put a second gauge beside it, and the two have disagreed by four centimetres at each spring
tide. Nobody has found out which of them is right, so both are written down, one beside the other, in the same book.</p>
<p>The pilots have asked for one number. They are given two, with the times at which they were read.</p>
</article></body></html>"""
PROMPT = "What a silent radio room taught me about alerts, and what I think of a second tide gauge"
EDITED = "We have two gauges now, and they disagree at springs. I write both down: a book with one number has lied."
"""What the author makes of the draft."""
RUN_S = 900
"""Seconds for what waits for runs: the machine may be busy with others."""


@pytest.fixture(scope="module")
def twin(whole_twin: WholeTwin) -> Iterator[WholeTwin]:
    """A twin that runs and has answered. Its story is the end of it: it does not go on training beside other tests."""
    if whole_twin.process is None:
        whole_twin.start()
    whole_twin.ready()
    yield whole_twin
    whole_twin.end()


@pytest.fixture(scope="module")
def site() -> Iterator[Loopback]:
    """The web site of somebody else."""
    with loopback({"/gauge": Response(PAGE, headers={"Content-Type": "text/html; charset=utf-8"})}) as site:
        yield site


@pytest.fixture(scope="module")
def page(twin: WholeTwin) -> Iterator[Any]:
    """A tab of a real Chromium. A script's error fails the test that follows it."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    faults: list[str] = []
    with sync_playwright() as started, started.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as browser:
        tab = browser.new_page(base_url=twin.service)
        tab.set_default_timeout(60_000)
        tab.on("pageerror", lambda error: faults.append(str(error)))
        yield tab
    assert faults == []


def rows(twin: WholeTwin, record: type[Any]) -> list[Any]:
    """A table of the twin as it is now."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in twin.environment.items():
            patch.setenv(name, value)
        return TableStore.of(load_settings()).read(record)


def test_an_archive_is_added_and_its_collection_watched_to_its_end(twin: WholeTwin, page: Any) -> None:
    page.goto("/sources")
    page.get_by_role("article", name="blog").wait_for()
    page.locator("#file").set_input_files(SAMPLE / "exports" / "linkedin.zip")
    page.get_by_text("This is a LinkedIn archive").wait_for()
    page.get_by_role("button", name="Add", exact=True).click()
    card = page.get_by_role("article", name="linkedin")
    card.wait_for()
    # Nobody asks for it: the sensor finds the new source, and the page the sensor's run.
    expect(card.get_by_role("progressbar")).to_be_visible(timeout=RUN_S * 1000)
    expect(card.locator("dd").nth(1)).to_contain_text("Done", timeout=RUN_S * 1000)
    assert int(card.locator("dd").first.inner_text()) > 15
    assert card.locator(".error").count() == 0


def test_a_new_twin_is_trained_on_it_and_the_twin_page_shows_it(twin: WholeTwin, page: Any) -> None:
    page.goto("/twin")
    page.get_by_role("heading", name="Deployed now").wait_for()
    before = page.locator("#deployed code").first.get_attribute("title")

    def deployed() -> str:
        digest = twin.deployed()
        return digest if digest != before else ""

    after = twin.until(deployed, "the archive did not lead to a deployment", RUN_S)
    page.reload()
    expect(page.locator("#deployed code").first).to_have_attribute("title", after)
    report = page.locator("#scores .report").first
    expect(report).to_contain_text("deployed")
    assert "passed the gate" in report.inner_text()


def test_a_linkedin_post_is_written_from_a_link_with_the_sources_beside_it(page: Any, site: Loopback) -> None:
    page.goto("/write")
    page.get_by_role("radio", name="LinkedIn post").check()
    page.get_by_label("What is it about?").fill(PROMPT)
    page.get_by_label("New material").fill(f"{site.url}/gauge")
    page.keyboard.press("Enter")
    page.get_by_text("Tone, length, variants, model").click()
    page.get_by_label("Length").select_option("short")
    page.get_by_label("Variants").select_option("1")
    page.get_by_role("button", name="Write", exact=True).click()
    page.get_by_role("button", name="Accept").wait_for()
    assert page.locator("#form-error").inner_text() == ""
    assert page.get_by_label("Draft", exact=True).input_value().strip()
    beside = page.get_by_role("complementary", name="Sources")
    expect(beside.locator(".read")).to_contain_text("The tide gauge on the pilot pier")
    assert beside.locator(".read .error").count() == 0
    assert site.count("/gauge") == 1
    beside.locator(".sources button").filter(has_text="silence").first.click()
    panel = page.get_by_role("dialog")
    expect(panel.locator("mark")).not_to_be_empty()
    assert "silence" in panel.get_by_role("heading").inner_text().lower()
    panel.get_by_role("button", name="Close").click()


def test_the_draft_is_edited_and_accepted_and_the_edit_is_feedback(twin: WholeTwin, page: Any) -> None:
    field = page.get_by_label("Draft", exact=True)
    drafted = field.input_value()
    field.fill(EDITED)
    page.get_by_role("button", name="Accept").click()
    page.locator("#drafts").get_by_text("kept as a preference").wait_for()
    (event,) = [one for one in rows(twin, FeedbackEvent) if one.draft == drafted]
    assert (event.kind, event.edited) == ("edit", EDITED)
    assert PROMPT in event.instruction
    page.reload()
    expect(page.locator("#earlier-list li").first).to_contain_text("accepted")


def test_the_edit_becomes_a_pair_that_the_next_twin_learns_from(twin: WholeTwin) -> None:
    event = max(rows(twin, FeedbackEvent), key=lambda one: one.created_at)

    def pairs() -> list[PreferenceSample]:
        return [pair for pair in rows(twin, PreferenceSample) if pair.origin == f"edit:{event.event_id}"]

    (pair,) = twin.until(pairs, "the edit did not become a pair", RUN_S)
    assert (pair.chosen, pair.rejected) == (EDITED, event.draft)


def test_a_rollback_with_a_reason_lets_the_twin_before_answer_again(twin: WholeTwin, page: Any) -> None:
    newest = twin.deployed()
    page.goto("/twin")
    page.get_by_text("Go back to the twin before").click()
    page.get_by_label("Roll back, because…").fill("It rambles")
    page.get_by_role("button", name="Roll back").click()
    page.get_by_text("Rolled back:").wait_for()
    expect(page.locator("#history tbody tr").first).to_contain_text("It rambles")
    answer = twin.chat("What about tide gauges?", max_tokens=16).json()
    assert twin.deployed() != newest
    assert answer["twin"]["adapter_digest"] == twin.deployed()
