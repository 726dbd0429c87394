"""`twin`: start, stop, look at, run, ask, forget and examine one author's twin, and its datasets, on this machine."""

import sys
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.console import Console
from rich.text import Text

from twin_assets.cli import datasets, keys
from twin_assets.errors import TwinError

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(datasets.app, name="datasets")
app.add_typer(keys.app, name="keys")


def terminal(width: int | None = None, file: IO[str] | None = None) -> Console:
    """What every command prints to: lines are wrapped by the terminal, and a name in square brackets is no style."""
    return Console(soft_wrap=True, markup=False, width=width, file=file)


console = terminal()
Sources = Annotated[
    Path | None, typer.Option(help="A sources.yaml, or a folder of writing. Default: what ran last, else the sample.")
]


@app.command()
def up(
    sources: Sources = None,
    once: Annotated[bool, typer.Option(help="Stop everything once the twin has answered.")] = False,
    question: Annotated[str, typer.Option(help="What to ask the twin when it is ready.")] = "",
) -> None:
    """Start everything, bring every artifact up to date, ask the twin a question, and stay until Ctrl-C."""
    from twin_assets.cli.up import run_up

    raise typer.Exit(run_up(console, sources, once=once, question=question))


@app.command()
def down(sources: Sources = None) -> None:
    """Stop everything that runs for this author's twin."""
    from twin_assets.cli.down import run_down

    raise typer.Exit(run_down(console, sources))


@app.command()
def status(sources: Sources = None) -> None:
    """What runs and where, what is deployed, what is stale and why."""
    from twin_assets.cli.status import run_status

    raise typer.Exit(run_status(console, sources))


@app.command()
def run(
    sources: Sources = None,
    retry: Annotated[bool, typer.Option("--retry", help="Try again what failed.")] = False,
) -> None:
    """Follow the twin while it brings what is stale up to date; it must be running (`twin up`)."""
    from twin_assets.cli.run import run_run

    raise typer.Exit(run_run(console, sources, retry=retry))


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What to ask.")],
    sources: Sources = None,
    model: Annotated[str, typer.Option(help="twin or base.")] = "twin",
    retrieval: Annotated[bool, typer.Option(help="Look the question up in the author's writing first.")] = True,
) -> None:
    """Ask the deployed twin, and show the answer with its sources."""
    from twin_assets.cli.ask import run_ask

    raise typer.Exit(run_ask(console, question, sources, model=model, retrieval=retrieval))


@app.command("forget")
def forget_command(
    what: Annotated[str, typer.Argument(help="A source's name, or a document's id or URL.")],
    sources: Sources = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a document, or a whole source, from every table and all old versions, and rebuild what held it."""
    from twin_assets.cli.forget import run_forget

    raise typer.Exit(run_forget(console, what, sources, yes=yes))


@app.command()
def doctor(sources: Sources = None) -> None:
    """Examine environments, models, ports, memory, disk and browser; each finding comes with its remedy."""
    from twin_assets.cli.doctor import run_doctor

    raise typer.Exit(run_doctor(console, sources))


def main() -> None:
    """Run the program; an error of ours is shown as what failed and what to do, without a traceback."""
    try:
        app()
    except TwinError as error:
        console.print(Text.assemble(("error: ", "bold red"), error.what))
        if error.remedy:
            console.print(Text.assemble(("  -> ", "bold"), error.remedy))
        sys.exit(1)


if __name__ == "__main__":
    main()
