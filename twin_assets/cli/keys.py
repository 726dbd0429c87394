"""`twin keys`: make, list and revoke the keys that the service asks for when it can be reached from elsewhere."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from twin_assets.cli.context import choose
from twin_assets.serving.keys import KeyStore, Role

app = typer.Typer(help=__doc__, no_args_is_help=True)
Sources = Annotated[Path | None, typer.Option(help="A sources.yaml, or a folder of writing.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[str, typer.Option(help="owner: everything; reader: asks, and reads what is public.")] = "reader",
    rate: Annotated[
        int | None, typer.Option(min=1, help="Requests per minute; that of the settings by default.")
    ] = None,
    sources: Sources = None,
) -> None:
    """Make a key, and show it once."""
    from twin_assets.cli.main import console

    key, secret = KeyStore.of(choose(sources)).add(name, _role(scope), rate)
    console.print(f"Key {key.name!r} ({key.scope}), which is shown only now:", highlight=False)
    console.print(Text(secret, style="bold"))


@app.command("list")
def list_keys(sources: Sources = None) -> None:
    """The keys there are, without their secrets."""
    from twin_assets.cli.main import console

    table = Table("name", "scope", "id", "made", "requests a minute", box=None)
    for key in KeyStore.of(choose(sources)).all():
        rate = str(key.requests_per_minute or "")
        table.add_row(key.name, key.scope, key.key_id, f"{key.created_at:%Y-%m-%d %H:%M}", rate)
    console.print(table)


@app.command()
def revoke(
    which: Annotated[str, typer.Argument(help="A key's name or id.")],
    sources: Sources = None,
) -> None:
    """Take a key away: from the next request on it opens nothing, and its sessions are at their end."""
    from twin_assets.cli.main import console

    key = KeyStore.of(choose(sources)).revoke(which)
    console.print(f"Key {key.name!r} is revoked.", highlight=False)


def _role(scope: str) -> Role:
    if scope == "owner":
        return "owner"
    if scope == "reader":
        return "reader"
    raise typer.BadParameter("is owner or reader", param_hint="--scope")
