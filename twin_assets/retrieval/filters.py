"""What a search is limited to. Whatever else is asked for, private chunks are left out unless the owner asks."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from twin_assets.records import CorpusDocument, Kind, Scope
from twin_assets.storage import TableStore
from twin_assets.storage.sql import moment, quoted


@dataclass(frozen=True)
class Filter:
    """Conditions that all hold at once; None is no condition, an empty collection admits nothing.

    Args:
        kinds: kinds of source.
        sources: names of sources; of a cross-post, any that holds it.
        since: published at this time or later; without a zone it is UTC. What has no date is left out.
        until: published before this time. What has no date is left out.
        documents: document ids.
        scope: `public`, or `private` for the author alone, who finds private chunks, too.
    """

    kinds: Collection[Kind] | None = None
    sources: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    documents: Collection[str] | None = None
    scope: Scope = "public"


def condition(only: Filter, store: TableStore) -> str | None:
    """The filter in SQL over `chunk_embeddings`, or None when there is nothing to leave out.

    Raises StorageError: sources are asked for, and there is no corpus yet.
    """
    parts = [] if only.scope == "private" else ["scope = 'public'"]
    if only.kinds is not None:
        parts.append(_one_of("kind", set(only.kinds) & set(get_args(Kind))))
    if only.since is not None:
        parts.append(f"published_at >= {moment(only.since)}")
    if only.until is not None:
        parts.append(f"published_at < {moment(only.until)}")
    if only.documents is not None:
        parts.append(_one_of("document_id", only.documents))
    if only.sources is not None:
        parts.append(_one_of("document_id", _documents_of(only.sources, store)))
    return " AND ".join(parts) or None


def _one_of(column: str, values: Collection[str]) -> str:
    return f"{column} IN ({', '.join(map(quoted, sorted(values)))})" if values else "false"


def _documents_of(sources: Collection[str], store: TableStore) -> list[str]:
    """The documents that any of the sources holds: chunks do not name their sources, the corpus does."""
    if not sources:
        return []
    table = store.open(CorpusDocument)
    held = " OR ".join(f"array_has(sources, {quoted(source)})" for source in sorted(set(sources)))
    with store.reading(CorpusDocument):
        query = table.search().select(["document_id"]).where(held).limit(max(table.count_rows(), 1))
        return [str(identity) for identity in query.to_arrow()["document_id"].to_pylist()]
