"""Keeping traces holds up nothing else, whoever has their file."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import httpx
import pytest

from twin_assets.monitoring.traces import FILE

ASK: dict[str, Any] = {"model": "base", "messages": [{"role": "user", "content": "Hello"}], "retrieval": False}


@pytest.mark.parametrize("stream", [False, True])
def test_while_the_traces_are_locked_the_service_answers_others_and_keeps_the_trace_afterwards(
    http: httpx.Client, settings: Any, stream: bool
) -> None:
    assert http.post("/v1/chat/completions", json=ASK).status_code == 200
    with (
        ThreadPoolExecutor(1) as pool,
        closing(sqlite3.connect(settings.home / FILE, isolation_level=None, check_same_thread=False)) as other,
    ):
        other.execute("BEGIN EXCLUSIVE")
        with http.stream("POST", "/v1/chat/completions", json={**ASK, "stream": True}) as response:
            lines = response.iter_lines()
            while '"finish_reason":"stop"' not in next(lines):
                pass
            asked = pool.submit(http.post, "/v1/chat/completions", json={**ASK, "stream": stream})
            assert http.get("/healthz", timeout=10).json() == {"status": "ok"}
            assert not asked.done()
            other.execute("ROLLBACK")
            assert "data: [DONE]" in list(lines)
        assert asked.result(30).status_code == 200
    with closing(sqlite3.connect(settings.home / FILE)) as kept:
        assert kept.execute("SELECT count(*) FROM traces").fetchone() == (3,)
