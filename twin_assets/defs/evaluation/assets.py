"""`evaluation_report`: figures of the exact adapter, measured through the server that would serve it, and the gate."""

import tempfile
from pathlib import Path
from typing import Any

import dagster as dg

from twin_assets.defs.datasets.assets import instruction_dataset
from twin_assets.defs.features.assets import chunk_embeddings
from twin_assets.defs.figures import figures_table
from twin_assets.defs.partitions import RECIPES
from twin_assets.defs.resources import Twin, TwinResource
from twin_assets.defs.stage import Stage, stage
from twin_assets.defs.training.assets import dataset_version, dpo_adapter, preference_version
from twin_assets.evaluation.report import EvaluationReport

GATE = "better_than_base"
TEMPERATURE = 0.8
"""Of the answers that the voice is measured on: greedy ones of a small model repeat themselves."""


@dg.asset(
    partitions_def=RECIPES,
    deps=[dpo_adapter, instruction_dataset, chunk_embeddings],
    group_name="evaluation",
    kinds={"sglang", "evidently"},
    check_specs=[
        dg.AssetCheckSpec(
            GATE,
            asset="evaluation_report",
            blocking=True,
            description="The twin predicts the author's unseen text better than the base model does.",
        )
    ],
)
def evaluation_report(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """Base and twin on the author's unseen text: likelihood, voice, overlap, retrieval; and the verdict of the gate."""
    with stage(context, twin) as s:
        from twin_assets.evaluation.figures import content_digest, metrics
        from twin_assets.evaluation.gate import decide
        from twin_assets.evaluation.html_report import write_html

        adapter = s.version("dpo_adapter", s.node.partition)
        report = _evaluated(s, adapter)
        decision = decide(report, s.twin.settings.evaluation, adapter)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "report.json").write_text(report.model_dump_json(indent=1))
            (folder / "report.md").write_text(report.to_markdown())
            write_html(report, folder / "report.html")
            uri = s.twin.artifacts.put(f"evaluations/{adapter}", folder)
        verdict: dict[str, Any] = {"passed": decision.passed, "reasons": decision.reasons, "remarks": decision.remarks}
        return s.result(
            content_digest(report),
            {
                "verdict": "passed" if decision.passed else "refused",
                "reasons": dg.MetadataValue.md("\n".join(f"- {r}" for r in [*decision.reasons, *decision.remarks])),
                "bits_per_byte_base": report.likelihood.base,
                "bits_per_byte_twin": report.likelihood.twin,
                "gain": report.likelihood.gain.value,
                "metrics": figures_table(metrics(report)),
                "report": dg.MetadataValue.md(report.to_markdown()),
                "html": dg.MetadataValue.path(f"{uri}/report.html"),
            },
            passed=decision.passed,
            checks=[
                dg.AssetCheckResult(
                    asset_key="evaluation_report", check_name=GATE, passed=decision.passed, metadata=verdict
                )
            ],
        )


def stored_report(twin: Twin, adapter_digest: str) -> EvaluationReport:
    """The evaluation of an adapter. Raises StorageError when it was not evaluated."""
    file = twin.artifacts.get(f"evaluations/{adapter_digest}") / "report.json"
    return EvaluationReport.model_validate_json(file.read_text())


def _evaluated(s: Stage, adapter: str) -> EvaluationReport:
    """Measure, with the adapter loaded beside what answers at the moment; afterwards it is unloaded again."""
    from twin_assets.datasets.versions import read_version
    from twin_assets.deployment.records import DeploymentStore, adapter_name
    from twin_assets.evaluation.evaluate import ANSWER_TOKENS, EvaluationInputs, Generate, Ports, evaluate
    from twin_assets.evaluation.others import choose_others
    from twin_assets.evaluation.scoring import chat_tokenizer, engine_generate, engine_score
    from twin_assets.records import RawDocument
    from twin_assets.retrieval import Filter, Searcher

    twin, settings = s.twin, s.twin.settings
    engine, tokenizer, name = twin.engine, chat_tokenizer(twin.base_folder), adapter_name(adapter)
    searcher = Searcher.of(settings, twin.tables, twin.embedder)
    # Of the version that the adapter was trained on: what another one holds out may be in it.
    dataset = dataset_version(s)
    preferences = preference_version(s) if settings.recipes[s.node.partition].dpo else s.version("preference_dataset")
    inputs = EvaluationInputs(
        recipe=s.node.partition,
        adapter_digest=adapter,
        base_model=twin.base_name,
        author=settings.author,
        dataset_versions={
            "instruction_dataset": dataset,
            "preference_dataset": preferences,
            "corpus": s.version("corpus"),
        },
        samples=read_version(twin.tables, "instruction_dataset", dataset),
        others=choose_others(
            settings.evaluation.others,
            twin.tables.read(RawDocument, "excluded != ''"),
            settings.author,
            [source.path for source in settings.sources.sources if source.path],
        ),
        settings=settings.evaluation,
    )
    kept = {deployment.adapter_name for deployment in DeploymentStore(settings.home).kept()}

    def generate(adapter_name: str | None) -> Generate:
        return engine_generate(
            engine,
            adapter_name,
            max_tokens=ANSWER_TOKENS,
            temperature=TEMPERATURE,
            seed=settings.evaluation.seed,
            report=s.report,
        )

    engine.load_adapter(name, twin.artifacts.get(f"adapters/{adapter}"))
    try:
        ports = Ports(
            score_base=engine_score(engine, tokenizer, None, s.report),
            score_twin=engine_score(engine, tokenizer, name, s.report),
            generate_base=generate(None),
            generate_twin=generate(name),
            search=lambda query, k: [p.chunk_ids for p in searcher.search(query, k, Filter(scope="private"))],
        )
        return evaluate(inputs, ports, s.report)
    finally:
        if name not in kept:
            engine.unload_adapter(name)
