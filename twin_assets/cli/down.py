"""`twin down`: stop what runs, by the ids that the supervisor wrote down."""

import os
import signal
import time
from pathlib import Path

from rich.console import Console

from twin_assets.cli.context import choose
from twin_assets.files import read_json
from twin_assets.machine.local import state_file
from twin_assets.machine.processes import STOP_TIMEOUT_S, is_running
from twin_assets.machine.supervisor import Supervisor


def run_down(console: Console, sources: Path | None) -> int:
    """Ask the supervisor to stop all; where it is gone, end what it left. Returns the exit status."""
    settings = choose(sources)
    state = state_file(settings)
    supervisor = read_json(state).get("supervisor")
    if supervisor and is_running(supervisor):
        os.kill(supervisor["pid"], signal.SIGTERM)
        deadline = time.monotonic() + 2 * STOP_TIMEOUT_S
        while is_running(supervisor) and time.monotonic() < deadline:
            time.sleep(0.2)
    stopped = Supervisor.stop_leftovers(state)
    if supervisor or stopped:
        console.print(f"The twin of {settings.author} is stopped.")
    else:
        console.print(f"Nothing runs for {settings.author}.")
    return 0
