"""The corpus kept in step with the cleaned documents of all sources: the work is as much as what changed.

What folding and scoring need of a document is kept as its fingerprint, so that only new and changed texts are read. The
decisions are made anew from all fingerprints each time: the corpus is the same however it came about.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from twin_assets.batches import batches
from twin_assets.digests import digest, digest_set
from twin_assets.features.fingerprint import update_fingerprints
from twin_assets.features.folded import Folded, cleaned_rows, fold_rows
from twin_assets.progress import Report, silent
from twin_assets.records import CleanedDocument, CorpusDocument, Exclusion, MadeFrom
from twin_assets.storage import TableStore
from twin_assets.storage.tables import equals, one_of

if TYPE_CHECKING:
    from twin_assets.settings import Settings

CORPUS_VERSION = 1
"""Raised when the same cleaned documents make another corpus."""
STAGE = "corpus"

_BATCH = 1_000
"""Documents in memory at a time."""


@dataclass(frozen=True)
class CorpusPolicy:
    """What the settings decide about the corpus."""

    near_duplicate: float = 0.5
    min_quality: float = 0.2
    min_training_quality: float = 0.5

    @classmethod
    def of(cls, settings: "Settings") -> Self:
        """The policy that the settings name."""
        return cls(settings.features.near_duplicate, settings.features.min_quality, settings.datasets.min_quality)

    def digest(self) -> str:
        """What besides the cleaned documents decides the corpus."""
        return digest(CORPUS_VERSION, self.near_duplicate, self.min_quality, self.min_training_quality)

    def retrievable(self, quality: float) -> bool:
        """Whether a document of this quality is searched."""
        return quality >= self.min_quality

    def trainable(self, quality: float) -> bool:
        """Whether a document of this quality is trained on; what is not searched is not trained on either."""
        return quality >= max(self.min_quality, self.min_training_quality)


@dataclass(frozen=True)
class CorpusChange:
    """What a run did: texts read for a fingerprint, documents written and removed, and the data version afterwards."""

    read: int
    written: int
    removed: int
    data_version: str


def update_corpus(
    tables: TableStore, sources: Collection[str], policy: CorpusPolicy | None = None, report: Report = silent
) -> CorpusChange:
    """Fold and score the cleaned documents of these sources, and write what differs from the corpus that is there.

    Of a group that is one document the public one is kept, then the one of the earliest day, then the longest; it keeps
    the URLs, sources and ids of the others, each of which has an exclusion `duplicate`. What is too low in quality
    to be searched has the exclusion `low_quality`, what is too low to be trained on only `not_for_training`.

    The result is one commit, and depends neither on the order of the rows nor on earlier corpora. Raises StorageError.
    """
    policy = policy or CorpusPolicy()
    columns = cleaned_rows(tables, sources)
    digests = dict(zip(columns["row_id"], columns["row_digest"], strict=True))
    inputs = digest(policy.digest(), digest_set(map(":".join, digests.items())))
    current = tables.is_current(CorpusDocument)
    if current and tables.read(MadeFrom, equals("asset", STAGE)) == [
        MadeFrom(STAGE, inputs, version := tables.data_version(CorpusDocument))
    ]:
        return CorpusChange(0, 0, 0, version)
    read = update_fingerprints(tables, digests, report)
    rows = fold_rows(tables, columns, policy.near_duplicate)
    report(f"{len(columns['row_id'])} cleaned documents are {len(rows.documents)}")
    tables.sync(Exclusion, _exclusions(rows, policy), equals("stage", STAGE))
    written, removed = _write(tables, rows, policy, current)
    version = tables.data_version(CorpusDocument)
    tables.sync(MadeFrom, [MadeFrom(STAGE, inputs, version)], equals("asset", STAGE))
    return CorpusChange(read, written, removed, version)


def _exclusions(rows: Folded, policy: CorpusPolicy) -> Iterator[Exclusion]:
    for place, into in enumerate(rows.decision.into):
        source, identity = rows.columns["source"][place], rows.columns["document_id"][place]
        if into != place:
            kept = f"{rows.columns['document_id'][into]} ({rows.shown(into)})"
            detail = f"{rows.shown(place)}: {rows.decision.reasons[place]} in {kept}"
            yield Exclusion.of(STAGE, source, "duplicate", detail, document_id=identity)
        elif not policy.trainable(rows.prints["quality"][place]):
            quality = rows.quality(place)
            reason = "not_for_training" if policy.retrievable(quality.quality) else "low_quality"
            yield Exclusion.of(STAGE, source, reason, f"{rows.shown(place)}: {quality}", document_id=identity)


def _write(tables: TableStore, rows: Folded, policy: CorpusPolicy, current: bool) -> tuple[int, int]:
    """Write in one commit the documents that are made from something else than before; returns how many, and how many
    there are no more."""
    made = policy.digest()
    inputs = {
        place: digest(made, [rows.prints["piece_digest"][member] for member in members])
        for place, members in rows.documents.items()
    }
    stored: dict[str, str] = {}
    if current:
        known = tables.columns(CorpusDocument, ["document_id", "input_digest"]).to_pydict()
        stored = dict(zip(known["document_id"], known["input_digest"], strict=True))
    ids = {place: rows.columns["document_id"][place] for place in rows.documents}
    changed = [place for place in rows.documents if stored.get(ids[place]) != inputs[place]]
    removed = sorted(stored.keys() - set(ids.values()))
    made_now = _made(tables, rows, changed, inputs, policy)
    if current and len(changed) <= _BATCH:
        touched = one_of("document_id", [*(ids[place] for place in changed), *removed])
        tables.sync(CorpusDocument, [document for batch in made_now for document in batch], touched)
    else:
        tables.table(CorpusDocument)
        kept = sorted(set(stored) & set(ids.values()) - {ids[place] for place in changed})
        with tables.writing(CorpusDocument):
            tables.overwrite(CorpusDocument, _streamed(tables, kept, made_now))
    return len(changed), len(removed)


def _made(
    tables: TableStore, rows: Folded, places: Sequence[int], inputs: Mapping[int, str], policy: CorpusPolicy
) -> Iterator[list[CorpusDocument]]:
    """The documents of these places in batches. Only the text that is kept is read."""
    for batch in batches(places, _BATCH):
        found = tables.read(CleanedDocument, one_of("row_id", [rows.columns["row_id"][place] for place in batch]))
        by_row = {document.row_id: document for document in found}
        yield [_document(by_row[rows.columns["row_id"][p]], p, rows, inputs[p], policy) for p in batch]


def _document(kept: CleanedDocument, place: int, rows: Folded, inputs: str, policy: CorpusPolicy) -> CorpusDocument:
    members, columns, quality = rows.documents[place], rows.columns, rows.quality(place)
    urls = tuple(dict.fromkeys(columns["url"][m] for m in members if columns["url"][m]))
    ids = dict.fromkeys(columns["document_id"][m] for m in members)
    return CorpusDocument(
        document_id=kept.document_id,
        kind=kept.kind,
        url=urls[0] if urls else "",
        urls=urls,
        sources=tuple(dict.fromkeys(columns["source"][m] for m in members)),
        folded_ids=tuple(identity for identity in ids if identity != kept.document_id),
        title=next((columns["title"][m] for m in members if columns["title"][m]), ""),
        text=kept.text,
        published_at=kept.published_at,
        scope=kept.scope,
        words=kept.words,
        language=kept.language,
        content_digest=kept.content_digest,
        quality=quality.quality,
        length_score=quality.length_score,
        prose_share=quality.prose_share,
        link_share=quality.link_share,
        repetition=quality.repetition,
        language_confidence=quality.language_confidence,
        retrievable=policy.retrievable(quality.quality),
        trainable=policy.trainable(quality.quality),
        input_digest=inputs,
    )


def _streamed(tables: TableStore, kept: Sequence[str], made: Iterator[list[CorpusDocument]]) -> pa.RecordBatchReader:
    """The rows that stay and those that are made, in batches."""
    schema = CorpusDocument.schema()

    def in_batches() -> Iterator[pa.RecordBatch]:
        for ids in batches(kept, _BATCH):
            rows = tables.columns(CorpusDocument, schema.names, one_of("document_id", ids))
            yield from rows.select(schema.names).cast(schema).to_batches()
        for documents in made:
            yield pa.RecordBatch.from_pylist([document.to_row() for document in documents], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, in_batches())
