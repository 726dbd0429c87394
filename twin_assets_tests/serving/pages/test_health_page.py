"""The Health page in a real browser."""

from typing import Any

from playwright.sync_api import expect

METRICS = """
# HELP twin_requests_total Requests.
# TYPE twin_requests_total counter
twin_requests_total{route="/v1/chat/completions",status="200"} 96
twin_requests_total{route="/v1/chat/completions",status="503"} 4
# TYPE twin_answer_seconds histogram
twin_answer_seconds_bucket{le="0.5"} 50
twin_answer_seconds_bucket{le="1"} 90
twin_answer_seconds_bucket{le="3"} 100
twin_answer_seconds_bucket{le="+Inf"} 100
twin_answer_seconds_sum 60
twin_answer_seconds_count 100
twin_feedback_total{kind="thumb_up"} 7
twin_feedback_total{kind="thumb_down"} 2
"""
FAILED = {
    "run_id": "r1",
    "job": "train_job",
    "status": "FAILURE",
    "started": "2025-11-20T10:00:00Z",
    "ended": None,
    "source": None,
    "steps": [],
    "message": "sft_adapter: out of memory. Choose a smaller recipe.",
}


def test_traffic_latency_and_feedback_are_told_from_the_metrics(stub: Any, visit: Any, inspected: Any) -> None:
    stub.metrics, stub.runs, stub.ready = METRICS, [FAILED], False
    page = visit("/health")
    expect(page.locator("#traffic")).to_contain_text("100 requests since the service was started")
    assert page.locator("#traffic [role=img]").get_attribute("aria-label").endswith("answered 96, failed 4")
    assert page.locator("#traffic tbody td").all_inner_texts() == ["answer", "500 ms", "2.8 s"]
    expect(page.locator("#feedback dd")).to_have_text(["7", "2"])
    alerts = page.locator("#alerts li")
    expect(alerts).to_have_count(2)
    assert "the engine does not answer" in alerts.nth(0).inner_text()
    assert "Choose a smaller recipe." in alerts.nth(1).inner_text()
    inspected(page, "health")


def test_what_is_not_there_yet_is_said(visit: Any) -> None:
    page = visit("/health")
    expect(page.locator("#alerts")).to_contain_text("All is well.")
    expect(page.locator("#traffic")).to_contain_text("there is no /metrics")
    expect(page.locator("#feedback")).to_contain_text("No feedback yet")
    expect(page.locator("#drift")).to_contain_text("not measured yet")
    expect(page.locator("#runs")).to_contain_text("Nothing ran yet.")


def test_looking_again_shows_what_changed(stub: Any, visit: Any) -> None:
    page = visit("/health")
    expect(page.locator("#alerts")).to_contain_text("All is well.")
    stub.ready = False
    page.get_by_role("button", name="Look again").click()
    expect(page.locator("#alerts")).to_contain_text("start what is missing by “twin up”")
