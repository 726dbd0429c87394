"""`twin datasets`: the versions of the datasets: what there is, what is in one, what differs, and files of it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import typer
from rich.console import Console
from rich.table import Table

from twin_assets.cli.context import choose
from twin_assets.errors import ConfigError, TwinError
from twin_assets.records import DatasetVersion, InstructionSample, PreferenceSample, Split
from twin_assets.settings import Settings
from twin_assets.storage import TableStore
from twin_assets.text_tables import clip

app = typer.Typer(help=__doc__, no_args_is_help=True)
console = Console(soft_wrap=True)

Sources = Annotated[Path | None, typer.Option(help="Whose twin; default: what ran last.")]
Version = Annotated[str, typer.Argument(help="`latest`, or the first 8 digits or more of a digest.")]
Pairs = Annotated[bool, typer.Option("--pairs", help="Of `preference_dataset`, not `instruction_dataset`.")]
Examples = Annotated[int, typer.Option(help="How many samples to show.", min=0)]
Format = Literal["jsonl", "parquet", "preview"]
_WIDTH = 160


@app.command("list")
def list_command(sources: Sources = None) -> None:
    """Every version of both datasets, oldest first."""
    from twin_assets.datasets.versions import RECORDS, tags, versions

    tables = TableStore.of(choose(sources))
    readable = {dataset: tags(tables, dataset) for dataset in RECORDS}
    table = Table(box=None, pad_edge=False)
    for column in ("dataset", "version", "made (UTC)", "samples", "train", "valid.", "test", "Lance"):
        table.add_column(column, no_wrap=True)
    for version in versions(tables):
        counts = json.loads(version.counts)
        kind = "pairs" if version.dataset == "preference_dataset" else "samples"
        splits = [str(int(counts.get(f"{kind}_{split}", 0))) for split in get_args(Split)]
        there = readable[version.dataset].get(version.digest)
        made, total = f"{version.created_at:%Y-%m-%d %H:%M}", str(int(counts.get(kind, 0)))
        name = version.dataset.removesuffix("_dataset")
        table.add_row(name, version.digest[:12], made, total, *splits, str(there) if there else "forgotten")
    if table.row_count:
        console.print(table)
    else:
        console.print("there is no version yet: `twin up` makes one")


@app.command()
def show(version: Version = "latest", sources: Sources = None, pairs: Pairs = False, examples: Examples = 5) -> None:
    """What a version was made of and how, what is in it, and some of its samples."""
    from twin_assets.datasets.preview import some
    from twin_assets.datasets.versions import versions

    settings = choose(sources)
    dataset, digest, samples = _read(settings, version, pairs)
    noted = [v for v in versions(TableStore.of(settings), dataset) if v.digest == digest]
    console.print(f"[bold]{dataset}[/] {digest}", highlight=False)
    for row in _about(noted[0]) if noted else []:
        console.print(row, highlight=False, markup=False)
    for sample in some(samples, examples):
        _print_sample(sample)


@app.command()
def diff(
    before: Version,
    after: Version = "latest",
    sources: Sources = None,
    pairs: Pairs = False,
    examples: Examples = 3,
) -> None:
    """Samples that were added, removed or changed between two versions, with examples."""
    from twin_assets.datasets.diff import difference

    settings = choose(sources)
    dataset, old, before_samples = _read(settings, before, pairs)
    _, new, after_samples = _read(settings, after, pairs)
    found = difference(before_samples, after_samples)
    console.print(
        f"{dataset} {old[:12]} -> {new[:12]}: {len(found.added)} added, {len(found.removed)} removed, "
        f"{len(found.changed)} changed, {found.unchanged} unchanged",
        highlight=False,
    )
    for title, samples in (("added", found.added), ("removed", found.removed)):
        for sample in samples[:examples]:
            console.print(f"[bold]{title}[/] {sample.sample_id}", highlight=False)
            _print_sample(sample)
    for change in found.changed[:examples]:
        console.print(f"[bold]changed[/] {change.after.sample_id}", highlight=False)
        for name in change.fields:
            old_value, new_value = (clip(str(getattr(s, name)), _WIDTH) for s in (change.before, change.after))
            console.print(f"  {name}: {old_value} -> {new_value}", highlight=False, markup=False)


@app.command()
def export(
    to: Annotated[Path, typer.Argument(help="A folder, made when there is none.")],
    version: Version = "latest",
    form: Annotated[Format, typer.Option("--format", help="jsonl (Axolotl), parquet or preview.")] = "jsonl",
    sources: Sources = None,
    pairs: Pairs = False,
    examples: Examples = 5,
) -> None:
    """Files of a version: JSONL by split for Axolotl, Parquet, or samples as each chat model reads them."""
    settings = choose(sources)
    dataset, digest, samples = _read(settings, version, pairs)
    name = f"{dataset}-{digest[:12]}"
    if form == "preview":
        _export_previews(settings, samples, to, name, examples)
        return
    from twin_assets.datasets.export import export_parquet, export_preferences, export_sft

    if form == "parquet":
        console.print(f"{to / f'{name}.parquet'}: {export_parquet(samples, to / f'{name}.parquet')}", highlight=False)
        return
    for split in get_args(Split):
        file = to / f"{name}-{split}.jsonl"
        count = (export_preferences if pairs else export_sft)(samples, split, settings.author, file)
        console.print(f"{file}: {count}", highlight=False)


def _export_previews(settings: Settings, samples: Sequence[Any], to: Path, name: str, count: int) -> None:
    """One Markdown file for each chat model of `config/models/`; one that is not here is said to be."""
    from twin_assets.chat_model import prepare_chat_model
    from twin_assets.datasets.export import replacing
    from twin_assets.datasets.preview import some
    from twin_assets.datasets.templates import template_preview

    for model, config in settings.chat_models().items():
        try:
            folder = prepare_chat_model(config, model, settings.models_dir)
        except TwinError as error:
            console.print(f"{model}: {error.what}", style="yellow", highlight=False)
            continue
        file = to / f"{name}-{model}.md"
        with replacing(file) as staged:
            staged.write_text(template_preview(folder, model, settings.author, some(samples, count)), encoding="utf-8")
        console.print(f"{file}: {min(count, len(samples))}", highlight=False)


def _read(settings: Settings, reference: str, pairs: bool) -> tuple[str, str, list[Any]]:
    """Dataset, digest and samples of a version. Raises ConfigError when there is none."""
    from twin_assets.datasets.versions import read_version, resolve

    tables = TableStore.of(settings)
    dataset: Literal["instruction_dataset", "preference_dataset"] = (
        "preference_dataset" if pairs else "instruction_dataset"
    )
    try:
        digest = resolve(tables, dataset, reference)
    except ConfigError as error:
        other = "" if pairs or reference == "latest" else "; `--pairs` looks among preference_dataset's"
        raise ConfigError(error.what, error.remedy + other) from None
    return dataset, digest, read_version(tables, dataset, digest)


def _about(version: DatasetVersion) -> list[str]:
    moved = {where: len(ids) for where, ids in json.loads(version.moved).items()}
    rows = [
        f"made      {version.created_at:%Y-%m-%d %H:%M} UTC, Lance version {version.lance_version}",
        f"previous  {version.previous or 'none'}",
        *(f"from      {name} {', '.join(found)}" for name, found in json.loads(version.parents).items()),
        f"settings  {version.settings}",
        f"moved     {', '.join(f'{n} documents {where}' for where, n in moved.items()) or 'no document'}",
    ]
    return rows + [f"          {name} {value}" for name, value in json.loads(version.counts).items()]


def _print_sample(sample: InstructionSample | PreferenceSample) -> None:
    rows = {"instruction": sample.instruction}
    if isinstance(sample, InstructionSample):
        rows |= {"answer": sample.answer, "from": f"{sample.url or sample.title} [{sample.start}:{sample.end}]"}
    else:
        rows |= {"chosen": sample.chosen, "rejected": sample.rejected}
    console.print(f"  {sample.split}, {sample.family or 'no family'}, {sample.origin}", highlight=False, markup=False)
    for name, text in rows.items():
        console.print(f"    {name}: {clip(text, _WIDTH)}", highlight=False, markup=False)
