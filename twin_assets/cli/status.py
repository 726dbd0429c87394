"""`twin status`: processes, deployment, and what is stale and why."""

from pathlib import Path

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from twin_assets.cli.context import choose, urls
from twin_assets.files import read_json
from twin_assets.machine.local import state_file
from twin_assets.machine.processes import is_running
from twin_assets.settings import Settings


def run_status(console: Console, sources: Path | None) -> int:
    """Returns 0 when nothing is stale, else 3."""
    settings = choose(sources)
    console.print(Text.assemble((settings.author, "bold"), f"  home {settings.home}"))
    _processes(console, settings)
    _deployment(console, settings)
    return _graph(console, settings)


def _processes(console: Console, settings: Settings) -> None:
    running = read_json(state_file(settings))
    if not running:
        console.print("nothing runs: start it with `twin up`")
        return
    table = Table("process", "state", "port", "process id", Column("log", overflow="fold"), box=None)
    for name, identity in running.items():
        state = Text("runs", "green") if is_running(identity) else Text("gone", "red")
        table.add_row(name, state, str(identity["port"] or ""), str(identity["pid"]), identity["log"])
    console.print(table)
    for what, url in urls(settings).items():
        console.print(f"  {what:8s} {url}", highlight=False)


def _deployment(console: Console, settings: Settings) -> None:
    from twin_assets.deployment.records import DeploymentStore

    deployment = DeploymentStore(settings.home).current()
    if deployment is None:
        console.print("deployed: nothing yet")
        return
    console.print(
        f"deployed: adapter {deployment.adapter_digest[:12]} of recipe {deployment.recipe!r}, "
        f"since {deployment.deployed_at:%Y-%m-%d %H:%M} UTC",
        highlight=False,
    )


def _graph(console: Console, settings: Settings) -> int:
    from twin_assets.defs.observe import Observer

    state = Observer(settings).state()
    if state.active:
        console.print(f"{state.active} run(s) at work")
    if not state.plan.stale:
        console.print("every artifact is up to date")
        return 0
    table = Table("stale", "why", box=None)
    for stale in state.plan.stale:
        table.add_row(str(stale.node), stale.reason)
    console.print(table)
    for request in state.plan.exhausted:
        console.print(f"{request.name} failed and waits for a change, or for `twin run --retry`", style="red")
    return 3
