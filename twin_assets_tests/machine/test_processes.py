"""Supervised processes, with real ones."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from twin_assets.errors import ProcessError
from twin_assets.files import read_json
from twin_assets.machine.processes import ManagedProcess, ProcessSpec, is_running, stop_all
from twin_assets.machine.supervisor import Supervisor
from twin_assets_tests.ports import free_ports

SERVER = """
import http.server, sys
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
STUBBORN = """
import signal, subprocess, sys, time
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(subprocess.Popen([sys.executable, "-c", deaf]).pid, flush=True)
time.sleep(60)
"""


def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Wait for a condition, bounded; fails the test when it does not come."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.02)


@pytest.fixture
def server(tmp_path: Path) -> ProcessSpec:
    """A real HTTP server on a free port."""
    (port,) = free_ports(1)
    return ProcessSpec(
        "server", (sys.executable, "-c", SERVER, str(port)), {}, tmp_path / "server.log", port, cwd=tmp_path
    )


@pytest.fixture
def said() -> list[str]:
    """What the supervisor reported."""
    return []


@pytest.fixture
def supervisor(server: ProcessSpec, tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    """A supervisor of that server."""
    made = Supervisor(lambda: [server], tmp_path / "run.json", said.append)
    yield made
    made.stop()


def test_a_started_process_answers_and_is_recorded_and_stops(supervisor: Supervisor, tmp_path: Path):
    supervisor.start()
    state = tmp_path / "run.json"
    assert Supervisor.running(state) == {"supervisor": True, "server": True}
    pid = read_json(state)["server"]["pid"]
    supervisor.stop()
    assert not psutil.pid_exists(pid)
    assert Supervisor.running(state) == {}


def test_a_process_that_is_killed_is_started_again(supervisor: Supervisor, tmp_path: Path, said: list[str]):
    supervisor.start()
    first = read_json(tmp_path / "run.json")["server"]["pid"]
    os.kill(first, signal.SIGKILL)

    def restarted() -> bool:
        supervisor.watch()
        return bool(read_json(tmp_path / "run.json")["server"]["pid"] != first)

    until(restarted)
    assert any("starting it again" in line for line in said)


def test_a_taken_port_names_the_port_and_the_setting_before_anything_starts(
    supervisor: Supervisor, server: ProcessSpec
):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", server.port or 0))
        holder.listen()
        with pytest.raises(ProcessError) as caught:
            supervisor.start()
    assert str(server.port) in caught.value.what
    assert "TWIN_PORTS__SERVER=" in caught.value.remedy
    assert not server.log.exists()


def test_a_process_that_does_not_come_up_shows_the_end_of_its_log(tmp_path: Path):
    spec = ProcessSpec(
        "broken", (sys.executable, "-c", "raise SystemExit('no such model')"), {}, tmp_path / "b.log", free_ports(1)[0]
    )
    supervisor = Supervisor(lambda: [spec], tmp_path / "run.json", lambda _: None)
    with pytest.raises(ProcessError, match="no such model"):
        supervisor.start()
    supervisor.stop()


def test_what_a_killed_supervisor_left_is_ended_with_its_children_and_nothing_else_is(tmp_path: Path):
    spec = ProcessSpec("stubborn", (sys.executable, "-c", STUBBORN), {}, tmp_path / "s.log")
    process = ManagedProcess.start(spec)
    until(lambda: spec.log.exists() and spec.log.read_text().strip().isdigit())
    child = int(spec.log.read_text())
    identity = process.identity()
    stranger = {**identity, "created": identity["created"] - 1000}
    assert stop_all({"stranger": stranger}, timeout_s=0.1) == []
    assert is_running(identity)
    os.kill(process.child.pid, signal.SIGKILL)
    process.child.wait()
    assert stop_all({"stubborn": identity}, timeout_s=0.2) == ["stubborn"]
    until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)
