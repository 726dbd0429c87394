"""The Twin page in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import expect

NOW = {
    "deployment_id": "d2",
    "recipe": "default",
    "adapter_digest": "a" * 64,
    "deployed_at": "2025-11-20T10:00:00Z",
    "dataset_versions": {"instruction_dataset": "i" * 64},
    "model_version": 2,
    "previous": "d1",
    "probe": "It answered <b>three</b> questions.",
}
BEFORE = NOW | {"deployment_id": "d1", "adapter_digest": "b" * 64, "previous": None, "recipe": "first"}
REPORT = {
    "recipe": "default",
    "adapter_digest": "a" * 64,
    "scores": {
        "base": {"bits_per_byte": 1.21, "voice_words": 0.0, "longest_overlap_words": 6},
        "twin": {"bits_per_byte": 0.98, "voice_words": 0.62, "longest_overlap_words": 9},
        "previous": {"bits_per_byte": 1.05, "voice_words": None, "longest_overlap_words": 7},
    },
    "gain": {"value": 0.19, "low": 0.15, "high": 0.22},
    "passed": True,
    "reasons": [],
}
DATASET = {
    "dataset": "instruction_dataset",
    "digest": "i" * 64,
    "created_at": "2025-11-19T10:00:00Z",
    "counts": {"by_teacher": 0, "reused": 9, "samples": 1260, "samples_test": 60, "samples_train": 1200},
    "readable": True,
}


@pytest.fixture
def page(stub: Any, put: Any, visit: Any) -> Any:
    put("a" * 32)
    stub.deployments = {"current": NOW, "history": [NOW, BEFORE]}
    stub.reports = [REPORT | {"adapter_digest": "c" * 64, "passed": False, "reasons": ["It recites too much."]}, REPORT]
    stub.datasets = [DATASET]
    return visit("/twin")


def test_what_is_deployed_is_shown_with_its_scores_against_base_and_previous(page: Any, inspected: Any) -> None:
    deployed = page.locator(".deployed")
    assert "aaaaaaaaaaaa" in deployed.inner_text()
    assert "It answered <b>three</b> questions." in deployed.inner_text()
    report = page.locator(".report").first
    assert "19.0 % fewer bits" in report.inner_text()
    plots = report.get_by_role("img")
    expect(plots).to_have_count(3)
    assert [plot.get_attribute("aria-label") for plot in plots.all()] == [
        "Surprise at your unseen writing, bits per byte: base model 1.21, previous twin 1.05, this twin 0.98",
        "Voice: words: base model 0, this twin 0.62",
        "Longest passage recited word for word, words: base model 6, previous twin 7, this twin 9",
    ]
    x = {who: plots.first.locator(f".{who}").bounding_box()["x"] for who in ("twin", "previous", "base")}
    assert x["twin"] < x["previous"] < x["base"]
    expect(page.locator("#datasets tbody tr")).to_contain_text("1,260 samples: train 1,200, test 60")
    page.get_by_text("1 more report").click()
    assert "It recites too much." in page.locator(".report").nth(1).inner_text()
    page.get_by_text("Go back to the twin before").click()
    inspected(page, "twin")


def test_a_rollback_needs_a_reason_and_says_what_came_of_it(page: Any, stub: Any) -> None:
    page.get_by_text("Go back to the twin before").click()
    page.get_by_role("button", name="Roll back").click()
    assert "Say why" in page.locator(".rollback .error").inner_text()
    page.get_by_label("Roll back, because…").fill("It rambles")
    page.keyboard.press("Enter")
    page.get_by_text("Rolled back. MLflow still names the other champion.").wait_for()
    assert stub.bodies("POST", "/api/deployments/rollback") == [{"reason": "It rambles"}]
    assert "bbbbbbbbbbbb" in page.locator(".deployed").inner_text()
    assert "rolled back (It rambles)" in page.locator("#history tbody tr").first.inner_text()


def test_the_page_links_into_dagster_and_mlflow(page: Any) -> None:
    links = [link.get_attribute("href") for link in page.locator("#links a").all()]
    assert links[0] == "http://127.0.0.1:3000/assets/deployed_twin"
    assert links[-1] == "http://127.0.0.1:5000"


def test_a_part_that_cannot_be_read_does_not_take_the_others_with_it(stub: Any, page: Any) -> None:
    stub.faults["/api/evaluations"] = (503, "report.json cannot be read. Materialize it again.")
    stub.faults["/api/datasets"] = (404, "Not Found")
    page.reload()
    page.locator("#scores .error", has_text="Materialize it again").wait_for()
    page.locator("#datasets", has_text="twin datasets list").wait_for()
    page.locator(".deployed").wait_for()
