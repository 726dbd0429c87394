"""A source as a whole: recognize its kind, collect it, and tell cheaply whether it has changed."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from twin_assets.collection.archive import Files, is_zip, list_folder, open_files, suffix
from twin_assets.collection.collector import STAGE, Collected, Collector, Item, Origin
from twin_assets.collection.linkedin import LinkedIn
from twin_assets.collection.markdown import Markdown
from twin_assets.collection.substack import Substack
from twin_assets.collection.x import X
from twin_assets.digests import config_digest, digest
from twin_assets.errors import SourceError
from twin_assets.progress import Report, silent
from twin_assets.records import Exclusion, Kind, RawDocument
from twin_assets.settings import SourceConfig

COLLECTOR_VERSION = 1
"""Raised when collecting the same files would give other documents: sources are then collected again."""

COLLECTORS: dict[Kind, Collector] = {c.kind: c for c in (LinkedIn(), Substack(), X(), Markdown())}
_DETAILS = {
    "draft": "was never published; `include_drafts: true` collects drafts",
    "repost": "passed on from {by}",
    "guest": "by {by}; if that is the author, add the name to `own_names`",
    "not_a_post": "is a page, a thread or boilerplate, not a piece of writing",
    "orphan_body": "no row of the export accounts for it, so it may never have been published",
}
_SUFFIXES = frozenset[str]().union(*(c.suffixes for c in COLLECTORS.values()))


def recognize(path: Path) -> Kind:
    """The kind of source that lies at `path`, by the names of the files inside a zip archive or folder.

    Raises SourceError when it is none of the known kinds, or could be several.
    """
    with open_files(path) as files:
        return _recognize(path, files.names)


def collect(source: SourceConfig, author: str, report: Report = silent) -> Collected:
    """Everything that a source holds: documents, own or not, and what was set aside with its reason.

    Documents are ordered by file and row, and their ids and digests depend on nothing but the source's content.
    Raises SourceError when the source as a whole cannot be read, its kind is unclear, or it holds no document.
    """
    with open_files(source.path) as files:
        kind = source.kind or _recognize(source.path, files.names)
        collector = COLLECTORS[kind]
        origin = Origin(source, kind, author)
        items: list[Item] = _refused(files, collector, origin)
        items.extend(collector.collect(files, origin, report))
    collected = _resolve(items, origin)
    if not collected.documents:
        raise _nothing(source, collector, collected.exclusions)
    own = sum(1 for d in collected.documents if not d.excluded)
    report(f"{source.name}: {len(collected.documents)} documents, {own} own, {len(collected.exclusions)} exclusions")
    return collected


def fingerprint(source: SourceConfig) -> str:
    """Digest of what tells that collecting may give something new: the files' names, sizes and times, the source's
    config, and the collector's version. Reads no file. Raises SourceError when there is nothing at the path."""
    suffixes = COLLECTORS[source.kind].suffixes if source.kind else _SUFFIXES
    entries, _ = list_folder(source.path, suffixes)
    files = [(name, entry.size, entry.mtime_ns) for name, entry in entries.items()]
    return digest("fingerprint", COLLECTOR_VERSION, config_digest(source), files)


def _recognize(path: Path, names: tuple[str, ...]) -> Kind:
    found = [c for c in COLLECTORS.values() if c.recognizes(names)]
    if len(found) == 1:
        return found[0].kind
    known = ", ".join(f"{c.kind} ({c.title})" for c in COLLECTORS.values())
    if found:
        several = " and ".join(c.title for c in found)
        raise SourceError(f"{str(path)!r} could be {several}", f"set `kind:` of the source to one of: {known}")
    if any(suffix(name) == ".zip" for name in names) and not is_zip(path):
        raise SourceError(f"{str(path)!r} holds archives", "give each archive as a source of its own")
    raise SourceError(
        f"{str(path)!r} is no source of a kind that is known", f"set `kind:` of the source to one of: {known}"
    )


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
                _set_aside(dropped, origin, "duplicate_id", f"the same document as {where}, which counts")
            )
    aside = (d for d in documents.values() if d.excluded)
    exclusions.extend(_set_aside(d, origin, d.excluded, _DETAILS[d.excluded].format(by=d.by)) for d in aside)
    return Collected(list(documents.values()), _distinct(exclusions))


def _set_aside(document: RawDocument, origin: Origin, reason: str, detail: str) -> Exclusion:
    return Exclusion.of(
        STAGE,
        origin.source.name,
        reason,
        detail,
        file=document.file,
        row=document.row,
        document_id=document.document_id,
    )


def _distinct(exclusions: Iterable[Exclusion]) -> list[Exclusion]:
    return list({e.exclusion_id: e for e in exclusions}.values())


def _nothing(source: SourceConfig, collector: Collector, exclusions: list[Exclusion]) -> SourceError:
    counts = Counter(e.reason for e in exclusions)
    aside = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))
    first = next(iter(exclusions), None)
    example = f"; for example {first.file!r}: {first.detail}" if first else ""
    what = f"source {source.name!r} ({str(source.path)!r}) holds nothing to collect"
    return SourceError(f"{what} ({aside}{example})" if aside else what, collector.looked_for)
