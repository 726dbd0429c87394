"""The cleaned documents of one source kept in step with what was collected: the work is as much as what changed.

First the documents that are new or changed are prepared. Then what is boilerplate is counted over all, and those
documents are finished whose own boilerplate changed, and the prepared ones. Rows are written in batches, and what is
known of a document after the document itself, so that the next run does what one that was cut off did not.
"""

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc

from twin_assets.batches import batches, one_by_one
from twin_assets.features.boilerplate import boilerplate
from twin_assets.features.clean import CleaningPolicy, Prepared, finish, own_boilerplate, prepare
from twin_assets.features.removal import STAGE
from twin_assets.progress import Meter, Report, silent
from twin_assets.records import CleanedDocument, CleaningState, Exclusion, RawDocument
from twin_assets.storage import TableStore
from twin_assets.storage.keyed import Among, absent, looked_up
from twin_assets.storage.parts import in_parts
from twin_assets.storage.sql import equals

_CANDIDATES = pa.list_(pa.int64())
_BATCH = 1_000
"""Documents in memory at a time."""


@dataclass(frozen=True)
class CleaningChange:
    """What a run did: documents cleaned and taken out, and the data version of the source's documents afterwards."""

    cleaned: int
    removed: int
    data_version: str


@dataclass(frozen=True)
class _Known:
    """The short columns of everything of a source, as Arrow: a source may have more documents than fit as objects."""

    raw: pa.Table
    """`row_id`, `document_id` and `row_digest` of the author's own documents."""
    state: pa.Table
    """What was noted of each row when it was cleaned."""
    stored: pa.Table
    """`row_id` and `input_digest` of the documents that are there."""

    def prepared(self, policy_digest: str) -> pa.Table:
        """The rows of `state` that were cleaned as they are now, by this cleaner, and whose documents are there."""
        state = self.state.filter(pc.equal(self.state["policy_digest"], policy_digest))
        state = state.filter(
            pc.equal(state["raw_digest"], looked_up(state["row_id"], self.raw, "row_id", "row_digest"))
        )
        stored = looked_up(state["row_id"], self.stored, "row_id", "input_digest")
        return state.filter(pc.equal(state["input_digest"], pc.fill_null(stored, "")))

    def gone(self) -> list[str]:
        """The rows that something is known of and that are not there any more, or are not the author's own."""
        every = pa.chunked_array([*self.state["row_id"].chunks, *self.stored["row_id"].chunks], pa.string())
        return absent(every, self.raw["row_id"])


def clean_source(
    tables: TableStore, source: str, policy: CleaningPolicy | None = None, report: Report = silent
) -> CleaningChange:
    """Clean what is new or changed in a source, and what has other boilerplate than before; the rest is not read.

    Raises StorageError. A process killed at any point leaves whole documents, and the next run does the rest.
    """
    policy = policy or CleaningPolicy()
    known = _known(tables, source)
    unchanged = known.prepared(policy.digest())
    changed = absent(known.raw["row_id"], unchanged["row_id"])
    meter = Meter("cleaning", len(changed), report)
    # What is prepared waits in a file without a name for the count of all: memory does not grow with the source.
    with tempfile.TemporaryFile() as spool:
        candidates: list[pa.Array] = unchanged["candidates"].chunks
        for batch in _prepared(tables, changed, policy):
            pickle.dump(batch, spool)
            candidates.append(pa.array((one.candidates for one in batch), _CANDIDATES))
            meter.advance(len(batch))
        repeated = boilerplate(pa.chunked_array(candidates, _CANDIDATES), policy.boilerplate_share)
        differing = _differing(unchanged, repeated)
        removed = _remove(tables, source, known)
        for batch in one_by_one(_spooled(spool)):
            _write(tables, source, batch, repeated, policy)
    for batch in _prepared(tables, differing, policy):
        _write(tables, source, batch, repeated, policy)
    version = tables.data_version(CleanedDocument, equals("source", source))
    return CleaningChange(len(changed) + len(differing), removed, version)


def _known(tables: TableStore, source: str) -> _Known:
    of_source = equals("source", source)
    noted = ["row_id", "raw_digest", "policy_digest", "input_digest", "candidates", "boilerplate"]
    raw = tables.columns(RawDocument, ["row_id", "document_id", "row_digest"], f"{of_source} AND excluded = ''")
    return _Known(
        raw,
        tables.columns(CleaningState, noted, of_source),
        tables.columns(CleanedDocument, ["row_id", "input_digest"], of_source),
    )


def _differing(unchanged: pa.Table, repeated: frozenset[int]) -> list[str]:
    """The rows among these with other boilerplate now than before, in order; most have none then and now."""
    differing: list[str] = []
    may_differ = pc.greater(pc.list_value_length(unchanged["boilerplate"]), 0).to_numpy(zero_copy_only=False)
    candidates = pc.list_flatten(unchanged["candidates"])
    among = pc.is_in(candidates, pa.array(repeated, pa.int64()))
    may_differ[pc.list_parent_indices(unchanged["candidates"]).filter(among)] = True
    for place in may_differ.nonzero()[0].tolist():
        now = own_boilerplate(unchanged["candidates"][place].as_py(), repeated)
        if now != tuple(unchanged["boilerplate"][place].as_py()):
            differing.append(unchanged["row_id"][place].as_py())
    return sorted(differing)


def _prepared(tables: TableStore, rows: Sequence[str], policy: CleaningPolicy) -> Iterator[list[Prepared]]:
    """The documents of these rows, prepared, in batches; nothing else is read in full."""
    for raws in in_parts(tables, RawDocument, Among("row_id", rows), _BATCH):
        yield [prepare(raw, policy) for raw in raws]


def _spooled(spool: IO[bytes]) -> Iterator[list[Prepared]]:
    end = spool.tell()
    spool.seek(0)
    while spool.tell() < end:
        # Written by this very process, to a file that no other can open.
        yield pickle.load(spool)  # noqa: S301


def _remove(tables: TableStore, source: str, known: _Known) -> int:
    """Take out what was made of rows that are not there any more, or are not the author's own; returns how many."""
    of_stage = _of_stage(source)
    told = tables.columns(Exclusion, ["document_id"], of_stage)["document_id"]
    for ids in batches(absent(told, known.raw["document_id"]), _BATCH):
        tables.sync(Exclusion, [], Among("document_id", ids, of_stage))
    gone = known.gone()
    for rows in batches(gone, _BATCH):
        tables.sync(CleanedDocument, [], Among("row_id", rows))
        tables.sync(CleaningState, [], Among("row_id", rows))
    return len(gone)


def _write(
    tables: TableStore, source: str, batch: Sequence[Prepared], repeated: frozenset[int], policy: CleaningPolicy
) -> None:
    """Finish a batch, and make it what is stored of its documents: first they, then what says that they are done."""
    documents: list[CleanedDocument] = []
    exclusions: list[Exclusion] = []
    states: list[CleaningState] = []
    for prepared in batch:
        document, found = finish(prepared, repeated, policy)
        documents += [document] if document else []
        exclusions += found
        raw = prepared.raw
        states.append(
            CleaningState(
                row_id=raw.row_id,
                document_id=raw.document_id,
                source=source,
                raw_digest=prepared.raw_digest,
                policy_digest=policy.digest(),
                input_digest=document.input_digest if document else "",
                candidates=prepared.candidates,
                boilerplate=own_boilerplate(prepared.candidates, repeated),
            )
        )
    of_rows = Among("row_id", [state.row_id for state in states])
    tables.sync(CleanedDocument, documents, of_rows)
    of_documents = Among("document_id", [state.document_id for state in states], _of_stage(source))
    tables.sync(Exclusion, exclusions, of_documents)
    tables.sync(CleaningState, states, of_rows)


def _of_stage(source: str) -> str:
    return f"{equals('source', source)} AND {equals('stage', STAGE)}"
