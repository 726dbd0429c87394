"""`instruction_dataset` and `preference_dataset`: Lance tables whose versions are tagged by digest."""

from collections.abc import Callable

import dagster as dg

from twin_assets.defs.features.assets import chunks, corpus
from twin_assets.defs.figures import counts_table, figures_table
from twin_assets.defs.resources import Twin, TwinResource
from twin_assets.defs.stage import stage
from twin_assets.progress import Report
from twin_assets.records import Chunk, CorpusDocument, Exclusion, InstructionSample, PreferenceSample

CHECKS = {
    "grounded": "Every answer is the author's own text, found verbatim at its span.",
    "leakage": "Nothing of one split is known in another: document, instruction, answer, 13 words running.",
    "duplicates": "No instruction and no answer occurs twice.",
    "size": "There is enough to train on, and enough to test with.",
}


@dg.asset(
    deps=[corpus, chunks],
    group_name="datasets",
    kinds={"lancedb", "litellm"},
    pool="lance_write",
    check_specs=[
        dg.AssetCheckSpec(name, asset="instruction_dataset", blocking=True, description=what)
        for name, what in CHECKS.items()
    ],
)
def instruction_dataset(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """Requests answered by the author's own text, verbatim; split by document, each row with its document and span."""
    with stage(context, twin) as s:
        from twin_assets.datasets.checks import dataset_checks
        from twin_assets.datasets.instructions import build_instructions
        from twin_assets.datasets.preview import instruction_preview, token_histogram

        documents = s.twin.tables.read(CorpusDocument)
        built = build_instructions(
            documents,
            s.twin.tables.read(Chunk),
            count_tokens=s.twin.chat_tokens,
            teacher=lambda questions: s.twin.ask_teacher(questions, s.report),
            teacher_name=s.twin.teacher_name,
            max_calls=s.twin.settings.teacher().max_calls,
            settings=s.twin.settings.datasets,
            known={sample.sample_id: sample for sample in s.twin.tables.read(InstructionSample)},
            report=s.report,
        )
        change = s.twin.tables.sync(InstructionSample, built.samples)
        s.twin.tables.sync(Exclusion, built.exclusions, "stage = 'instruction_dataset'")
        version = s.twin.tables.tag(InstructionSample, change.data_version)
        return s.result(
            change.data_version,
            {
                "samples": change.total,
                "written": change.added + change.updated,
                "lance_version": version,
                "by_split": counts_table("split", [sample.split for sample in built.samples]),
                "by_family": counts_table("family", [sample.family for sample in built.samples]),
                "by_origin": counts_table("origin", [sample.origin for sample in built.samples]),
                "teacher": figures_table(built.stats),
                "set_aside": counts_table("reason", [exclusion.reason for exclusion in built.exclusions]),
                "tokens": dg.MetadataValue.md(token_histogram(built.samples, s.twin.chat_tokens)),
                "preview": dg.MetadataValue.md(instruction_preview(built.samples)),
            },
            checks=[
                dg.AssetCheckResult(
                    asset_key="instruction_dataset",
                    check_name=check.name,
                    passed=check.passed,
                    metadata={**check.figures, "what": dg.MetadataValue.md(check.line)},
                )
                for check in dataset_checks(built.samples, documents, s.twin.settings.datasets)
            ],
        )


@dg.asset(deps=[instruction_dataset], group_name="datasets", kinds={"lancedb", "sglang"}, pool="lance_write")
def preference_dataset(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """The author's text preferred over the base model's own answer to the same request."""
    with stage(context, twin) as s:
        from twin_assets.datasets.preferences import build_preferences
        from twin_assets.datasets.preview import preference_preview

        built = build_preferences(
            s.twin.tables.read(InstructionSample),
            answer=_base_answers(s.twin, s.report),
            base_name=s.twin.base_name,
            settings=s.twin.settings.datasets,
            known={sample.sample_id: sample for sample in s.twin.tables.read(PreferenceSample)},
            report=s.report,
        )
        change = s.twin.tables.sync(PreferenceSample, built.samples)
        s.twin.tables.sync(Exclusion, built.exclusions, "stage = 'preference_dataset'")
        version = s.twin.tables.tag(PreferenceSample, change.data_version)
        return s.result(
            change.data_version,
            {
                "pairs": change.total,
                "written": change.added + change.updated,
                "lance_version": version,
                "by_split": counts_table("split", [sample.split for sample in built.samples]),
                "figures": figures_table(built.stats),
                "set_aside": counts_table("reason", [exclusion.reason for exclusion in built.exclusions]),
                "preview": dg.MetadataValue.md(preference_preview(built.samples)),
            },
        )


def _base_answers(twin: Twin, report: Report) -> Callable[[list[str]], list[str]]:
    """Answers of the base model, from the engine; the engine is asked for only when there is something to ask."""
    from twin_assets.prompts import request_messages

    def answer(instructions: list[str]) -> list[str]:
        prompts = [request_messages(twin.settings.author, instruction) for instruction in instructions]
        answers = twin.engine.generate_many(prompts, max_tokens=160, seed=twin.settings.datasets.seed, report=report)
        return [found.text for found in answers]

    return answer
