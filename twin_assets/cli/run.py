"""`twin run`: follow the running twin until everything is up to date."""

import time
from pathlib import Path

from rich.console import Console

from twin_assets.cli.context import choose
from twin_assets.errors import ProcessError
from twin_assets.machine.local import state_file
from twin_assets.machine.supervisor import Supervisor


def run_run(console: Console, sources: Path | None, *, retry: bool) -> int:
    """Returns 0 when all is up to date. Raises ProcessError when the twin is not running."""
    settings = choose(sources)
    if not Supervisor.running(state_file(settings)).get("daemon"):
        raise ProcessError(f"the twin of {settings.author!r} is not running", "start it with `twin up`")
    from twin_assets.defs.observe import Observer

    observer = Observer(settings)
    if retry:
        console.print(f"{len(observer.retry())} failed run(s) are given another try")
    while observer.at_work() or not (state := observer.state()).settled:
        for line in observer.news():
            console.print(line, highlight=False)
        time.sleep(1)
    for line in observer.news():
        console.print(line, highlight=False)
    console.print("every artifact is up to date" if not state.plan.stale else f"stale: {len(state.plan.stale)}")
    return 3 if state.plan.exhausted else 0
