"""`instruction_dataset` and `preference_dataset`: Lance tables whose versions are tagged by digest."""

from typing import TYPE_CHECKING

import dagster as dg

from twin_assets.defs.datasets.metadata import check_results, check_specs, sound, version_metadata
from twin_assets.defs.features.assets import chunks, corpus
from twin_assets.defs.figures import counts_table, figures_table
from twin_assets.defs.resources import TwinResource
from twin_assets.defs.stage import Stage, stage
from twin_assets.records import (
    Chunk,
    CorpusDocument,
    Exclusion,
    FeedbackEvent,
    InstructionSample,
    PreferenceSample,
)

if TYPE_CHECKING:
    from twin_assets.datasets.preferences import Model

BLOCKING = {
    "grounded": "Every answer is the author's own text, found verbatim at its span.",
    "leakage": "Nothing of one split is known in another: document, near-duplicate, instruction, answer, 13 words "
    "running; and nothing newer than the test set is trained on.",
    "duplicates": "No instruction and no answer occurs twice.",
    "size": "There is enough to train on, and enough to test with.",
}
WARNING = {
    "family_shares": "No family of requests is most of what is learned, and each is tested.",
    "style": "Answers lie within the range of style that the author's documents span.",
}
PAIRS_BLOCKING = {
    "grounded": "Every chosen text is the author's own at its span, or what a person wrote or liked.",
    "leakage": "Nothing of the test split is in a pair.",
    "duplicates": "No pair occurs twice.",
}
PAIRS_WARNING = {
    "length_bias": "Rejected answers are about as long as chosen ones over all.",
    "origins": "Rejected answers are of several origins.",
}


@dg.asset(
    deps=[corpus, chunks],
    group_name="datasets",
    kinds={"lancedb", "litellm"},
    pool="lance_write",
    check_specs=check_specs("instruction_dataset", BLOCKING, WARNING),
)
def instruction_dataset(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """Requests answered by the author's own text, verbatim; split by document and time, each row with its span."""
    with stage(context, twin) as s:
        from twin_assets.datasets.checks import dataset_checks
        from twin_assets.datasets.drift import drift_page
        from twin_assets.datasets.instructions import build_instructions
        from twin_assets.datasets.preview import instruction_preview, token_plot
        from twin_assets.datasets.split_plan import moved, plan_splits
        from twin_assets.datasets.versions import record_version

        documents, known = s.twin.tables.read(CorpusDocument, "trainable"), s.twin.tables.read(InstructionSample)
        settings = s.twin.settings.datasets
        built = build_instructions(
            documents,
            s.twin.tables.read(Chunk),
            count_tokens=s.twin.chat_tokens,
            teacher=lambda questions: s.twin.ask_teacher(questions, s.report),
            teacher_name=s.twin.teacher_name,
            max_calls=s.twin.settings.teacher().max_calls,
            settings=settings,
            known={sample.sample_id: sample for sample in known},
            report=s.report,
        )
        plan = plan_splits(documents, settings)
        change = s.twin.tables.sync(InstructionSample, built.samples)
        s.twin.tables.sync(Exclusion, built.exclusions, "stage = 'instruction_dataset'")
        version = record_version(
            s.twin.tables,
            "instruction_dataset",
            change.data_version,
            parents={name: s.version(name) for name in ("corpus", "chunks")},
            settings={"datasets": settings.model_dump(mode="json"), "teacher": s.twin.teacher_name},
            counts={**built.stats, "split": plan.why},
            moved=moved({k.document_id: k.split for k in known}, plan.splits),
        )
        page, drift = drift_page(s.twin.artifacts, "instruction_dataset", change.data_version, known, built.samples)
        checks = dataset_checks(built.samples, documents, settings)
        return s.result(
            change.data_version,
            {
                "samples": change.total,
                "written": change.added + change.updated,
                "split": plan.why,
                "near_duplicate_groups": len(plan.groups),
                "by_split": counts_table("split", [sample.split for sample in built.samples]),
                "by_family": counts_table("family", [sample.family for sample in built.samples]),
                "by_origin": counts_table("origin", [sample.origin for sample in built.samples]),
                "figures": figures_table(built.stats),
                "set_aside": counts_table("reason", [exclusion.reason for exclusion in built.exclusions]),
                "tokens": dg.MetadataValue.md(token_plot(built.samples, s.twin.chat_tokens)),
                "checks": dg.MetadataValue.md("\n".join(f"- {check.name}: {check.line}" for check in checks)),
                "preview": dg.MetadataValue.md(instruction_preview(built.samples)),
                "data_report": dg.MetadataValue.path(str(page)),
                **drift,
                **version_metadata(version),
            },
            passed=sound(checks),
            checks=check_results("instruction_dataset", checks),
        )


@dg.asset(
    deps=[instruction_dataset],
    group_name="datasets",
    kinds={"lancedb", "sglang"},
    pool="lance_write",
    check_specs=check_specs("preference_dataset", PAIRS_BLOCKING, PAIRS_WARNING),
)
def preference_dataset(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """The author's text preferred over other answers to the same request, and people's choices among drafts."""
    with stage(context, twin) as s:
        from twin_assets.datasets.drift import drift_page
        from twin_assets.datasets.kept_answers import FILE, KeptAnswers
        from twin_assets.datasets.pair_checks import pair_checks
        from twin_assets.datasets.preferences import build_preferences, pairs_style
        from twin_assets.datasets.preview import preference_preview
        from twin_assets.datasets.versions import record_version

        documents, known = s.twin.tables.read(CorpusDocument), s.twin.tables.read(PreferenceSample)
        settings, samples = s.twin.settings.datasets, s.twin.tables.read(InstructionSample)
        with KeptAnswers(s.twin.settings.home / FILE) as kept:
            built = build_preferences(
                samples,
                base=_model(s, s.twin.base_name, None),
                champion=_champion(s),
                settings=settings,
                known={sample.sample_id: sample for sample in known},
                kept=kept,
                feedback=s.twin.tables.read(FeedbackEvent),
                report=s.report,
            )
        change = s.twin.tables.sync(PreferenceSample, built.samples)
        s.twin.tables.sync(Exclusion, built.exclusions, "stage = 'preference_dataset'")
        version = record_version(
            s.twin.tables,
            "preference_dataset",
            change.data_version,
            parents={"instruction_dataset": s.version("instruction_dataset")},
            settings={"datasets": settings.model_dump(mode="json"), "base_model": s.twin.base_name},
            counts=built.stats,
            moved={},
        )
        page, drift = drift_page(s.twin.artifacts, "preference_dataset", change.data_version, known, built.samples)
        checks = pair_checks(built.samples, samples, documents)
        return s.result(
            change.data_version,
            {
                "pairs": change.total,
                "written": change.added + change.updated,
                "by_split": counts_table("split", [sample.split for sample in built.samples]),
                "by_family": counts_table("family", [sample.family or "none" for sample in built.samples]),
                "by_origin": counts_table("origin", [sample.origin.partition(":")[0] for sample in built.samples]),
                "figures": figures_table(built.stats),
                "set_aside": counts_table("reason", [exclusion.reason for exclusion in built.exclusions]),
                "style": figures_table(pairs_style(built.samples, documents)),
                "checks": dg.MetadataValue.md("\n".join(f"- {check.name}: {check.line}" for check in checks)),
                "preview": dg.MetadataValue.md(preference_preview(built.samples)),
                "data_report": dg.MetadataValue.path(str(page)),
                **drift,
                **version_metadata(version),
            },
            passed=sound(checks),
            checks=check_results("preference_dataset", checks),
        )


def _champion(s: Stage) -> "Model | None":
    """The deployed twin, if there is one; its adapter is loaded when it is asked."""
    from twin_assets.deployment.records import DeploymentStore

    current = DeploymentStore(s.twin.settings.home).current()
    return _model(s, current.adapter_digest, current.adapter_name) if current else None


def _model(s: Stage, name: str, adapter: str | None) -> "Model":
    """A model behind the engine; the engine is waited for only when there is something to ask."""
    from twin_assets.datasets.preferences import Arrived, Model
    from twin_assets.prompts import request_messages

    def answer(samples: list[InstructionSample], arrived: Arrived) -> list[str]:
        twin = s.twin
        if adapter is not None:
            twin.engine.load_adapter(adapter, twin.artifacts.get(f"adapters/{name}"))
        found = twin.engine.generate_many(
            [request_messages(twin.settings.author, x.instruction, x.context) for x in samples],
            adapter,
            max_tokens=160,
            seed=twin.settings.datasets.seed,
            report=s.report,
            arrived=lambda number, one: arrived(number, one.text),
        )
        return [one.text for one in found]

    return Model(name, answer)
