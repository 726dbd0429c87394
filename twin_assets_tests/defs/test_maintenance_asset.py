"""The weekly maintenance, as Dagster runs it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from twin_assets.defs.features.maintenance import maintained_tables
from twin_assets.defs.resources import TwinResource
from twin_assets.monitoring.traces import Trace, TraceStore


def test_it_removes_old_traces_and_uploads_that_no_source_was_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    home, now = tmp_path / "home", datetime.now(UTC)
    for name in ("a" * 32, "b" * 32):
        folder = home / "uploads" / name
        folder.mkdir(parents=True)
        (folder / "notes.md").write_text("Kettles.")
        then = (now - timedelta(days=8)).timestamp()
        os.utime(folder, (then, then))
    used = home / "uploads" / ("b" * 32)
    sources = tmp_path / "sources.yaml"
    sources.write_text(f"author: Ada Example\nsources: [{{name: notes, path: {used}/notes.md, kind: markdown}}]\n")
    monkeypatch.setenv("TWIN_HOME", str(home))
    monkeypatch.setenv("TWIN_SOURCES", str(sources))
    monkeypatch.setenv("TWIN_SERVICE__KEEP_TRACES_DAYS", "30")
    traces = TraceStore(home)
    for days in (29, 31):
        asked_at = (now - timedelta(days=days)).isoformat()
        traces.add(Trace(f"{days} days", "chat", asked_at, "twin", "public", "asked", ("said",), (), None))
    done = dg.materialize([maintained_tables], resources={"twin": TwinResource()})
    (event,) = done.get_asset_materialization_events()
    shown = event.materialization.metadata
    assert (shown["traces_removed"].value, shown["uploads_removed"].value) == (1, 1)
    assert [path.name for path in (home / "uploads").iterdir()] == [used.name]
    assert (traces.get("29 days") is None, traces.get("31 days") is None) == (False, True)
    traces.close()
