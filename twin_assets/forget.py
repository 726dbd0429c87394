"""Taking documents out of everything that was made of them, so that they do not come back."""

import shutil
from collections.abc import Collection
from dataclasses import dataclass

from twin_assets.collection.keep import FORGOTTEN, forgotten
from twin_assets.datasets.kept_answers import forget_answers
from twin_assets.datasets.responses import forget_responses
from twin_assets.drafting.store import forget_drafts
from twin_assets.errors import SourceError
from twin_assets.evaluation.report import EvaluationReport
from twin_assets.features.active import all_tables
from twin_assets.files import write_json
from twin_assets.monitoring.traces import forget_traces
from twin_assets.records import (
    Chunk,
    CleanedDocument,
    CleaningState,
    CorpusDocument,
    Exclusion,
    FeedbackEvent,
    Fingerprint,
    InstructionSample,
    PreferenceSample,
    RawDocument,
    Record,
)
from twin_assets.settings import Settings
from twin_assets.storage import ArtifactStore, TableStore
from twin_assets.storage.purge import purge

HOLDING: tuple[type[Record], ...] = (
    FeedbackEvent,
    PreferenceSample,
    InstructionSample,
    Chunk,
    CorpusDocument,
    Fingerprint,
    CleanedDocument,
    CleaningState,
    Exclusion,
    RawDocument,
)
"""Tables with something of a document, what is made last first; those with vectors come before them."""

DATASETS = ("instruction_dataset", "preference_dataset")
_SHORTEST_ID = 8


@dataclass(frozen=True)
class Forgotten:
    """What was taken out, and what had been made with it: versions of datasets, and adapters trained on them."""

    documents: tuple[str, ...]
    rows: dict[str, int]
    datasets: tuple[str, ...]
    adapters: tuple[str, ...]


def find_documents(tables: TableStore, what: str) -> dict[str, set[str]]:
    """Source -> ids of the documents that `what` means: a source's name, a document's id (or its first 8 digits and
    more) or URL, with all that was folded into the same piece. Raises SourceError when it means none, or is ambiguous.
    """
    rows = tables.read(RawDocument)
    chosen = {d.document_id for d in rows if d.source == what}
    if not chosen:
        chosen = {
            d.document_id
            for d in rows
            if what in (d.document_id, d.url) or (len(what) >= _SHORTEST_ID and d.document_id.startswith(what))
        }
        if len(chosen) > 1 and all(d.url != what for d in rows):
            raise SourceError(f"{what!r} is the beginning of {len(chosen)} document ids", "give more of it")
    if not chosen:
        raise SourceError(
            f"there is no source and no document {what!r}",
            "give a source's name (`twin status`), a document's id or its URL",
        )
    for piece in tables.read(CorpusDocument):
        same = {piece.document_id, *piece.folded_ids}
        if same & chosen:
            chosen |= same
    found: dict[str, set[str]] = {}
    for document in rows:
        if document.document_id in chosen:
            found.setdefault(document.source, set()).add(document.document_id)
    return found


def forget(settings: Settings, what: str) -> Forgotten:
    """Remove documents from every table, all versions included, and mark what was made with them for rebuilding.

    First it is written down that they must not come back, which makes their sources stale: the assets below are
    materialized again without them, training included. Call it only while no run writes. Raises SourceError for a
    name that means nothing, StorageError.
    """
    tables, artifacts = TableStore.of(settings), ArtifactStore.of(settings)
    found = find_documents(tables, what)
    _write_down(settings, found)
    ids = set().union(*found.values())
    rows: dict[str, int] = {}
    datasets: set[str] = set()
    for record in (*all_tables(tables), *HOLDING):
        gone = purge(tables, record, ids)
        rows[record.TABLE] = gone.rows
        if record.TABLE in DATASETS:
            datasets.update(gone.tags)
    rows["teacher_responses"] = forget_responses(settings.home, ids)
    adapters = _withdraw(artifacts, datasets)
    forget_answers(settings.home, ids)
    forget_drafts(settings.home, ids)
    forget_traces(settings.home, ids)
    # What the trainer was given, and its checkpoints.
    shutil.rmtree(settings.home / "training", ignore_errors=True)
    return Forgotten(tuple(sorted(ids)), rows, tuple(sorted(datasets)), adapters)


def _write_down(settings: Settings, found: dict[str, set[str]]) -> None:
    known = forgotten(settings.collection_dir)
    merged = {name: sorted({*known.get(name, []), *found.get(name, set())}) for name in {*known, *found}}
    write_json(settings.collection_dir / FORGOTTEN, merged)


def _withdraw(artifacts: ArtifactStore, datasets: Collection[str]) -> tuple[str, ...]:
    """The adapters trained on any of the dataset versions; their evaluations, which quote the author, are removed."""
    adapters = []
    for name in artifacts.names("evaluations"):
        file = artifacts.get(f"evaluations/{name}") / "report.json"
        report = EvaluationReport.model_validate_json(file.read_text(encoding="utf-8"))
        if not set(report.dataset_versions.values()).isdisjoint(datasets):
            adapters.append(report.adapter_digest)
            artifacts.delete(f"evaluations/{name}")
    return tuple(sorted(adapters))
