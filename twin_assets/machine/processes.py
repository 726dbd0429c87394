"""Processes of the twin: started in a group of their own, watched, restarted when they die, stopped cleanly.

What runs is written to a file with each process's id and start time, so that whatever a killed supervisor left
behind is found and ended by the next one, and nothing else ever is.
"""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from twin_assets.errors import ProcessError

STOP_TIMEOUT_S = 20.0
TAIL_LINES = 12


@dataclass(frozen=True)
class ProcessSpec:
    """How to start a process, and how to see that it is ready."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    port: int | None = None
    ready_path: str | None = "/"
    """Path that answers once it is ready; None for a server that does not speak HTTP, ready once it listens."""
    timeout_s: float = 120.0
    cwd: Path | None = None
    after: str = ""
    """The process that has to be ready before this one starts."""

    @property
    def setting(self) -> str:
        """The environment variable that moves its port."""
        return f"TWIN_PORTS__{'DAGSTER' if self.name == 'webserver' else self.name.upper()}"


@dataclass
class ManagedProcess:
    """A started process."""

    spec: ProcessSpec
    child: subprocess.Popen[bytes]
    created: float
    started: float = field(default_factory=time.monotonic)
    seen_ready: bool = False

    @classmethod
    def start(cls, spec: ProcessSpec) -> "ManagedProcess":
        """Start it in a process group of its own, with its output appended to its log."""
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        with spec.log.open("ab") as log:
            child = subprocess.Popen(
                spec.command,
                env={**os.environ, **spec.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=spec.cwd,
                start_new_session=True,
            )
        return cls(spec, child, _created(child.pid))

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.child.poll() is None

    def ready(self) -> bool:
        """Whether it answers on its port; a process without a port is ready once it runs."""
        if self.spec.port is None:
            return self.alive()
        if not self.seen_ready:
            self.seen_ready = self.alive() and self._answers(self.spec.port)
        return self.seen_ready

    def _answers(self, port: int) -> bool:
        if self.spec.ready_path is not None:
            return answers(f"http://127.0.0.1:{port}{self.spec.ready_path}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def failure(self, what: str) -> ProcessError:
        """An error that shows the end of its log."""
        tail = "\n     ".join(last_lines(self.spec.log, TAIL_LINES))
        return ProcessError(f"{self.spec.name} {what}; the end of {self.spec.log}:\n     {tail}", "see `twin doctor`")

    def identity(self) -> dict[str, Any]:
        """What finds this very process again: its id may be reused, its start time with it is not."""
        return {"pid": self.child.pid, "created": self.created, "port": self.spec.port, "log": str(self.spec.log)}


def stop_all(identities: Mapping[str, Mapping[str, Any]], timeout_s: float = STOP_TIMEOUT_S) -> list[str]:
    """End the processes described, with their groups: first asked, then, after the time-out, killed.

    Returns the names of those that were running.
    """
    running = {name: identity for name, identity in identities.items() if group_alive(identity)}
    for identity in running.values():
        signal_group(identity, signal.SIGTERM)
    deadline = time.monotonic() + timeout_s
    while any(map(group_alive, running.values())) and time.monotonic() < deadline:
        time.sleep(0.1)
    for identity in running.values():
        if group_alive(identity):
            signal_group(identity, signal.SIGKILL)
    return list(running)


def is_running(identity: Mapping[str, Any]) -> bool:
    """Whether the described process, not another with its id, is running."""
    try:
        process = psutil.Process(identity["pid"])
        same = abs(process.create_time() - identity["created"]) < 1.0
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def group_alive(identity: Mapping[str, Any]) -> bool:
    """Whether the described process, or anything it started in its group, runs.

    A process that outlived the leader of its group keeps the leader's id from being used again; so a process that
    has the id but another start time means that the group is gone.
    """
    if psutil.pid_exists(identity["pid"]) and abs(_created(identity["pid"]) - identity["created"]) >= 1.0:
        return False
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == identity["pid"] and process.status() != psutil.STATUS_ZOMBIE:
                return True
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return False


def _created(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return 0.0


def signal_group(identity: Mapping[str, Any], number: signal.Signals) -> None:
    """Signal a whole process group; one that has gone is no error."""
    try:
        os.killpg(identity["pid"], number)
    except ProcessLookupError:
        return


def answers(url: str, timeout_s: float = 5.0) -> bool:
    """Whether an HTTP server answers at all below status 500."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as response:  # noqa: S310 - a loopback URL of our own
            return bool(response.status < 500)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except (OSError, ValueError):
        return False


def require_free_port(spec: ProcessSpec) -> None:
    """Raise ProcessError when the port is taken, naming who holds it where that can be seen, and the setting."""
    if spec.port is None:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", spec.port))
        except OSError:
            raise ProcessError(
                f"port {spec.port} for {spec.name} is already in use{_holder(spec.port)}",
                f"end that program, or choose another port: {spec.setting}={spec.port + 1}",
            ) from None


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections(kind="tcp"):
            listening = connection.status == psutil.CONN_LISTEN
            if listening and tuple(connection.laddr)[1:] == (port,) and connection.pid:
                return f" by {psutil.Process(connection.pid).name()!r} (process {connection.pid})"
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        return ""
    return ""


def last_lines(file: Path, count: int) -> list[str]:
    """The last lines of a log, read from its end."""
    if not file.is_file():
        return ["(no log)"]
    with file.open("rb") as log:
        log.seek(0, os.SEEK_END)
        log.seek(max(0, log.tell() - 16_384))
        return log.read().decode("utf-8", "replace").splitlines()[-count:]
