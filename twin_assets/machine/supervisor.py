"""One command's worth of processes: starts them side by side, watches them, restarts what dies, stops them all."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from twin_assets.machine.processes import (
    ManagedProcess,
    ProcessSpec,
    is_running,
    read_json,
    require_free_port,
    stop_all,
    write_json,
)
from twin_assets.progress import Report

MAX_RESTARTS = 5
RESTART_WINDOW_S = 600.0


class Supervisor:
    """Owns the processes of one author's twin. `home/run/processes.json` says at any time what runs."""

    def __init__(self, specs: Callable[[], Sequence[ProcessSpec]], state: Path, report: Report) -> None:
        self._specs = specs
        self._state = state
        self._report = report
        self._processes: dict[str, ManagedProcess] = {}
        self._restarts: dict[str, list[float]] = {}
        self._gave_up: set[str] = set()

    @staticmethod
    def running(state: Path) -> dict[str, bool]:
        """Which of the recorded processes run, by name; `supervisor` itself is among them."""
        return {name: is_running(identity) for name, identity in read_json(state).items()}

    @staticmethod
    def stop_leftovers(state: Path) -> list[str]:
        """End what a supervisor that is gone left running, and forget it. Returns the names."""
        left = {name: identity for name, identity in read_json(state).items() if name != "supervisor"}
        stopped = stop_all(left)
        state.unlink(missing_ok=True)
        return stopped

    def start(self) -> None:
        """Start every process and wait until all are ready.

        Raises ProcessError for a port that is taken, before anything is started, or with the last log lines of a
        process that does not come up.
        """
        specs = self._specs()
        for spec in specs:
            require_free_port(spec)
        for spec in specs:
            self._processes[spec.name] = ManagedProcess.start(spec)
        self._record()
        self._wait_ready()

    def watch(self) -> None:
        """Restart whatever has died since the last call, with a bound on how often. Call it about once a second."""
        for name, process in list(self._processes.items()):
            if process.alive() or name in self._gave_up:
                continue
            recent = [t for t in self._restarts.get(name, []) if time.monotonic() - t < RESTART_WINDOW_S]
            if len(recent) >= MAX_RESTARTS:
                self._gave_up.add(name)
                self._report(str(process.failure(f"died {len(recent) + 1} times and is not started again")))
                continue
            self._report(f"{name} ended with status {process.child.returncode}: starting it again")
            stop_all({name: process.identity()})
            spec = next(spec for spec in self._specs() if spec.name == name)
            self._processes[name] = ManagedProcess.start(spec)
            self._restarts[name] = [*recent, time.monotonic()]
            self._record()

    def stop(self) -> None:
        """Stop everything, the last started first asked."""
        stop_all({name: process.identity() for name, process in reversed(self._processes.items())})
        for process in self._processes.values():
            process.child.wait()
        self._processes.clear()
        self._state.unlink(missing_ok=True)

    def _wait_ready(self) -> None:
        started = time.monotonic()
        waiting = dict(self._processes)
        shown = started
        while waiting:
            for name, process in list(waiting.items()):
                if process.ready():
                    self._report(f"  {name} is ready ({time.monotonic() - started:.0f} s)")
                    del waiting[name]
                elif not process.alive():
                    raise process.failure(f"ended with status {process.child.returncode} while starting")
                elif time.monotonic() - process.started > process.spec.timeout_s:
                    raise process.failure(f"did not answer within {process.spec.timeout_s:.0f} s")
            if waiting and time.monotonic() - shown > 10:
                shown = time.monotonic()
                self._report(f"  [{shown - started:3.0f} s] still starting: {', '.join(waiting)}")
            time.sleep(0.3)

    def _record(self) -> None:
        own = {"pid": os.getpid(), "created": psutil.Process().create_time(), "port": None, "log": ""}
        write_json(self._state, {"supervisor": own} | {n: p.identity() for n, p in self._processes.items()})
