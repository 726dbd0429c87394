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
DRIFT_ALERT = {
    "name": "drift",
    "severity": "warning",
    "metric": "drifted_columns",
    "value": 1,
    "days": 1,
    "what": "Questions are not what they were: figures that drifted 1, above 0; question words",
    "remedy": "open the day's report; if people ask about new things, add sources and train again",
}
DISK_ALERT = DRIFT_ALERT | {
    "name": "disk_low",
    "severity": "critical",
    "metric": "disk_free_gb",
    "what": "The disk is nearly full: free 1.2 GB, below 5.0 GB",
    "remedy": "free space",
}
SOURCE_ALERT = DRIFT_ALERT | {"name": "source_failed", "metric": "failed_sources", "what": "A source failed: blog"}


def a_day(day: str, questions: int, *, live: bool = False, **more: Any) -> dict[str, Any]:
    """A day as the API tells it."""
    figures: dict[str, Any] = {"questions": questions, "drafts": questions // 4, "errors": 0}
    figures |= {"latency_p50_s": 0.9, "latency_p95_s": 4.25, "first_token_p50_s": 0.25}
    figures |= {"unsourced_share": 0.125, "refusal_share": 0.05, "thumbs_up": 0, "thumbs_down": 0, "edits": 0}
    return {"day": day, "live": live, "report": None, "metrics": figures | more}


def verdict(column: str, said: str, before: float | None, after: float | None) -> dict[str, Any]:
    """A verdict on drift as the API tells it."""
    return {"column": column, "verdict": said, "mean_before": before, "mean": after}


MONITORED = {
    "days": [
        a_day("2025-11-20", 12, live=True, errors=2, thumbs_up=3, edits=1),
        *(a_day(f"2025-11-{day}", (day * 7) % 31) for day in range(19, 9, -1)),
        a_day("2025-11-09", 0),
    ],
    "alerts": [DISK_ALERT, DRIFT_ALERT],
    "drift": {
        "day": "2025-11-19",
        "first": "2025-11-05",
        "last": "2025-11-18",
        "columns": [
            verdict("question_words", "drifted", 9.5, 41.25),
            verdict("answer_words", "steady", 80, 82),
            verdict("best_score", "not enough data", 0.016, None),
            verdict("citations", "steady", 3.9, 3.8),
        ],
        "report": "/api/monitoring/2025-11-19/report",
    },
    "notice": None,
}
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
    expect(page.locator("#drift")).to_contain_text("No day was reported on yet")
    expect(page.locator("#days")).to_contain_text("Nothing was asked")
    expect(page.locator("#runs")).to_contain_text("Nothing ran yet.")


def test_looking_again_shows_what_changed(stub: Any, visit: Any) -> None:
    page = visit("/health")
    expect(page.locator("#alerts")).to_contain_text("All is well.")
    stub.ready = False
    page.get_by_role("button", name="Look again").click()
    expect(page.locator("#alerts")).to_contain_text("start what is missing by “twin up”")


def test_days_alerts_and_drift_are_told_in_words(stub: Any, visit: Any, inspected: Any) -> None:
    stub.metrics, stub.monitoring = METRICS, MONITORED
    page = visit("/health")
    alerts = page.locator("#alerts li")
    expect(alerts).to_have_count(2)
    assert alerts.nth(0).inner_text().split("\n")[0] == "Critical"
    assert "The disk is nearly full: free 1.2 GB, below 5.0 GB. What to do: free space." in alerts.nth(0).inner_text()
    assert alerts.nth(1).inner_text().startswith("Warning")
    rows = page.locator("#days tbody tr")
    expect(rows).to_have_count(11)
    expect(page.locator("#days summary")).to_have_text("6 earlier days")
    told = [cell.strip() for cell in rows.nth(0).locator("td").all_inner_texts()]
    assert told == ["Nov 20, so far", "12", "3", "900 ms", "4.3 s", "250 ms", "2", "13 %", "5 %"]
    chart = page.locator("#days [role=img]").get_attribute("aria-label")
    assert chart.startswith("Questions and drafts by day: 2025-11-09 0 and 0, 2025-11-10 8 and 2")
    assert [c.strip() for c in page.locator("#feedback tbody td").all_inner_texts()] == [
        "Nov 20, so far",
        "3",
        "0",
        "1",
    ]
    drift = page.locator("#drift tbody tr")
    assert drift.nth(0).locator("td").all_inner_texts() == ["Length of questions", "drifted", "9.5 words", "41.3 words"]
    assert drift.nth(2).locator("td").all_inner_texts() == ["Best score of a source", "not enough data", "0.0160", "–"]
    link = page.get_by_role("link", name="Report of 2025-11-19")
    assert link.get_attribute("href") == "/api/monitoring/2025-11-19/report"
    inspected(page, "health-monitored")


def test_a_source_that_failed_is_told_once_and_by_monitoring_alone_where_sources_are_not_known(
    stub: Any, visit: Any
) -> None:
    stub.monitoring = {**MONITORED, "alerts": [SOURCE_ALERT], "notice": "Dagster does not answer."}
    page = visit("/health")
    expect(page.locator("#alerts")).to_contain_text("All is well.")
    stub.faults["/api/sources"] = (404, "Not Found")
    page.get_by_role("button", name="Look again").click()
    expect(page.locator("#alerts li")).to_have_count(1)
    expect(page.locator("#alerts")).to_contain_text("Dagster does not answer.")


def test_monitoring_that_fails_says_so_under_drift_and_leaves_the_rest(stub: Any, visit: Any) -> None:
    stub.metrics, stub.faults["/api/monitoring"] = METRICS, (503, "the traces cannot be read. Free disk space.")
    page = visit("/health")
    expect(page.locator("#drift")).to_contain_text("Free disk space.")
    expect(page.locator("#traffic")).to_contain_text("100 requests since the service was started")
