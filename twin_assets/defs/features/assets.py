"""`corpus`, `chunks` and `chunk_embeddings`: one table each, kept up to date by content digest."""

import dagster as dg

from twin_assets.defs.collection.assets import cleaned_documents
from twin_assets.defs.figures import (
    Moment,
    counts_table,
    exclusions_table,
    histogram,
    samples_table,
    spread,
    timeline,
)
from twin_assets.defs.resources import TwinResource
from twin_assets.defs.stage import stage
from twin_assets.records import Chunk, ChunkEmbedding, CorpusDocument, Exclusion
from twin_assets.storage.tables import equals, one_of


@dg.asset(deps=[cleaned_documents], group_name="features", kinds={"lancedb"}, pool="lance_write")
def corpus(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """The author's own words across all sources, with copies and cross-posts folded into one document, and scored."""
    with stage(context, twin) as s:
        from twin_assets.features.corpus import CorpusPolicy, update_corpus

        tables, settings = s.twin.tables, s.twin.settings
        wanted = [source.name for source in settings.sources.sources]
        change = update_corpus(tables, wanted, CorpusPolicy.of(settings), s.report)
        names = ["document_id", "kind", "published_at", "words", "quality", "retrievable", "trainable"]
        documents = tables.columns(CorpusDocument, names).to_pydict()
        excluded = tables.columns(Exclusion, ["reason", "detail"], equals("stage", "corpus")).to_pydict()
        samples = spread(sorted(documents["document_id"]))
        return s.result(
            change.data_version,
            {
                "documents": len(documents["document_id"]),
                "words": sum(documents["words"]),
                "retrievable": sum(documents["retrievable"]),
                "trainable": sum(documents["trainable"]),
                "read": change.read,
                "written": change.written,
                "removed": change.removed,
                "by_kind": counts_table("kind", documents["kind"]),
                "excluded": counts_table("reason", excluded["reason"]),
                "excluded_samples": exclusions_table(excluded["reason"], excluded["detail"]),
                "quality": histogram("quality", documents["quality"]),
                "timeline": timeline([*map(Moment, documents["kind"], documents["published_at"])]),
                "samples": samples_table(tables.read(CorpusDocument, one_of("document_id", samples))),
            },
        )


@dg.asset(deps=[corpus], group_name="features", kinds={"lancedb"}, pool="lance_write")
def chunks(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """Spans of the corpus that fit the embedder's window, counted by its own tokenizer."""
    with stage(context, twin) as s:
        from twin_assets.features.chunk import chunk_documents

        known: dict[str, list[Chunk]] = {}
        for chunk in s.twin.tables.read(Chunk):
            known.setdefault(chunk.document_id, []).append(chunk)
        documents = s.twin.tables.read(CorpusDocument)
        embedder = s.twin.embedder
        found = chunk_documents(documents, embedder.count_tokens, embedder.window, known, s.report)
        change = s.twin.tables.sync(Chunk, found)
        tokens = [chunk.tokens for chunk in found]
        return s.result(
            change.data_version,
            {
                "chunks": change.total,
                "written": change.added + change.updated,
                "tokens": sum(tokens),
                "longest": max(tokens, default=0),
                "window": embedder.window,
            },
        )


@dg.asset(deps=[chunks], group_name="features", kinds={"lancedb"}, pool="lance_write")
def chunk_embeddings(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """The logical feature store: chunks with vectors and a full-text index, read by the service in real time."""
    with stage(context, twin) as s:
        from twin_assets.features.embed import embed_chunks, known_embeddings
        from twin_assets.features.index import build_indexes

        embedder = s.twin.embedder
        schema = ChunkEmbedding.schema_for(embedder.dimensions)
        known = known_embeddings(s.twin.tables, embedder)
        rows = embed_chunks(s.twin.tables.read(Chunk), embedder, known, s.report)
        change = s.twin.tables.sync(ChunkEmbedding, rows, schema=schema)
        indexes = build_indexes(s.twin.tables, embedder.dimensions)
        return s.result(
            change.data_version,
            {
                "vectors": change.total,
                "embedded": len([row for row in rows if row.chunk_id not in known]),
                "written": change.added + change.updated,
                "dimensions": embedder.dimensions,
                "embedder": embedder.name,
                "indexes": ", ".join(indexes),
            },
        )
