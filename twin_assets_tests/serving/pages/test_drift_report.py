"""Evidently's page of a day in a real browser, as the service gives it out."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from twin_assets.monitoring.report import make_report
from twin_assets.monitoring.state import State
from twin_assets.monitoring.traces import TraceStore
from twin_assets.serving.app import create_app
from twin_assets_tests.asked import DAY, traffic


def test_the_report_works_in_its_sandbox_and_reaches_nothing(
    settings: Any, search: Any, served: Any, browser: Any
) -> None:
    traces = TraceStore(settings.home)
    for trace in [*traffic(DAY, 40, 1, (60, 90)), *traffic(DAY - timedelta(days=1), 40, 2)]:
        traces.add(trace)
    traces.close()
    make_report(settings, DAY, State())
    faults: list[str] = []
    asked: list[str] = []
    with served(create_app(settings, search, Path)) as url:
        page = browser.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{url}/api/monitoring/{DAY}/report")
        expect(page.get_by_text("question_words").first).to_be_visible(timeout=30_000)
        expect(page.get_by_text("Drift", exact=False).first).to_be_visible()
        assert faults == []
        assert page.evaluate("self.origin") == "null"
        refused = page.evaluate("fetch('/api/monitoring').then(() => 'answered', () => 'refused')")
        page.close()
    assert refused == "refused"
    assert [one for one in asked if not one.startswith(("data:", "blob:"))] == [f"{url}/api/monitoring/{DAY}/report"]
