"""Sources over HTTP: what is listed, added, paused, collected and removed is what the sources file says."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from twin_assets.collection import Keep, collect_into
from twin_assets.settings import Settings, load_sources
from twin_assets.storage import TableStore

RUN = "11111111-2222-3333-4444-555555555555"


def run(partition: str, status: str, job: str = "collect_job") -> dict[str, Any]:
    return {
        "runId": RUN,
        "jobName": job,
        "status": status,
        "creationTime": 1764300000.0,
        "startTime": 1764300001.0,
        "endTime": 1764300009.0,
        "tags": [{"key": "dagster/partition", "value": partition}],
        "stepStats": [{"stepKey": "raw_documents", "status": "FAILURE", "startTime": 1.0, "endTime": 2.0}],
    }


def runs(*found: dict[str, Any]) -> dict[str, Any]:
    return {"runsOrError": {"__typename": "Runs", "results": list(found)}}


@pytest.fixture
def file(own_settings: Settings) -> Path:
    assert own_settings.sources_file is not None
    return own_settings.sources_file


def collect_letters(settings: Settings) -> None:
    keep = Keep(TableStore.of(settings), "letters", settings.collection_dir / "letters.json")
    (letters,) = [source for source in settings.sources.sources if source.name == "letters"]
    collect_into(keep, letters, settings.author, settings.collection)


def test_the_tables_are_read_again_only_when_they_have_changed(
    api: httpx.Client, own_settings: Settings, dagster: Any, monkeypatch: pytest.MonkeyPatch
):
    read: list[str] = []
    columns = TableStore.columns

    def noted(self: TableStore, record: Any, *rest: Any, **more: Any) -> Any:
        read.append(record.TABLE)
        return columns(self, record, *rest, **more)

    dagster.answers |= {"TwinRuns": runs()}
    collect_letters(own_settings)
    monkeypatch.setattr(TableStore, "columns", noted)
    listed = [api.get("/api/sources").json()["sources"][0]["documents"] for _ in range(3)]
    assert (listed, len(read)) == ([1, 1, 1], 2)
    (own_settings.sources_file.parent / "letters" / "next.md").write_text("# Tea\n\nTea follows.\n")  # type: ignore[union-attr]
    collect_letters(own_settings)
    assert api.get("/api/sources").json()["sources"][0]["documents"] == 2


def test_each_source_is_listed_with_its_documents_and_its_last_and_next_run(
    api: httpx.Client, own_settings: Settings, dagster: Any
):
    (own_settings.sources_file.parent / "letters" / "empty.md").write_text("")  # type: ignore[union-attr]
    collect_letters(own_settings)
    failure = {"eventType": "STEP_FAILURE", "failureMetadata": {"description": "ada.example.org is away"}}
    page = {"__typename": "EventConnection", "events": [failure], "cursor": "1", "hasMore": False}
    dagster.answers |= {"TwinRuns": runs(run("feed", "FAILURE")), "TwinEvents": {"logsForRun": page}}
    answer = api.get("/api/sources").json()
    letters, feed = answer["sources"]
    assert answer["notice"] is None
    assert (letters["name"], letters["kind"], letters["documents"]) == ("letters", "markdown", 1)
    assert letters["path"].endswith("/letters")
    assert letters["exclusions"] == {"empty": 1}
    assert letters["next_run"] is None
    assert letters["last_run"] is None
    assert (feed["url"], feed["schedule"], feed["documents"]) == ("https://ada.example.org/feed", "weekly", 0)
    assert feed["last_run"] == {
        "run_id": RUN,
        "status": "FAILURE",
        "at": "2025-11-28T03:20:09+00:00",
        "error": "ada.example.org is away",
    }
    assert feed["next_run"] is not None


def test_sources_are_listed_while_dagster_is_away(api: httpx.Client, dagster: Any):
    dagster.answers["TwinRuns"] = {"runsOrError": {"__typename": "PythonError", "message": "no database"}}
    answer = api.get("/api/sources").json()
    assert [source["name"] for source in answer["sources"]] == ["letters", "feed"]
    assert "no database" in answer["notice"]


def test_a_link_is_recognized_with_a_name_that_is_free(api: httpx.Client, tmp_path: Path):
    asked = api.post("/api/sources/recognize", json={"what": "https://github.com/ada"}).json()
    assert asked == {"kind": "git", "name": "github-ada", "url": "https://github.com/ada", "path": None, "advice": None}
    folder = api.post("/api/sources/recognize", json={"what": str(tmp_path / "letters")}).json()
    assert (folder["kind"], folder["name"], folder["path"]) == ("markdown", "letters-2", str(tmp_path / "letters"))
    refused = api.post("/api/sources/recognize", json={"what": "https://www.linkedin.com/in/ada"}).json()
    assert refused["kind"] is None
    assert "request your data" in refused["advice"]


def test_what_is_added_stands_in_the_sources_file(api: httpx.Client, file: Path):
    added = api.post("/api/sources", json={"what": "@ada@mastodon.example", "schedule": "hourly"})
    assert added.status_code == 201
    card = added.json()["source"]
    assert (card["kind"], card["schedule"], card["paused"]) == ("mastodon", "hourly", False)
    assert "  # her letters\n" in file.read_text()
    assert [source.name for source in load_sources(file).sources] == ["letters", "feed", card["name"]]


def test_nothing_wrong_is_added(api: httpx.Client, file: Path):
    before = file.read_text()
    for body, said in (
        ({"what": "@ada"}, "on which site"),
        ({"what": "https://ada.example.org", "schedule": "at dawn"}, "is no time"),
        ({"what": "https://ada.example.org", "name": "letters"}, "two sources"),
        ({"what": "https://ada.example.org", "name": "../etc"}, "name"),
        ({"what": "https://ada.example.org", "kind": "novel"}, "kind"),
        ({}, "either"),
        ({"what": "https://ada.example.org\nauthor: Eve"}, "what"),
        ({"what": "https://ada.example.org", "include_private": True}, "include_private"),
    ):
        refused = api.post("/api/sources", json=body)
        assert refused.status_code == 400, body
        assert said in refused.json()["error"]["message"], body
    assert file.read_text() == before


def test_a_source_is_paused_and_goes_on(api: httpx.Client, file: Path):
    assert api.patch("/api/sources/feed", json={"paused": True}).json()["source"]["next_run"] is None
    assert [source.paused for source in load_sources(file).sources] == [False, True]
    changed = api.patch("/api/sources/feed", json={"paused": False, "schedule": "daily"}).json()["source"]
    assert (changed["paused"], changed["schedule"]) == (False, "daily")
    assert api.patch("/api/sources/feed", json={}).status_code == 400
    assert api.patch("/api/sources/nobody", json={"paused": True}).status_code == 404


def test_a_source_is_removed_and_its_documents_stay(api: httpx.Client, file: Path, own_settings: Settings):
    collect_letters(own_settings)
    assert api.delete("/api/sources/letters").json() == {"removed": "letters", "forgotten": None}
    assert [source.name for source in load_sources(file).sources] == ["feed"]
    assert Keep(TableStore.of(own_settings), "letters", own_settings.collection_dir / "letters.json").documents
    assert api.delete("/api/sources/letters").status_code == 404


def test_a_source_is_forgotten_with_all_its_documents_but_never_while_a_run_writes(
    api: httpx.Client, file: Path, own_settings: Settings, dagster: Any
):
    collect_letters(own_settings)
    dagster.answers["TwinRuns"] = runs(run("letters", "STARTED"))
    refused = api.delete("/api/sources/letters?forget=true")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "run_at_work")
    assert len(load_sources(file).sources) == 2
    dagster.answers["TwinRuns"] = runs()
    forgotten = api.delete("/api/sources/letters?forget=true").json()["forgotten"]
    assert len(forgotten["forgotten"]) == 1
    assert forgotten["rows"]["raw_documents"] == 1
    assert not Keep(TableStore.of(own_settings), "letters", own_settings.collection_dir / "letters.json").documents


def test_a_document_is_forgotten_by_its_id(api: httpx.Client, own_settings: Settings):
    collect_letters(own_settings)
    keep = Keep(TableStore.of(own_settings), "letters", own_settings.collection_dir / "letters.json")
    (document,) = keep.documents
    assert api.delete(f"/api/documents/{document}").json()["forgotten"] == [document]
    assert api.delete(f"/api/documents/{document}").status_code == 404


def test_a_collection_is_launched_for_the_source_s_partition(api: httpx.Client, dagster: Any):
    dagster.answers |= {
        "TwinPartition": {"addDynamicPartition": {"__typename": "AddDynamicPartitionSuccess"}},
        "TwinLaunch": {"launchRun": {"__typename": "LaunchRunSuccess", "run": {"runId": RUN}}},
    }
    started = api.post("/api/sources/feed/collect")
    assert (started.status_code, started.json()) == (202, {"run_id": RUN})
    (launched,) = dagster.variables("TwinLaunch")
    assert {"key": "dagster/partition", "value": "feed"} in launched["params"]["executionMetadata"]["tags"]
    assert launched["params"]["selector"]["jobName"] == "collect_job"
    assert api.post("/api/sources/nobody/collect").status_code == 404


def test_a_collection_that_is_at_work_is_not_launched_again(api: httpx.Client, dagster: Any):
    dagster.answers["TwinRuns"] = runs(run("feed", "QUEUED"))
    assert api.post("/api/sources/feed/collect").json() == {"run_id": RUN}
    assert dagster.variables("TwinLaunch") == []


def test_the_openapi_document_is_valid(api: httpx.Client):
    validate(api.get("/openapi.json").json())
