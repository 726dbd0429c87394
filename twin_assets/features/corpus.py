"""The corpus kept in step with the cleaned documents of all sources: the work is as much as what changed.

What folding and scoring need of a document is kept as its fingerprint, so that only new and changed texts are read. The
decisions are made anew from all fingerprints each time: the corpus is the same however it came about.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin_assets.digests import digest
from twin_assets.features.fingerprint import update_fingerprints
from twin_assets.features.folded import Folded, cleaned_rows, fold_rows
from twin_assets.progress import Report, silent
from twin_assets.records import CleanedDocument, CorpusDocument, Exclusion, MadeFrom
from twin_assets.storage import TableStore
from twin_assets.storage.keyed import Among, absent, differ, digest_column, looked_up
from twin_assets.storage.merge import to_arrow
from twin_assets.storage.parts import in_parts
from twin_assets.storage.sql import equals

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
    cleaned = cleaned_rows(tables, sources)
    inputs = digest(policy.digest(), digest_column(_named(cleaned)))
    current = tables.is_current(CorpusDocument)
    if current and tables.read(MadeFrom, equals("asset", STAGE)) == [
        MadeFrom(STAGE, inputs, version := tables.data_version(CorpusDocument))
    ]:
        return CorpusChange(0, 0, 0, version)
    read = update_fingerprints(tables, cleaned, report)
    cleaned = cleaned.drop_columns("row_digest")
    rows = fold_rows(tables, cleaned, policy.near_duplicate)
    report(f"{cleaned.num_rows} cleaned documents are {len(rows)}")
    tables.sync(Exclusion, _exclusions(rows, policy), equals("stage", STAGE))
    written, removed = _write(tables, rows, policy, current)
    version = tables.data_version(CorpusDocument)
    tables.sync(MadeFrom, [MadeFrom(STAGE, inputs, version)], equals("asset", STAGE))
    return CorpusChange(read, written, removed, version)


def _named(cleaned: pa.Table) -> pa.ChunkedArray:
    """What each row is, and what it says."""
    return pc.binary_join_element_wise(cleaned["row_id"], cleaned["row_digest"], ":")


def _exclusions(rows: Folded, policy: CorpusPolicy) -> Iterator[Exclusion]:
    for number in range(len(rows)):
        kept, *folded = rows.members(number)
        if not policy.trainable(rows.value("quality", kept)):
            quality = rows.quality(kept)
            reason = "not_for_training" if policy.retrievable(quality.quality) else "low_quality"
            yield _exclusion(rows, kept, reason, str(quality))
        for place in folded:
            into = f"{rows.value('document_id', kept)} ({rows.shown(kept)})"
            yield _exclusion(rows, place, "duplicate", f"{rows.decision.reasons[place]} in {into}")


def _exclusion(rows: Folded, place: int, reason: str, detail: str) -> Exclusion:
    source, identity = rows.value("source", place), rows.value("document_id", place)
    return Exclusion.of(STAGE, source, reason, f"{rows.shown(place)}: {detail}", document_id=identity)


def _write(tables: TableStore, rows: Folded, policy: CorpusPolicy, current: bool) -> tuple[int, int]:
    """Write in one commit the documents that are made from something else than before; returns how many, and how many
    there are no more."""
    ids = rows.table["document_id"].take(rows.order[rows.edges[:-1]])
    inputs = _inputs(rows, policy)
    stored = CorpusDocument.schema().empty_table()
    if current:
        stored = tables.columns(CorpusDocument, ["document_id", "input_digest"])
    is_changed = differ(looked_up(ids, stored, "document_id", "input_digest"), inputs)
    changed = np.flatnonzero(is_changed)
    removed = absent(stored["document_id"], ids)
    made_now = _made(tables, rows, changed, inputs, policy)
    if current and len(changed) + len(removed) <= _BATCH:
        touched = Among("document_id", [*ids.take(changed).to_pylist(), *removed])
        tables.sync(CorpusDocument, [document for batch in made_now for document in batch], touched)
    else:
        kept = Among("document_id", ids.filter(pc.invert(is_changed)))
        tables.table(CorpusDocument)
        with tables.writing(CorpusDocument):
            every = chain(in_parts(tables, CorpusDocument, kept, _BATCH), made_now)
            tables.overwrite(CorpusDocument, _streamed(every))
    return len(changed), len(removed)


def _inputs(rows: Folded, policy: CorpusPolicy) -> pa.Array:
    """What each document is made from."""
    made, pieces = policy.digest(), rows.table["piece_digest"].take(rows.order).to_pylist()
    return pa.array((digest(made, pieces[start:end]) for start, end in pairwise(rows.edges)), pa.string())


def _made(
    tables: TableStore, rows: Folded, numbers: NDArray[np.int64], inputs: pa.Array, policy: CorpusPolicy
) -> Iterator[list[CorpusDocument]]:
    """The documents of these numbers in batches. Only the text that is kept is read."""
    kept = rows.table["row_id"].take(rows.order[rows.edges[:-1][numbers]])
    for found in in_parts(tables, CleanedDocument, Among("row_id", kept), _BATCH):
        places = pc.index_in(pa.array([document.row_id for document in found]), kept).to_numpy()
        yield [
            _document(document, rows.members(number), rows, inputs[number].as_py(), policy)
            for document, number in zip(found, numbers[places].tolist(), strict=True)
        ]


def _document(
    kept: CleanedDocument, members: Sequence[int], rows: Folded, inputs: str, policy: CorpusPolicy
) -> CorpusDocument:
    quality = rows.quality(members[0])
    every = {name: [rows.value(name, place) for place in members] for name in ("url", "title", "source", "document_id")}
    urls = tuple(dict.fromkeys(filter(None, every["url"])))
    return CorpusDocument(
        document_id=kept.document_id,
        kind=kept.kind,
        url=urls[0] if urls else "",
        urls=urls,
        sources=tuple(dict.fromkeys(every["source"])),
        folded_ids=tuple(identity for identity in dict.fromkeys(every["document_id"]) if identity != kept.document_id),
        title=next(filter(None, every["title"]), ""),
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


def _streamed(parts: Iterable[list[CorpusDocument]]) -> pa.RecordBatchReader:
    schema = CorpusDocument.schema()
    batches = (to_arrow((document.to_row() for document in part), schema).to_batches() for part in parts)
    return pa.RecordBatchReader.from_batches(schema, chain.from_iterable(batches))
