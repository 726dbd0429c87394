"""What is stored of one source: its documents, what was set aside, and what a live collector noted for itself."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from twin_assets.collection.collector import STAGE
from twin_assets.files import write_json
from twin_assets.records import Exclusion, RawDocument
from twin_assets.storage import Change, TableStore
from twin_assets.storage.sql import equals

FORGOTTEN = "forgotten.json"
"""The file, beside the memories of live sources, of what `twin forget` took out."""


@dataclass
class Keep:
    """The stored state of the source `name`; `memory` is the file of its validators and notes.

    Validators and notes say what need not be fetched again, so they count only together with the documents: where
    there are none (a new home, a source that was forgotten) they are not read.
    """

    tables: TableStore
    name: str
    memory: Path
    documents: dict[str, RawDocument] = field(init=False)
    exclusions: dict[str, Exclusion] = field(init=False)
    forgotten: frozenset[str] = field(init=False)
    validators: dict[str, dict[str, str]] = field(init=False)
    notes: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        """Read what is stored."""
        self.documents = {d.document_id: d for d in self.tables.read(RawDocument, self._of_source)}
        self.exclusions = {e.exclusion_id: e for e in self.tables.read(Exclusion, self._of_stage)}
        self.forgotten = frozenset(forgotten(self.memory.parent).get(self.name, ()))
        remembered = _read(self.memory) if self.documents else {}
        self.validators = remembered.get("validators", {})
        self.notes = remembered.get("notes", {})

    def replace_all(self, documents: Iterable[RawDocument], exclusions: Iterable[Exclusion]) -> Change:
        """Make this the source's whole state. A document that was stored and is not among them stays, as deleted."""
        found = {d.document_id: d for d in documents if d.document_id not in self.forgotten}
        gone = [d for key, d in self.documents.items() if key not in found and key not in self.forgotten]
        self.documents = found | {d.document_id: deleted(d) for d in gone}
        kept = {e.exclusion_id: e for e in exclusions}
        kept |= {e.exclusion_id: e for e in (self._aside(d, "is not in its source any more") for d in gone)}
        self.exclusions = kept
        return self.save()

    def add(self, document: RawDocument) -> None:
        """Take a document in, in place of the one with its id; what was set aside of it before is void."""
        self.exclusions = {
            key: e
            for key, e in self.exclusions.items()
            if e.document_id != document.document_id and (not document.file or e.file != document.file)
        }
        if document.document_id not in self.forgotten:
            self.documents[document.document_id] = document

    def set_aside(self, exclusion: Exclusion) -> None:
        """Take an exclusion in, in place of what was said before of the same thing for the same reason."""
        place = _place(exclusion)
        self.exclusions = {key: e for key, e in self.exclusions.items() if _place(e) != place}
        self.exclusions[exclusion.exclusion_id] = exclusion

    def mark_deleted(self, document_id: str, detail: str) -> None:
        """Keep a document as one that its source does not have any more."""
        if (found := self.documents.get(document_id)) and found.excluded != "deleted":
            self.add(deleted(found))
            self.set_aside(self._aside(found, detail))

    def save(self) -> Change:
        """Write everything: the documents first, then what says that they need not be fetched again."""
        change = self.tables.sync(RawDocument, self.documents.values(), self._of_source)
        self.tables.sync(Exclusion, self.exclusions.values(), self._of_stage)
        if self.validators or self.notes:
            write_json(self.memory, {"validators": self.validators, "notes": self.notes})
        return change

    @property
    def own(self) -> list[RawDocument]:
        """The author's own documents that are there."""
        return [document for document in self.documents.values() if not document.excluded]

    @property
    def _of_source(self) -> str:
        return equals("source", self.name)

    @property
    def _of_stage(self) -> str:
        return f"{self._of_source} AND stage = '{STAGE}'"

    def _aside(self, document: RawDocument, detail: str) -> Exclusion:
        return Exclusion.of(
            STAGE, self.name, "deleted", detail, file=document.file, row=document.row, document_id=document.document_id
        )


def _place(exclusion: Exclusion) -> tuple[str, int, str, str]:
    return exclusion.file, exclusion.row, exclusion.document_id, exclusion.reason


def forgotten(folder: Path) -> dict[str, list[str]]:
    """Ids of the documents of each source that must not come back: nothing else of them is kept."""
    return {str(name): list(ids) for name, ids in _read(folder / FORGOTTEN).items()}


def deleted(document: RawDocument) -> RawDocument:
    """The document as one that is gone from its source: kept, but nothing is made from it."""
    return replace(document, excluded="deleted")


def _read(file: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
