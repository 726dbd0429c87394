"""The cleaned documents of one source kept in step with what was collected: the work is as much as what changed.

First the documents that are new or changed are prepared. Then what is boilerplate is counted over all, and those
documents are finished whose own boilerplate changed, and the prepared ones. Rows are written in batches, and what is
known of a document after the document itself, so that the next run does what one that was cut off did not.
"""

import pickle
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from twin_assets.batches import batches
from twin_assets.features.clean import CleaningPolicy, Prepared, finish, own_boilerplate, prepare, repeated_in
from twin_assets.features.removal import STAGE
from twin_assets.progress import Meter, Report, silent
from twin_assets.records import CleanedDocument, CleaningState, Exclusion, RawDocument
from twin_assets.storage import TableStore
from twin_assets.storage.tables import equals, one_of

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
    """The short columns of everything of a source."""

    raw: Mapping[str, str]
    """Row id to row digest of the author's own documents, in the order of their ids."""
    document_ids: frozenset[str]
    state: Mapping[str, Mapping[str, Any]]
    """Row id to what was noted when it was cleaned."""
    stored: Mapping[str, str]
    """Row id to input digest of the documents that are there."""

    def is_prepared(self, row: str, policy_digest: str) -> bool:
        """Whether a row was cleaned as it is now, by this cleaner, and what came of it is still there."""
        state = self.state.get(row)
        return (
            state is not None
            and state["raw_digest"] == self.raw[row]
            and state["policy_digest"] == policy_digest
            and state["input_digest"] == self.stored.get(row, "")
        )


def clean_source(
    tables: TableStore, source: str, policy: CleaningPolicy | None = None, report: Report = silent
) -> CleaningChange:
    """Clean what is new or changed in a source, and what has other boilerplate than before; the rest is not read.

    Raises StorageError. A process killed at any point leaves whole documents, and the next run does the rest.
    """
    policy = policy or CleaningPolicy()
    known = _known(tables, source)
    policy_digest = policy.digest()
    changed = [row for row in known.raw if not known.is_prepared(row, policy_digest)]
    meter = Meter("cleaning", len(changed), report)
    # What is prepared waits in a file without a name for the count of all: memory does not grow with the source.
    with tempfile.TemporaryFile() as spool:
        candidates = {row: known.state[row]["candidates"] for row in known.raw if row in known.state}
        for batch in _prepared(tables, changed, policy):
            pickle.dump(batch, spool)
            candidates |= {one.raw.row_id: one.candidates for one in batch}
            meter.advance(len(batch))
        repeated = repeated_in(candidates.values(), policy)
        differing = sorted(
            row
            for row in known.raw.keys() - set(changed)
            if _differs(candidates[row], repeated, known.state[row]["boilerplate"])
        )
        removed = _remove(tables, source, known)
        for batch in _spooled(spool):
            _write(tables, source, batch, repeated, policy)
    for batch in _prepared(tables, differing, policy):
        _write(tables, source, batch, repeated, policy)
    version = tables.data_version(CleanedDocument, equals("source", source))
    return CleaningChange(len(changed) + len(differing), removed, version)


def _known(tables: TableStore, source: str) -> _Known:
    of_source = equals("source", source)
    raw = tables.columns(
        RawDocument, ["row_id", "document_id", "row_digest"], f"{of_source} AND excluded = ''"
    ).to_pydict()
    stored = tables.columns(CleanedDocument, ["row_id", "input_digest"], of_source).to_pydict()
    noted = tables.columns(
        CleaningState, ["row_id", "raw_digest", "policy_digest", "input_digest", "candidates", "boilerplate"], of_source
    )
    return _Known(
        dict(sorted(zip(raw["row_id"], raw["row_digest"], strict=True))),
        frozenset(raw["document_id"]),
        {row["row_id"]: row for row in noted.to_pylist()},
        dict(zip(stored["row_id"], stored["input_digest"], strict=True)),
    )


def _differs(candidates: Sequence[int], repeated: frozenset[int], before: Sequence[int]) -> bool:
    """Whether other candidates are boilerplate now than before; most documents have none then and now."""
    if not before and repeated.isdisjoint(candidates):
        return False
    return own_boilerplate(candidates, repeated) != tuple(before)


def _prepared(tables: TableStore, rows: Sequence[str], policy: CleaningPolicy) -> Iterator[list[Prepared]]:
    """The documents of these rows, prepared, in batches; nothing else is read in full."""
    for batch in batches(rows, _BATCH):
        yield [prepare(raw, policy) for raw in tables.read(RawDocument, one_of("row_id", batch))]


def _spooled(spool: IO[bytes]) -> Iterator[list[Prepared]]:
    end = spool.tell()
    spool.seek(0)
    while spool.tell() < end:
        # Written by this very process, to a file that no other can open.
        yield pickle.load(spool)  # noqa: S301


def _remove(tables: TableStore, source: str, known: _Known) -> int:
    """Take out what was made of rows that are not there any more, or are not the author's own; returns how many."""
    of_stage = _of_stage(source)
    told = set(tables.columns(Exclusion, ["document_id"], of_stage).column("document_id").unique().to_pylist())
    for ids in batches(sorted(told - known.document_ids), _BATCH):
        tables.sync(Exclusion, [], f"{of_stage} AND {one_of('document_id', ids)}")
    gone = sorted((known.state.keys() | known.stored.keys()) - known.raw.keys())
    for rows in batches(gone, _BATCH):
        tables.sync(CleanedDocument, [], one_of("row_id", rows))
        tables.sync(CleaningState, [], one_of("row_id", rows))
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
    of_rows = one_of("row_id", [state.row_id for state in states])
    tables.sync(CleanedDocument, documents, of_rows)
    of_documents = one_of("document_id", [state.document_id for state in states])
    tables.sync(Exclusion, exclusions, f"{_of_stage(source)} AND {of_documents}")
    tables.sync(CleaningState, states, of_rows)


def _of_stage(source: str) -> str:
    return f"{equals('source', source)} AND {equals('stage', STAGE)}"
