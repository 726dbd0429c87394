"""The Health page in a real browser."""

from typing import Any

from playwright.sync_api import expect

METRICS = """
# HELP twin_http_requests_total Requests answered
# TYPE twin_http_requests_total counter
twin_http_requests_total{method="POST",route="/v1/chat/completions",status="200"} 96.0
twin_http_requests_total{method="POST",route="/v1/chat/completions",status="503"} 4.0
# TYPE twin_http_request_seconds histogram
twin_http_request_seconds_bucket{le="0.5",method="POST",route="/v1/chat/completions"} 50.0
twin_http_request_seconds_bucket{le="1.0",method="POST",route="/v1/chat/completions"} 90.0
twin_http_request_seconds_bucket{le="3.0",method="POST",route="/v1/chat/completions"} 100.0
twin_http_request_seconds_bucket{le="+Inf",method="POST",route="/v1/chat/completions"} 100.0
twin_http_request_seconds_bucket{le="0.5",method="GET",route="/healthz"} 900.0
twin_http_request_seconds_bucket{le="+Inf",method="GET",route="/healthz"} 900.0
twin_refused_requests_total{limit="concurrency"} 2.0
twin_refused_requests_total{limit="rate"} 1.0
twin_tokens_out_total 12345.0
twin_feedback_events{kind="edit"} 3.0
twin_feedback_events{kind="thumb_up"} 7.0
twin_feedback_events{kind="thumb_down"} 2.0
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
    assert page.locator("#traffic tbody td").all_inner_texts() == ["Whole answer", "500 ms", "2.8 s"]
    assert page.locator("#traffic dd").all_inner_texts() == ["12,345", "3"]
    expect(page.locator("#feedback dd")).to_have_text(["7", "2", "3"])
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
