"""`twin doctor`: each thing the twin needs on this machine, and what to do where it is missing."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table
from rich.text import Text

from twin_assets.cli.context import choose
from twin_assets.errors import TwinError
from twin_assets.files import read_json
from twin_assets.machine.environments import environments
from twin_assets.machine.local import engine_base, state_file
from twin_assets.machine.processes import is_running
from twin_assets.settings import Settings

GIB = 2**30
MEMORY_GIB = 6.0
DISK_GIB = 5.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Finding:
    """One thing examined."""

    what: str
    good: bool
    detail: str
    remedy: str = ""


def run_doctor(console: Console, sources: Path | None) -> int:
    """Returns 0 when nothing is wrong, else 1."""
    settings = choose(sources)
    table = Table("", "what", "found", "remedy", box=None)
    wrong = 0
    for finding in examine(settings):
        wrong += not finding.good
        mark = Text("ok", "green") if finding.good else Text("!!", "red")
        table.add_row(mark, finding.what, finding.detail, finding.remedy)
    console.print(table)
    return 1 if wrong else 0


def examine(settings: Settings) -> Iterator[Finding]:
    """Examine everything; an unexpected state of one thing does not hide the others."""
    for name in ("core", "train", "serve"):
        environment = environments()[name]
        good = environment.is_complete()
        detail = f"{environment.packages()} packages in {environment.folder.name}" if good else "missing or outdated"
        yield Finding(f"environment {name}", good, detail, "" if good else "`make twin` installs it")
    yield from _models(settings)
    yield from _ports(settings)
    memory = psutil.virtual_memory().available / GIB
    yield Finding(
        "memory",
        memory >= MEMORY_GIB,
        f"{memory:.1f} GiB free",
        "" if memory >= MEMORY_GIB else f"close other programs: training and serving want {MEMORY_GIB:.0f} GiB",
    )
    settings.home.mkdir(parents=True, exist_ok=True)
    disk = shutil.disk_usage(settings.home).free / GIB
    yield Finding(
        "disk",
        disk >= DISK_GIB,
        f"{disk:.1f} GiB free at {settings.home}",
        "" if disk >= DISK_GIB else f"free {DISK_GIB:.0f} GiB, or set TWIN_HOME to another disk",
    )
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    yield Finding(
        "browser",
        browser is not None,
        browser or "none found",
        "" if browser else "only the browser tests need it: install Chromium",
    )


def _models(settings: Settings) -> Iterator[Finding]:
    from twin_assets.chat_model import prepare_chat_model
    from twin_assets.models import embedding_model_folder

    embedder, base = settings.features.embedder, engine_base(settings)
    looks: dict[str, Callable[[], Path]] = {
        embedder: lambda: embedding_model_folder(settings.model(embedder), settings.models_dir),
        base: lambda: prepare_chat_model(settings.model(base), base, settings.models_dir),
    }
    for name, look in looks.items():
        try:
            yield Finding(f"model {name}", True, f"digest as pinned, at {look()}")
        except TwinError as error:
            yield Finding(f"model {name}", False, error.what, error.remedy)


def _ports(settings: Settings) -> Iterator[Finding]:
    own = {i["port"] for i in read_json(state_file(settings)).values() if is_running(i)}
    used = {c.laddr[1] for c in psutil.net_connections(kind="tcp") if c.status == psutil.CONN_LISTEN and c.laddr}
    for name, port in settings.ports.model_dump().items():
        taken = port in used and port not in own
        detail = f"{port} is " + (
            "taken by another program" if taken else "in use by the twin" if port in own else "free"
        )
        yield Finding(f"port {name}", not taken, detail, f"set TWIN_PORTS__{name.upper()}" if taken else "")
