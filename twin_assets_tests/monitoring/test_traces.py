"""Traces by day, and files from before answers were measured."""

import sqlite3
from datetime import date, timedelta
from pathlib import Path

from twin_assets.monitoring.traces import FILE, TraceStore
from twin_assets_tests.asked import DAY, asked

# The table as it was before answers were measured.
OLD = """
CREATE TABLE traces (
    trace_id TEXT PRIMARY KEY, kind TEXT NOT NULL, asked_at TEXT NOT NULL, model TEXT NOT NULL, scope TEXT NOT NULL,
    question TEXT NOT NULL, answers TEXT NOT NULL, documents TEXT NOT NULL, citations TEXT NOT NULL, deployment TEXT
) STRICT;
INSERT INTO traces VALUES ('old', 'chat', '2026-03-02T10:00:00+00:00', 'twin', 'public', 'asked', '["said"]', '[]',
                           '[]', NULL);
"""


def old_file(home: Path) -> None:
    (home / FILE).parent.mkdir(parents=True)
    connection = sqlite3.connect(home / FILE)
    connection.executescript(OLD)
    connection.close()


def test_a_file_from_before_answers_were_measured_is_read_and_written(tmp_path: Path):
    old_file(tmp_path)
    store = TraceStore(tmp_path)
    old = store.get("old")
    assert old is not None
    assert (old.question, old.answers, old.seconds, old.first_token_s, old.error) == (
        "asked",
        ("said",),
        None,
        None,
        "",
    )
    assert store.add(asked(1))
    assert store.get(asked(1).trace_id) == asked(1)
    store.close()
    again = TraceStore(tmp_path)
    assert len(again.between(DAY, DAY)) == 2
    again.close()


def test_two_services_may_open_an_old_file_at_once(tmp_path: Path):
    old_file(tmp_path)
    first, second = TraceStore(tmp_path), TraceStore(tmp_path)
    assert first.add(asked(1))
    assert second.add(asked(2))
    assert len(first.between(DAY, DAY)) == 3
    first.close()
    second.close()


def test_the_days_asked_for_are_given_whole_and_no_other(tmp_path: Path):
    store = TraceStore(tmp_path)
    edges = {
        "before": "2026-03-01T23:59:59.999999+00:00",
        "first": "2026-03-02T00:00:00+00:00",
        "last": "2026-03-03T23:59:59.999999+00:00",
        "after": "2026-03-04T00:00:00+00:00",
    }
    for name, at in edges.items():
        store.add(asked(trace_id=name, asked_at=at))
    assert [one.trace_id for one in store.between(DAY, DAY + timedelta(days=1))] == ["last", "first"]
    assert [one.trace_id for one in store.between(DAY, DAY + timedelta(days=1), most=1)] == ["last"]
    assert [one.trace_id for one in store.between(date(2026, 3, 4), date(2026, 3, 4))] == ["after"]
    store.close()


def test_a_day_is_found_by_the_index_however_many_traces_there_are(tmp_path: Path):
    store = TraceStore(tmp_path)
    store.add(asked())
    store.close()
    connection = sqlite3.connect(tmp_path / FILE)
    query = "EXPLAIN QUERY PLAN SELECT trace_id FROM traces WHERE asked_at >= 'a' AND asked_at < 'b' ORDER BY asked_at"
    plan = " ".join(str(row) for row in connection.execute(query))
    connection.close()
    assert "USING INDEX traces_by_time" in plan
