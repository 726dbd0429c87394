"""The cleaned rows of all sources folded into documents, by their fingerprints: no text is read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from twin_assets.features.fold import Columns, Decision, decide
from twin_assets.features.quality import Quality
from twin_assets.features.shingles import PERMUTATIONS, Shingles
from twin_assets.records import CleanedDocument, Fingerprint
from twin_assets.storage import TableStore
from twin_assets.storage.tables import one_of

_ROW = ("row_id", "row_digest", "document_id", "source", "url", "title", "published_at", "scope", "words")
_PARTS = ("quality", "length_score", "prose_share", "link_share", "repetition", "language_confidence")
_DAY_US = 86_400_000_000
_LATEST = 2**62


@dataclass(frozen=True)
class Folded:
    """The cleaned rows in the order of precedence, without their texts, and the documents that they make."""

    columns: Mapping[str, Sequence[Any]]
    prints: Mapping[str, Sequence[Any]]
    decision: Decision
    documents: Mapping[int, Sequence[int]]
    """Place of each kept row to the places of all rows folded into it, its own first."""

    def quality(self, place: int) -> Quality:
        """How a row was scored."""
        return Quality(*(self.prints[part][place] for part in _PARTS))

    def shown(self, place: int) -> str:
        """What a person knows a row by: its URL, else its title, else its document's id."""
        return str(self.columns["url"][place] or self.columns["title"][place] or self.columns["document_id"][place])


def cleaned_rows(tables: TableStore, sources: Collection[str]) -> dict[str, list[Any]]:
    """The short columns of the cleaned rows of these sources, in the order of precedence."""
    table = tables.columns(CleanedDocument, _ROW, one_of("source", sorted(sources)))
    moments = table.column("published_at").cast(pa.int64()).to_pylist()
    columns = {name: table.column(name).to_pylist() for name in _ROW}

    def precedence(place: int) -> tuple[bool, int, int, int, str, str]:
        """Public text first: folding must never make a private version the one that is shown. Sources date to the day
        or to the second, so that within a day the longer one is kept."""
        moment = _LATEST if moments[place] is None else moments[place]
        scope, length = columns["scope"][place] != "public", -columns["words"][place]
        return scope, moment // _DAY_US, length, moment, columns["document_id"][place], columns["row_id"][place]

    order = sorted(range(table.num_rows), key=precedence)
    return {name: [values[place] for place in order] for name, values in columns.items()}


def fold_rows(tables: TableStore, columns: Mapping[str, Sequence[Any]], threshold: float) -> Folded:
    """Decide by their fingerprints, of which none may be missing, which rows are one document; see `fold.decide`."""
    names = ("row_id", "piece_digest", "words_digest", "shingle_count", "minhash", *_PARTS)
    stored = tables.columns(Fingerprint, names)
    at = {row: place for place, row in enumerate(stored.column("row_id").to_pylist())}
    stored = stored.take(pa.array([at[row] for row in columns["row_id"]], pa.int64()))
    counts = np.asarray(stored.column("shingle_count"), np.int64)
    signatures = np.zeros((stored.num_rows, PERMUTATIONS), np.uint32)
    signatures[counts > 0] = np.frombuffer(b"".join(stored.column("minhash").to_pylist()), "<u4").reshape(
        -1, PERMUTATIONS
    )

    def shingles_of(places: Sequence[int]) -> list[Shingles]:
        rows = [columns["row_id"][place] for place in places]
        found = tables.columns(Fingerprint, ["row_id", "shingles"], one_of("row_id", rows)).to_pydict()
        by_row = dict(zip(found["row_id"], found["shingles"], strict=True))
        return [np.frombuffer(by_row[row], "<u4") for row in rows]

    prints = {name: stored.column(name).to_pylist() for name in ("piece_digest", "words_digest", *_PARTS)}
    decision = decide(
        Columns(columns["document_id"], prints["words_digest"], counts, signatures), shingles_of, threshold
    )
    documents: dict[int, list[int]] = {}
    for place, into in enumerate(decision.into):
        documents.setdefault(into, []).append(place)
    return Folded(columns, prints, decision, documents)
