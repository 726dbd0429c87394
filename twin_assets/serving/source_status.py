"""What there is to say of each source: its documents, what was set aside, its last run and its next."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from twin_assets.collection.registry import recognize, recognize_address
from twin_assets.collection.schedule import next_due
from twin_assets.errors import TwinError
from twin_assets.records import Exclusion, RawDocument
from twin_assets.serving.run_events import moment
from twin_assets.settings import SourceConfig
from twin_assets.storage import TableStore

Counts = tuple[dict[str, int], dict[str, dict[str, int]]]


def source_counts(tables: TableStore, *, own: bool = True) -> Counts:
    """Documents by source (the author's own, or all), and exclusions by source and reason. Raises StorageError."""
    rows = tables.columns(RawDocument, ["source", "excluded"]).to_pydict()
    documents = Counter(s for s, why in zip(rows["source"], rows["excluded"], strict=True) if not (own and why))
    rows = tables.columns(Exclusion, ["source", "reason"]).to_pydict()
    reasons: dict[str, dict[str, int]] = {}
    for (source, reason), count in sorted(Counter(zip(rows["source"], rows["reason"], strict=True)).items()):
        reasons.setdefault(source, {})[reason] = count
    return dict(documents), reasons


class SourceCounts:
    """`source_counts`, read once for each version of the tables. Safe to use from several threads."""

    def __init__(self, tables: TableStore) -> None:
        self._tables = tables
        self._lock = threading.Lock()
        self._known: dict[bool, tuple[tuple[int, ...], Counts]] = {}

    def of(self, *, own: bool = True) -> Counts:
        """Documents by source, and exclusions by source and reason. Raises StorageError."""
        with self._lock:
            found = [self._tables.find(record) for record in (RawDocument, Exclusion)]
            versions = tuple(int(table.version) if table is not None else 0 for table in found)
            known = self._known.get(own)
            if known is None or known[0] != versions:
                known = self._known[own] = (versions, source_counts(self._tables, own=own))
        return known[1]


def source_card(
    source: SourceConfig, documents: int, exclusions: Mapping[str, int], now: datetime | None = None
) -> dict[str, Any]:
    """A source for the list, without its last run. `kind` is None while it cannot be told."""
    place = {"url": source.url} if source.url else {"path": str(source.path)}
    return {
        "name": source.name,
        "kind": source.kind or kind_of(source),
        **place,
        "schedule": source.schedule if source.url else None,
        "paused": source.paused,
        "documents": documents,
        "exclusions": dict(exclusions),
        "last_run": None,
        "next_run": _next(source, now or datetime.now(UTC)),
    }


def kind_of(source: SourceConfig) -> str | None:
    """The kind that a source is recognized as; None when it is unclear or gone."""
    try:
        return recognize(source.path) if source.path else recognize_address(source.url)
    except TwinError:
        return None


def last_runs(runs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The newest run of each source, of run cards that are sorted newest first."""
    found: dict[str, dict[str, Any]] = {}
    for run in runs:
        failed = run["status"] == "FAILURE"
        found.setdefault(
            str(run["partition"]),
            {
                "run_id": run["run_id"],
                "status": run["status"],
                "at": run["ended"] or run["started"] or run["created"],
                "error": run["message"] if failed else None,
            },
        )
    return found


def _next(source: SourceConfig, now: datetime) -> str | None:
    """When it is collected next; None for files, which are collected when they change, and for a pause."""
    if source.paused or not source.url:
        return None
    try:
        due = next_due(source.schedule, source.name, now)
    except TwinError:
        return None
    return moment(due.timestamp()) if due else None
