"""`raw_documents` and `cleaned_documents`, a partition for each source."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from twin_assets.defs.figures import counts_table, samples_table, spread, timeline
from twin_assets.defs.partitions import SOURCES
from twin_assets.defs.resources import TwinResource
from twin_assets.defs.stage import stage
from twin_assets.errors import TwinError
from twin_assets.records import CleanedDocument, Exclusion
from twin_assets.settings import SourceConfig, load_settings
from twin_assets.storage.sql import equals, one_of


def _next_due(source: SourceConfig) -> str:
    """When a source is collected next, for a person."""
    from twin_assets.collection.schedule import next_due

    if source.path is not None:
        return "when its files change"
    due = next_due(source.schedule, source.name, datetime.now(UTC))
    return f"{due:%Y-%m-%d %H:%M} UTC" if due else "when it is materialized by hand"


def _freshness() -> dg.FreshnessPolicy | None:
    """Where something is collected by schedule, the catalog shows whether that happens; files have no schedule."""
    try:
        live = [source for source in load_settings().sources.sources if source.url and source.schedule != "never"]
    except TwinError:
        return None
    if not live:
        return None
    return dg.FreshnessPolicy.time_window(fail_window=timedelta(days=8), warn_window=timedelta(days=2))


@dg.asset(
    partitions_def=SOURCES,
    group_name="collection",
    kinds={"lancedb"},
    pool="lance_write",
    freshness_policy=_freshness(),
)
def raw_documents(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """Everything a source holds, as collected: own words and others' told apart, what is unreadable in `exclusions`."""
    with stage(context, twin) as s:
        from twin_assets.collection import Keep, collect_into
        from twin_assets.features.clean import CleaningPolicy, shown

        name, settings = s.node.partition, s.twin.settings
        keep = Keep(s.twin.tables, name, settings.collection_dir / f"{name}.json")
        policy = CleaningPolicy.of(settings.features)
        change = collect_into(keep, s.twin.source(name), settings.author, settings.collection, s.report)
        return s.result(
            change.data_version,
            {
                "documents": change.total,
                "own": len(keep.own),
                "words": sum(len(document.text.split()) for document in keep.own),
                "written": change.added + change.updated,
                "by_kind": counts_table("kind", [document.kind for document in keep.own]),
                "excluded": counts_table("reason", [exclusion.reason for exclusion in keep.exclusions.values()]),
                "next": _next_due(s.twin.source(name)),
                "timeline": timeline(keep.own),
                "samples": samples_table([shown(document, policy) for document in spread(keep.own)]),
            },
        )


@dg.asset(partitions_def=SOURCES, deps=[raw_documents], group_name="collection", kinds={"lancedb"}, pool="lance_write")
def cleaned_documents(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """Own documents as Markdown with their structure kept; what was dropped is in `exclusions` with its reason."""
    with stage(context, twin) as s:
        from twin_assets.features.clean import CleaningPolicy
        from twin_assets.features.clean_source import clean_source

        tables, of_source = s.twin.tables, equals("source", s.node.partition)
        policy = CleaningPolicy.of(s.twin.settings.features)
        change = clean_source(tables, s.node.partition, policy, s.report)
        documents = tables.columns(CleanedDocument, ["row_id", "words", "language"], of_source).to_pydict()
        reasons = tables.columns(Exclusion, ["reason"], f"{of_source} AND stage = 'cleaning'").column("reason")
        samples = tables.read(CleanedDocument, one_of("row_id", spread(sorted(documents["row_id"]))))
        return s.result(
            change.data_version,
            {
                "documents": len(documents["row_id"]),
                "words": sum(documents["words"]),
                "cleaned_now": change.cleaned,
                "by_language": counts_table("language", documents["language"]),
                "excluded": counts_table("reason", reasons.to_pylist()),
                "samples": samples_table(samples),
            },
        )
