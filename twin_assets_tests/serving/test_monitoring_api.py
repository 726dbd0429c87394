"""Monitoring over HTTP: today as it is so far, reports of the days before, alerts, and Evidently's page."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import lancedb  # noqa: F401  (here, so that no request waits for it)
import pytest

from twin_assets.monitoring.report import make_report
from twin_assets.monitoring.state import State
from twin_assets.monitoring.traces import Trace, TraceStore
from twin_assets.serving.security import CSP
from twin_assets.settings import Settings
from twin_assets_tests.asked import asked, traffic

TODAY = datetime.now(UTC).date()
YESTERDAY = TODAY - timedelta(days=1)


def keep(settings: Settings, *traces: Trace) -> None:
    store = TraceStore(settings.home)
    for trace in traces:
        store.add(trace)
    store.close()


def drifted(settings: Settings) -> None:
    """Yesterday's questions are long, those of the day before are short; yesterday is reported on."""
    keep(settings, *traffic(YESTERDAY, 40, 1, (60, 90)), *traffic(YESTERDAY - timedelta(days=1), 40, 2))
    make_report(settings, YESTERDAY, State())


def candidate(*tags: dict[str, str]) -> dict[str, Any]:
    made = [{"partition": "tiny", "tags": list(tags)}]
    return {"assetOrError": {"__typename": "Asset", "assetMaterializations": made}}


def run(source: str, status: str) -> dict[str, Any]:
    tags = [{"key": "dagster/partition", "value": source}]
    times = {"creationTime": 1.0, "startTime": 1.0, "endTime": 2.0}
    return {"runId": source, "jobName": "collect_job", "status": status, "tags": tags, "stepStats": []} | times


def names(alerts: Sequence[dict[str, Any]]) -> set[str]:
    return {alert["name"] for alert in alerts} - {"disk_low"}


def test_today_is_measured_as_it_is_and_nothing_is_wrong_with_it(
    api: httpx.Client, own_settings: Settings, dagster: Any
):
    dagster.answers["TwinCandidate"] = candidate()
    keep(own_settings, asked(1, TODAY, seconds=3.0))
    shown = api.get("/api/monitoring").json()
    (day,) = shown["days"]
    assert (day["day"], day["live"], day["report"]) == (str(TODAY), True, None)
    assert (day["metrics"]["questions"], day["metrics"]["latency_p95_s"]) == (1, 3.0)
    assert day["metrics"]["disk_free_gb"] > 0
    assert (names(shown["alerts"]), shown["drift"], shown["notice"]) == (set(), None, None)


def test_drift_of_yesterday_is_told_with_its_alert_and_its_page(
    api: httpx.Client, own_settings: Settings, dagster: Any
):
    dagster.answers["TwinCandidate"] = candidate()
    drifted(own_settings)
    shown = api.get("/api/monitoring?days=7").json()
    assert [day["day"] for day in shown["days"]] == [str(TODAY), str(YESTERDAY)]
    verdicts = {one["column"]: one["verdict"] for one in shown["drift"]["columns"]}
    assert (verdicts["question_words"], verdicts["citations"]) == ("drifted", "steady")
    (alert,) = [one for one in shown["alerts"] if one["name"] == "drift"]
    assert "question words" in alert["what"]
    page = api.get(shown["drift"]["report"])
    assert page.headers["content-type"].startswith("text/html")
    assert "question_words" in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts;")
    assert "allow-same-origin" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert api.get("/health").headers["content-security-policy"] == CSP, "no other page is the weaker for it"
    assert api.get("/api/monitoring?days=1").json()["drift"]["day"] == str(YESTERDAY)


def test_a_failed_source_and_a_refused_candidate_call_for_a_person(api: httpx.Client, dagster: Any):
    results = [run("letters", "FAILURE"), run("feed", "SUCCESS"), run("feed", "FAILURE"), run("gone", "FAILURE")]
    dagster.answers["TwinRuns"] = {"runsOrError": {"__typename": "Runs", "results": results}}
    dagster.answers["TwinCandidate"] = candidate({"key": "twin/passed", "value": "false"})
    found = {one["name"]: one["what"] for one in api.get("/api/monitoring").json()["alerts"]}
    assert found["source_failed"].endswith("; letters"), "neither one that is well again nor one that was removed"
    assert found["gate_refused"].endswith("recipe tiny")


def test_without_dagster_the_rest_is_told(api: httpx.Client, dagster: Any):
    dagster.answers.clear()
    shown = api.get("/api/monitoring").json()
    assert "not known" in shown["notice"]
    assert shown["days"][0]["metrics"]["gate_refused"] is None


@pytest.mark.parametrize("day", [TODAY, date(1999, 1, 1)])
def test_a_day_without_a_report_is_not_found(api: httpx.Client, day: date):
    answer = api.get(f"/api/monitoring/{day}/report")
    assert (answer.status_code, str(day) in answer.json()["error"]["message"]) == (404, True)


def test_a_day_that_is_none_is_refused(api: httpx.Client):
    assert api.get("/api/monitoring/..%2Fsecret/report").status_code in (400, 404, 422)
    assert api.get("/api/monitoring?days=0").status_code == 400


def test_a_question_that_the_engine_fails_counts_as_an_error_and_an_answer_has_its_times(
    api: httpx.Client, fake: Any, dagster: Any
):
    dagster.answers["TwinCandidate"] = candidate()
    body = {"model": "base", "messages": [{"role": "user", "content": "What of kettles?"}]}
    assert api.post("/v1/chat/completions", json=body).status_code == 200
    assert api.post("/v1/chat/completions", json=body | {"stream": True}).status_code == 200
    fake.refuse_chat, fake.refuse_status = "out of memory", 500
    assert api.post("/v1/chat/completions", json=body).status_code == 503
    metrics = api.get("/api/monitoring").json()["days"][0]["metrics"]
    assert (metrics["questions"], metrics["errors"], metrics["error_share"]) == (3, 1, 1 / 3)
    assert 0 < metrics["first_token_p95_s"] <= metrics["latency_p95_s"] < 30


def test_a_draft_is_timed_and_one_that_the_engine_fails_is_an_error(api: httpx.Client, fake: Any, dagster: Any):
    dagster.answers["TwinCandidate"] = candidate()
    body = {"format": "linkedin_post", "prompt": "About kettles.", "model": "base"}
    assert api.post("/api/drafts", json=body).status_code == 200
    fake.refuse_chat, fake.refuse_status = "out of memory", 500
    assert api.post("/api/drafts", json=body).status_code == 503
    metrics = api.get("/api/monitoring").json()["days"][0]["metrics"]
    assert (metrics["drafts"], metrics["questions"], metrics["errors"]) == (2, 0, 1)
    assert 0 < metrics["draft_p50_s"] < 30
