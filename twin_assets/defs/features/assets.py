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
from twin_assets.records import Chunk, CorpusDocument, Exclusion
from twin_assets.storage.sql import equals, one_of


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
        from twin_assets.features.chunk_corpus import chunk_corpus

        embedder = s.twin.embedder
        change = chunk_corpus(s.twin.tables, embedder.count_tokens, embedder.window, s.report)
        tokens = s.twin.tables.columns(Chunk, ["tokens"]).column("tokens").to_pylist()
        return s.result(
            change.data_version,
            {
                "chunks": len(tokens),
                "documents_cut": change.cut,
                "tokens": sum(tokens),
                "longest": max(tokens, default=0),
                "window": embedder.window,
            },
        )


@dg.asset(deps=[chunks], group_name="features", kinds={"lancedb"}, pool="lance_write")
def chunk_embeddings(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """The logical feature store: chunks with vectors and a full-text index, read by the service in real time."""
    with stage(context, twin) as s:
        from twin_assets.features.active import activate, table_of
        from twin_assets.features.index import build_indexes
        from twin_assets.features.store import update_store

        embedder, features = s.twin.embedder, s.twin.settings.features
        update = update_store(s.twin.tables, embedder, s.report)
        record = table_of(embedder.name)
        indexes = build_indexes(s.twin.tables, embedder.dimensions, features.vector_index_rows, record)
        switched = activate(s.twin.tables, embedder.name, features.embedder)
        return s.result(
            update.data_version,
            {
                "vectors": update.total,
                "embedded": update.embedded,
                "written": update.written,
                "removed": update.removed,
                "dimensions": embedder.dimensions,
                "embedder": embedder.name,
                "table": record.TABLE,
                "switched": switched,
                "indexes": ", ".join(indexes),
            },
        )
