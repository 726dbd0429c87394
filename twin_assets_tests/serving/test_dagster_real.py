"""The GraphQL client against a real Dagster: webserver, daemon and code server, with a source that is paused."""

import asyncio
import json
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from twin_assets.machine.local import dagster_specs, environment
from twin_assets.machine.supervisor import Supervisor
from twin_assets.serving.app import create_app
from twin_assets.serving.dagster import Dagster, DagsterError, NoSuchRun
from twin_assets.settings import Settings, load_settings
from twin_assets_tests.ports import free_ports

pytestmark = pytest.mark.slow
T = TypeVar("T")
# Paused, so that no sensor collects them before they are asked for.
SOURCES = """\
author: Ada Example
sources:
  - {name: letters, path: letters, paused: true}
  - {name: broken, path: broken, kind: linkedin, paused: true}
"""


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a twin whose Dagster runs."""
    folder = tmp_path_factory.mktemp("twin")
    for name, text in (("letters", "# A kettle\n\nThe first of her letters is about a kettle.\n"), ("broken", "")):
        (folder / name).mkdir()
        (folder / name / "one.md").write_text(text)
    (folder / "sources.yaml").write_text(SOURCES)
    dagster, code = free_ports(2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWIN_HOME", str(folder / "home"))
        patch.setenv("TWIN_PORTS__DAGSTER", str(dagster))
        patch.setenv("TWIN_PORTS__CODE", str(code))
        settings = load_settings(folder / "sources.yaml")
        for name, value in (environment(settings) | {"TWIN_SOURCES": str(folder / "sources.yaml")}).items():
            patch.setenv(name, value)
        (settings.home / "dagster").mkdir(parents=True)
        supervisor = Supervisor(lambda: dagster_specs(settings), folder / "processes.json", lambda _: None)
        try:
            supervisor.start()
            yield settings
        finally:
            supervisor.stop()


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def told(settings: Settings, served: Any, search: Any, source: str) -> list[dict[str, Any]]:
    """Collect a source through the service, and give the events that its stream told."""
    with (
        served(create_app(settings, search, Path)) as url,
        httpx.Client(base_url=url, timeout=180) as client,
    ):
        started = client.post(f"/api/sources/{source}/collect").json()
        with client.stream("GET", f"/api/runs/{started['run_id']}/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = [line for line in stream.iter_lines() if line.startswith("data:")]
        listed = client.get("/api/runs?limit=5").json()["runs"]
        assert started["run_id"] in {one["run_id"] for one in listed}
    return [json.loads(line.removeprefix("data:")) for line in lines]


def test_a_source_is_collected_and_its_progress_told_to_the_end(twin: Settings, served: Any, search: Any):
    events = told(twin, served, search, "letters")
    steps = [(event["asset"], event["status"]) for event in events if event["type"] == "step"]
    assert steps == [
        ("raw_documents", "running"),
        ("raw_documents", "done"),
        ("cleaned_documents", "running"),
        ("cleaned_documents", "done"),
    ]
    assert [e for e in events if e["type"] == "progress"][-1] == {"type": "progress", "done": 2, "total": 2}
    assert any("1 documents" in event["message"] for event in events if event["type"] == "log")
    assert events[-1] == {"type": "end", "status": "SUCCESS", "error": None}
    with served(create_app(twin, search, Path)) as url:
        letters = httpx.get(f"{url}/api/sources", timeout=60).json()["sources"][0]
    assert (letters["documents"], letters["last_run"]["status"]) == (1, "SUCCESS")


def test_a_failed_collection_says_in_words_what_failed(twin: Settings, served: Any, search: Any):
    end = told(twin, served, search, "broken")[-1]
    assert end["status"] == "FAILURE"
    assert "holds nothing to collect" in end["error"]
    with served(create_app(twin, search, Path)) as url:
        listed = httpx.get(f"{url}/api/runs", timeout=60).json()["runs"]
    (failed,) = [one for one in listed if one["source"] == "broken"]
    assert "holds nothing to collect" in failed["message"]
    assert {"asset": "raw_documents", "status": "failed"} in failed["steps"]


def test_a_run_that_is_none_is_said_to_be_none(twin: Settings):
    async def ask() -> None:
        dagster = Dagster(twin.url("dagster"))
        nobody = "00000000-0000-0000-0000-000000000000"
        try:
            with pytest.raises(NoSuchRun):
                await dagster.run(nobody)
            with pytest.raises(NoSuchRun):
                await dagster.events(nobody)
            with pytest.raises(DagsterError, match="refused"):
                await dagster.query("query Wrong { nonsense }", {})
        finally:
            await dagster.close()

    run(ask())
