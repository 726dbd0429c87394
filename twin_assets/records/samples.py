"""Rows of samples to train with, of feedback, and of versions of datasets."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from twin_assets.digests import digest
from twin_assets.records.record import Kind, Record, Split


@dataclass(frozen=True, slots=True)
class InstructionSample(Record):
    """A request, and the author's own text that answers it: a verbatim span of a corpus document.

    Of the family `unanswerable` the answer is one fixed sentence, `start == end`, and `document_id` is the document of
    the first passage in its context.
    """

    TABLE: ClassVar[str] = "instruction_dataset"
    KEY: ClassVar[str] = "sample_id"
    OF_DOCUMENTS: ClassVar[tuple[str, ...]] = ("document_id", "context_documents")

    sample_id: str
    document_id: str
    start: int
    end: int
    instruction: str
    answer: str
    origin: str
    """`teacher:<model>` or `rules`: what wrote the instruction."""
    split: Split
    chunk_ids: tuple[str, ...]
    """The chunks that the answer overlaps: what retrieval should find for this instruction."""
    title: str
    url: str
    kind: Kind
    input_digest: str
    family: str
    """What kind of request it is: a name of `twin_assets.datasets.families`."""
    context: str
    """Retrieved passages as the model is shown them (`twin_assets.prompts.passages_block`); empty for most families."""
    edits: str
    """What was changed in the answer against its span; empty where it is verbatim."""
    context_documents: tuple[str, ...]
    """The documents that passages of `context` are from."""
    context_chunks: tuple[str, ...]
    """The chunks that they are, in their order."""


@dataclass(frozen=True, slots=True)
class PreferenceSample(Record):
    """The author's text, or a person's choice, preferred over another answer to the same instruction.

    Made of an instruction sample it has that sample's id; made of feedback `start == end`, and `document_id` is the
    first document that the draft was written from, empty where there was none.
    """

    TABLE: ClassVar[str] = "preference_dataset"
    KEY: ClassVar[str] = "sample_id"
    OF_DOCUMENTS: ClassVar[tuple[str, ...]] = ("document_id", "used_document_ids")

    sample_id: str
    document_id: str
    start: int
    end: int
    instruction: str
    chosen: str
    rejected: str
    origin: str
    """What the rejected answer is: `base:<model>`, `champion:<adapter>`, `plain:<rules>`, `ungrounded:<document>`; and
    of people `edit:<event>` and `thumb:<event>`."""
    split: Split
    input_digest: str
    family: str
    context: str
    """Retrieved passages as the model is shown them; empty where there were none."""
    used_document_ids: tuple[str, ...]
    """All other documents that text of this row is from: those of its context, and of the rejected answer."""


@dataclass(frozen=True, slots=True)
class FeedbackEvent(Record):
    """What a person said of a draft: an edit of it, or a thumb."""

    TABLE: ClassVar[str] = "feedback"
    KEY: ClassVar[str] = "event_id"
    OF_DOCUMENTS: ClassVar[tuple[str, ...]] = ("used_document_ids",)

    event_id: str
    draft_id: str
    """The trace or draft that it is about."""
    kind: Literal["edit", "thumb_up", "thumb_down"]
    instruction: str
    draft: str
    edited: str
    """The text after the edit; empty for a thumb."""
    created_at: datetime
    used_document_ids: tuple[str, ...]
    """The documents whose passages the draft was written from."""

    @classmethod
    def of(
        cls,
        draft_id: str,
        kind: Literal["edit", "thumb_up", "thumb_down"],
        instruction: str,
        draft: str,
        created_at: datetime,
        *,
        edited: str = "",
        used_document_ids: tuple[str, ...] = (),
    ) -> "FeedbackEvent":
        """An event whose id follows from what it says and when, so that one that is sent twice is one."""
        identity = digest("feedback", draft_id, kind, edited, created_at.isoformat())
        return cls(identity, draft_id, kind, instruction, draft, edited, created_at, used_document_ids)


@dataclass(frozen=True, slots=True)
class DatasetVersion(Record):
    """A version of a dataset: where it is, what it was made of and how, and what is in it. JSON in the last four."""

    TABLE: ClassVar[str] = "dataset_versions"
    KEY: ClassVar[str] = "version_id"
    OF_DOCUMENTS: ClassVar[tuple[str, ...]] = ()

    version_id: str
    dataset: str
    """The table: `instruction_dataset` or `preference_dataset`."""
    digest: str
    """The data version, which is also the tag of the Lance version."""
    lance_version: int
    previous: str
    """Digest of the version before it; empty for the first."""
    created_at: datetime
    settings_digest: str
    parents: str
    """Data versions of the assets that it was made from, by name; several where several gave the same rows."""
    settings: str
    """What decided its content besides its parents."""
    counts: str
    """Counts by name: samples, splits, families, origins, reasons."""
    moved: str
    """Documents whose split differs from the version before: `{"test -> train": [id, ...]}`."""
