"""The cleaned rows of all sources folded into documents, by their fingerprints: no text is read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin_assets.features.fold import Columns, Decision, decide
from twin_assets.features.quality import Quality
from twin_assets.features.shingles import PERMUTATIONS, Shingles
from twin_assets.features.signatures import signature_file
from twin_assets.records import CleanedDocument, Fingerprint
from twin_assets.storage import TableStore
from twin_assets.storage.sql import one_of

_ROW = ("row_id", "row_digest", "document_id", "source", "url", "title")
_ORDERING = ("published_at", "scope", "words")
_PARTS = ("quality", "length_score", "prose_share", "link_share", "repetition", "language_confidence")
_DAY_US = 86_400_000_000
_LATEST = 2**62


@dataclass(frozen=True)
class Folded:
    """The cleaned rows in the order of precedence, without their texts, and the documents that they make."""

    table: pa.Table
    """What `cleaned_rows` gives, with `piece_digest` and the parts of the quality."""
    decision: Decision
    order: NDArray[np.int64]
    """All places, those of one document together and the kept one first; documents in the order of the kept ones."""
    edges: NDArray[np.int64]
    """Where in `order` each document begins, and its end."""

    def __len__(self) -> int:
        """How many documents there are."""
        return len(self.edges) - 1

    def members(self, number: int) -> list[int]:
        """The places of a document's rows, the kept one first."""
        places: list[int] = self.order[self.edges[number] : self.edges[number + 1]].tolist()
        return places

    def value(self, name: str, place: int) -> Any:
        """One cell."""
        return self.table[name][place].as_py()

    def quality(self, place: int) -> Quality:
        """How a row was scored."""
        return Quality(*(self.value(part, place) for part in _PARTS))

    def shown(self, place: int) -> str:
        """What a person knows a row by: its URL, else its title, else its document's id."""
        return str(next(filter(None, (self.value(name, place) for name in ("url", "title", "document_id")))))


def cleaned_rows(tables: TableStore, sources: Collection[str]) -> pa.Table:
    """The short columns of the cleaned rows of these sources, in the order of precedence, in one chunk.

    Public text first: folding must never make a private version the one that is shown. Sources date to the day or to
    the second, so that within a day the longer one comes first.
    """
    table = tables.columns(CleanedDocument, (*_ROW, *_ORDERING), one_of("source", sorted(sources)))
    moments = pc.fill_null(table["published_at"].cast(pa.int64()), _LATEST)
    keys = {
        "private": pc.not_equal(table["scope"], "public").cast(pa.int8()),
        "day": pa.array(moments.to_numpy() // _DAY_US),
        "length": pc.negate(table["words"]),
        "moment": moments,
        "document_id": table["document_id"],
        "row_id": table["row_id"],
    }
    order = pc.sort_indices(pa.table(keys), sort_keys=[(key, "ascending") for key in keys])
    return table.select(_ROW).take(order).combine_chunks()


def fold_rows(tables: TableStore, rows: pa.Table, threshold: float) -> Folded:
    """Decide by their fingerprints, of which none may be missing, which rows are one document; see `fold.decide`."""
    ids = rows["row_id"].combine_chunks()
    stored = tables.columns(Fingerprint, ("row_id", "piece_digest", "words_digest", "shingle_count", *_PARTS))
    stored = stored.take(pc.index_in(ids, stored["row_id"].combine_chunks())).combine_chunks()

    def shingles_of(places: Sequence[int]) -> list[Shingles]:
        wanted = ids.take(pa.array(places, pa.int64())).to_pylist()
        found = tables.columns(Fingerprint, ["row_id", "shingles"], one_of("row_id", wanted)).to_pydict()
        by_row = dict(zip(found["row_id"], found["shingles"], strict=True))
        return [np.frombuffer(by_row[row], "<u4") for row in wanted]

    counts = stored["shingle_count"].to_numpy()
    with signature_file(len(ids)) as signatures:
        for batch in tables.scan(Fingerprint, ["row_id", "minhash"], "shingle_count > 0"):
            places = pc.index_in(batch["row_id"], ids)
            minhash = b"".join(batch["minhash"].filter(places.is_valid()).to_pylist())
            signatures.put(places.drop_null().to_pylist(), np.frombuffer(minhash, "<u4").reshape(-1, PERMUTATIONS))
        decision = decide(
            Columns(rows["document_id"], stored["words_digest"], counts, signatures), shingles_of, threshold
        )
    for name in ("piece_digest", *_PARTS):
        rows = rows.append_column(name, stored[name])
    order = np.argsort(decision.into, kind="stable")
    begins = np.unique(decision.into[order], return_index=True)[1]
    return Folded(rows, decision, order, np.append(begins, len(order)))
