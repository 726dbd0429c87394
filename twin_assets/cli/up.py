"""`twin up`: everything from nothing to an answer, and on from wherever an earlier start was cut off."""

import signal
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from twin_assets.cli.ask import example_question, show_answer
from twin_assets.cli.context import choose, urls
from twin_assets.errors import TwinError
from twin_assets.machine import environments
from twin_assets.machine.local import engine_base, process_specs, state_file
from twin_assets.machine.supervisor import Supervisor
from twin_assets.settings import Settings

if TYPE_CHECKING:
    from twin_assets.defs.observe import Observer


class Stop(BaseException):
    """Asked to stop by Ctrl-C or SIGTERM: not an error, so that nothing swallows it."""


def run_up(console: Console, sources: Path | None, *, once: bool, question: str) -> int:
    """Returns the exit status: 0 when the twin is up to date and answered."""
    settings = choose(sources, remember=True)
    state = state_file(settings)
    running = Supervisor.running(state)
    if running.get("supervisor"):
        console.print(f"The twin of {settings.author} is already running: nothing to start.")
        _show_urls(console, settings)
        return 0
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stop)
    started = time.monotonic()
    supervisor = Supervisor(lambda: process_specs(settings), state, lambda line: console.print(line, highlight=False))
    observer: Observer | None = None
    try:
        _prepare(console, settings, state)
        observer = _observe(settings)
        if buried := observer.bury():
            console.print(f"  {len(buried)} run(s) were cut off last time: their work goes on")
        before = observer.state()
        _step(console, "3/5 starting SGLang, MLflow, Dagster and the twin service")
        supervisor.start()
        _step(console, "4/5 bringing every artifact up to date")
        if before.settled and before.plan.stale == ():
            console.print("  nothing changed: everything is up to date")
        complete = _follow(console, observer, supervisor)
        _step(console, "5/5 asking the twin")
        answered = _ask(console, settings, question)
        _show_urls(console, settings)
        state_of_it = "Ready" if complete and answered else "Running, but not all is well (see above)"
        console.print(f"{state_of_it} after {time.monotonic() - started:.0f} s.", highlight=False)
        if not once:
            console.print("Ctrl-C stops everything. What you write from now on is taken up by itself.")
            _stay(console, observer, supervisor)
        return 0 if complete and answered else 1
    except Stop:
        return 0 if observer is not None and observer.state().settled else 130
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if observer is not None and observer.interrupt():
            console.print("Runs at work are interrupted; the next start goes on with them.")
        console.print("Stopping ...")
        supervisor.stop()
        console.print("Everything is stopped.")


def _prepare(console: Console, settings: Settings, state: Path) -> None:
    from twin_assets.chat_model import prepare_chat_model
    from twin_assets.models import embedding_model_folder

    def say(line: str) -> None:
        console.print(f"  {line}", highlight=False)

    if left := Supervisor.stop_leftovers(state):
        say(f"ended what an interrupted start left behind: {', '.join(left)}")
    _step(console, "1/5 environments: train (Axolotl) and serve (SGLang)")
    environments.ensure(["train", "serve"])
    _step(console, "2/5 models: checked by digest")
    embedding_model_folder(settings.model(settings.features.embedder), settings.models_dir)
    base = engine_base(settings)
    folder = prepare_chat_model(settings.model(base), base, settings.models_dir, say)
    say(f"{base} at {folder}; {settings.features.embedder} from its package")


def _observe(settings: Settings) -> "Observer":
    from twin_assets.defs.observe import Observer

    return Observer(settings)


def _follow(console: Console, observer: "Observer", supervisor: Supervisor) -> bool:
    """Show what runs until nothing is left to run. Returns whether nothing is left behind."""
    while True:
        if "code" in supervisor.watch():
            # Run workers are its children: none is left to say how its run ended.
            observer.bury()
        for line in observer.news():
            console.print(f"  {line}", highlight=False)
        if not observer.at_work() and (state := observer.state()).settled:
            break
        time.sleep(1)
    for line in observer.news():
        console.print(f"  {line}", highlight=False)
    for request in state.plan.exhausted:
        console.print(f"  {request.name} failed: correct what it says, or `twin run --retry`", style="bold red")
    return not state.plan.exhausted


def _stay(console: Console, observer: "Observer", supervisor: Supervisor) -> None:
    while True:
        _follow(console, observer, supervisor)
        time.sleep(4)


def _ask(console: Console, settings: Settings, question: str) -> bool:
    try:
        show_answer(console, settings, question or example_question(settings), model="twin", retrieval=True)
    except TwinError as error:
        console.print(f"  {error}", style="red", highlight=False)
        return False
    return True


def _show_urls(console: Console, settings: Settings) -> None:
    table = Table(box=None, show_header=False)
    for what, url in urls(settings).items():
        table.add_row(what, url)
    console.print(table)


def _step(console: Console, what: str) -> None:
    console.print(f"{time.strftime('%H:%M:%S')}  {what}", style="bold", highlight=False)


def _raise_stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stop
