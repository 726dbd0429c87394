"""One command's worth of processes: starts them side by side, watches them, restarts what dies, stops them all."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from twin_assets.files import read_json, write_json
from twin_assets.machine.processes import (
    ManagedProcess,
    ProcessSpec,
    is_running,
    require_free_port,
    stop_all,
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
        """Start every process, side by side but for those that wait for another, and wait until all are ready.

        Raises ProcessError for a port that is taken, before anything is started, or with the last log lines of a
        process that does not come up.
        """
        specs = self._specs()
        for spec in specs:
            require_free_port(spec)
        self._wait_ready(specs)

    def watch(self) -> list[str]:
        """Restart whatever has died since the last call, with a bound on how often. Call it about once a second.

        Returns the names of what was started again; all that such a process had started itself is gone.
        """
        restarted: list[str] = []
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
            restarted.append(name)
        return restarted

    def stop(self) -> None:
        """Stop everything, the last started first asked."""
        stop_all({name: process.identity() for name, process in reversed(self._processes.items())})
        for process in self._processes.values():
            process.child.wait()
        self._processes.clear()
        self._state.unlink(missing_ok=True)

    def _wait_ready(self, specs: Sequence[ProcessSpec]) -> None:
        started = shown = time.monotonic()
        unstarted = list(specs)
        ready: set[str] = {""}
        while len(ready) <= len(specs):
            for spec in [spec for spec in unstarted if spec.after in ready]:
                unstarted.remove(spec)
                self._processes[spec.name] = ManagedProcess.start(spec)
                self._record()
            waiting = {name: process for name, process in self._processes.items() if name not in ready}
            for name, process in waiting.items():
                if process.ready():
                    self._report(f"  {name} is ready ({time.monotonic() - started:.0f} s)")
                    ready.add(name)
                elif not process.alive():
                    raise process.failure(f"ended with status {process.child.returncode} while starting")
                elif time.monotonic() - process.started > process.spec.timeout_s:
                    raise process.failure(f"did not answer within {process.spec.timeout_s:.0f} s")
            if time.monotonic() - shown > 10:
                shown = time.monotonic()
                late = [spec.name for spec in specs if spec.name not in ready]
                self._report(f"  [{shown - started:3.0f} s] still starting: {', '.join(late)}")
            time.sleep(0.3)

    def _record(self) -> None:
        own = {"pid": os.getpid(), "created": psutil.Process().create_time(), "port": None, "log": ""}
        write_json(self._state, {"supervisor": own} | {n: p.identity() for n, p in self._processes.items()})
