"""`raw_documents` and `cleaned_documents`, a partition for each source."""

import dagster as dg

from twin_assets.defs.figures import counts_table, samples_table, timeline
from twin_assets.defs.partitions import SOURCES
from twin_assets.defs.resources import TwinResource
from twin_assets.defs.stage import stage
from twin_assets.records import CleanedDocument, Exclusion, RawDocument
from twin_assets.storage.tables import equals


@dg.asset(partitions_def=SOURCES, group_name="collection", kinds={"lancedb"}, pool="lance_write")
def raw_documents(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """Everything a source holds, as collected: own words and others' told apart, what is unreadable in `exclusions`."""
    with stage(context, twin) as s:
        from twin_assets.collection import collect

        name = s.node.partition
        found = collect(s.twin.source(name), s.twin.settings.author, s.report)
        change = s.twin.tables.sync(RawDocument, found.documents, equals("source", name))
        s.twin.tables.sync(Exclusion, found.exclusions, f"{equals('source', name)} AND stage = 'collection'")
        own = [document for document in found.documents if not document.excluded]
        return s.result(
            change.data_version,
            {
                "documents": len(found.documents),
                "own": len(own),
                "words": sum(len(document.text.split()) for document in own),
                "written": change.added + change.updated,
                "excluded": counts_table("reason", [exclusion.reason for exclusion in found.exclusions]),
                "timeline": timeline(own),
                "samples": samples_table(own),
            },
        )


@dg.asset(partitions_def=SOURCES, deps=[raw_documents], group_name="collection", kinds={"lancedb"}, pool="lance_write")
def cleaned_documents(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """Own documents as Markdown with their structure kept; what was dropped is in `exclusions` with its reason."""
    with stage(context, twin) as s:
        from twin_assets.features.clean import clean_documents

        tables, of_source = s.twin.tables, equals("source", s.node.partition)
        of_stage = f"{of_source} AND stage = 'cleaning'"
        cleaned = clean_documents(
            tables.read(RawDocument, of_source),
            {document.document_id: document for document in tables.read(CleanedDocument, of_source)},
            tables.read(Exclusion, of_stage),
            s.twin.settings.features.min_words,
            s.report,
        )
        change = tables.sync(CleanedDocument, cleaned.documents, of_source)
        tables.sync(Exclusion, cleaned.exclusions, of_stage)
        return s.result(
            change.data_version,
            {
                "documents": change.total,
                "words": sum(document.words for document in cleaned.documents),
                "written": change.added + change.updated,
                "excluded": counts_table("reason", [exclusion.reason for exclusion in cleaned.exclusions]),
                "samples": samples_table(cleaned.documents),
            },
        )
