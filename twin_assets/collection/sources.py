"""A source as a whole: collect it into what is stored of it, and tell cheaply whether that is to be done again."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twin_assets.collection.archive import Files, list_folder, open_files, suffix
from twin_assets.collection.collector import Collected, Collector, Item, LiveCollector, Origin, exclusion_of, set_aside
from twin_assets.collection.git import collect_repository, is_repository, repository_fingerprint
from twin_assets.collection.keep import Keep
from twin_assets.collection.live import collect_live, github_token
from twin_assets.collection.registry import (
    ALL_SUFFIXES,
    FILES,
    LIVE,
    recognize_address,
    recognize_names,
    recognize_repository,
)
from twin_assets.collection.schedule import slot
from twin_assets.collection.web.bluesky import Bluesky
from twin_assets.collection.web.github import GitHub
from twin_assets.digests import config_digest, digest
from twin_assets.errors import SourceError
from twin_assets.progress import Report, silent
from twin_assets.records import Exclusion, Kind, RawDocument
from twin_assets.settings import CollectionSettings, SourceConfig
from twin_assets.storage import Change

COLLECTOR_VERSION = 2
"""Raised when collecting the same files would give other documents: sources are then collected again."""


def collect_into(
    keep: Keep, source: SourceConfig, author: str, settings: CollectionSettings, report: Report = silent
) -> Change:
    """Bring what is stored of a source up to date, from its files or from the web, and return what changed.

    Raises SourceError (FetchError for a live source); what came of a live source before is stored then.
    """
    if source.path is not None:
        found = collect(source, author, report, keep.notes)
        return keep.replace_all(found.documents, found.exclusions)
    kind = source.kind or recognize_address(source.url)
    return collect_live(_live(kind, source, settings), Origin(source, kind, author), settings, keep, report)


def collect(
    source: SourceConfig, author: str, report: Report = silent, notes: dict[str, Any] | None = None
) -> Collected:
    """Everything that a source's files hold: documents, own or not, and what was set aside with its reason.

    Documents are ordered by file and row, and their ids and digests depend on nothing but the source's content.
    `notes` spare what is known from the last time (the blame of an unchanged file), and are changed.

    Raises SourceError when the source as a whole cannot be read, its kind is unclear, or it holds no document.
    """
    path = _path(source)
    if source.kind == "git" or (source.kind is None and is_repository(path) and recognize_repository(path)):
        origin = Origin(source, "git", author)
        collected = _resolve(collect_repository(path, origin, report, notes), origin)
        looked_for = "READMEs, docs and code of yours were looked for; name your e-mail addresses in `own_names`"
    else:
        with open_files(path) as files:
            kind = source.kind or recognize_names(path, files.names)
            collector = _of_files(kind, source)
            origin = Origin(source, kind, author)
            items: list[Item] = _refused(files, collector, origin)
            items.extend(collector.collect(files, origin, report))
        collected, looked_for = _resolve(items, origin), collector.looked_for
    if not collected.documents:
        raise _nothing(source, looked_for, collected.exclusions)
    own = sum(1 for d in collected.documents if not d.excluded)
    report(f"{source.name}: {len(collected.documents)} documents, {own} own, {len(collected.exclusions)} exclusions")
    return collected


def fingerprint(source: SourceConfig, now: datetime | None = None) -> str:
    """Digest of what tells that collecting may give something new. Reads no file and fetches nothing.

    For files: their names, sizes and times; for a repository: what is checked in; for an address: the last time at
    which it was due. Besides the source's config and the collector's version. Raises SourceError when there is nothing
    at the path, ConfigError for a schedule that is none.
    """
    facts: object
    # A pause is no change of what is collected.
    settings = source.model_dump(mode="json", exclude={"paused"})
    if source.path is None:
        facts = slot(source.schedule, source.name, now or datetime.now(UTC)).isoformat()
    elif source.kind == "git" or (source.kind is None and is_repository(source.path)):
        facts = repository_fingerprint(source.path)
    else:
        suffixes = _of_files(source.kind, source).suffixes if source.kind else ALL_SUFFIXES
        entries, _ = list_folder(source.path, suffixes)
        facts = [(name, entry.size, entry.mtime_ns) for name, entry in entries.items()]
    return digest("fingerprint", COLLECTOR_VERSION, config_digest(settings), facts)


def _live(kind: Kind, source: SourceConfig, settings: CollectionSettings) -> LiveCollector:
    collector = LIVE.get(kind)
    if collector is None:
        known = ", ".join(LIVE)
        raise SourceError(
            f"source {source.name!r}: {kind!r} cannot be collected from an address",
            f"give a `path`, or set `kind:` to one of: {known}",
        )
    if isinstance(collector, GitHub):
        collector = replace(collector, token=github_token(settings))
    if isinstance(collector, GitHub | Bluesky) and (endpoint := settings.endpoints.get(collector.kind)):
        collector = replace(collector, api=endpoint.rstrip("/"))
    return collector


def _of_files(kind: Kind, source: SourceConfig) -> Collector:
    if kind not in FILES:
        raise SourceError(
            f"source {source.name!r}: {kind!r} cannot be collected from a path",
            f"give a `url`, or set `kind:` to one of: {', '.join(FILES)}",
        )
    return FILES[kind]


def _path(source: SourceConfig) -> Path:
    if source.path is None:
        raise SourceError(f"source {source.name!r} has no path", "give one")
    return source.path


def _refused(files: Files, collector: Collector, origin: Origin) -> list[Item]:
    relevant = (r for r in files.refused if suffix(r.name) in collector.suffixes)
    return [origin.exclusion(r.reason, r.detail, file=r.name) for r in relevant]


def _resolve(items: Iterable[Item], origin: Origin) -> Collected:
    """Documents and exclusions apart; of two documents with one id the last counts, an own one before another."""
    documents: dict[str, RawDocument] = {}
    exclusions: list[Exclusion] = []
    for item in items:
        if isinstance(item, Exclusion):
            exclusions.append(item)
            continue
        earlier = documents.pop(item.document_id, None)
        kept = earlier if earlier and item.excluded and not earlier.excluded else item
        documents[item.document_id] = kept
        if earlier:
            dropped = item if kept is earlier else earlier
            where = f"{kept.file}, row {kept.row}" if kept.row else kept.file
            exclusions.append(
                exclusion_of(dropped, origin, "duplicate_id", f"the same document as {where}, which counts")
            )
    exclusions.extend(set_aside(d, origin) for d in documents.values() if d.excluded)
    return Collected(list(documents.values()), list({e.exclusion_id: e for e in exclusions}.values()))


def _nothing(source: SourceConfig, looked_for: str, exclusions: list[Exclusion]) -> SourceError:
    counts = Counter(e.reason for e in exclusions)
    aside = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))
    first = next(iter(exclusions), None)
    example = f"; for example {first.file!r}: {first.detail}" if first else ""
    what = f"source {source.name!r} ({str(source.path)!r}) holds nothing to collect"
    return SourceError(f"{what} ({aside}{example})" if aside else what, looked_for)
