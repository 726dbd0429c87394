"""`twin forget`: take a document, or all of a source, out of everything."""

from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from twin_assets.cli.context import choose
from twin_assets.errors import ProcessError
from twin_assets.forget import find_documents, forget
from twin_assets.storage import TableStore


def run_forget(console: Console, what: str, sources: Path | None, *, yes: bool) -> int:
    """Returns 0 when it is forgotten, 1 when the person did not confirm. Raises SourceError, ProcessError."""
    settings = choose(sources)
    from twin_assets.defs.observe import Observer

    if active := Observer(settings).state().active:
        raise ProcessError(f"{active} run(s) are at work", "wait until they are done (`twin run`), then forget")
    found = find_documents(TableStore.of(settings), what)
    count = sum(len(ids) for ids in found.values())
    console.print(f"{count} document(s) of {', '.join(sorted(found))} will be removed for good.", highlight=False)
    if not yes and not typer.confirm("Go on?"):
        return 1
    done = forget(settings, what)
    table = Table("table", "rows removed", box=None)
    for name, rows in done.rows.items():
        table.add_row(name, str(rows))
    console.print(table)
    for title, names in (("dataset versions", done.datasets), ("adapters", done.adapters)):
        listed = ", ".join(name[:12] for name in names) or "none"
        console.print(f"{title} that held it: {listed}", highlight=False)
    console.print("What was made with it is stale, and is made again by the running twin, or at the next `twin up`.")
    return 0
