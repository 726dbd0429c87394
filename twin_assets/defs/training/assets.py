"""`sft_adapter` and `dpo_adapter`: trained by Axolotl in its own environment, reached through Dagster Pipes."""

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import dagster as dg

from twin_assets.defs.datasets.assets import instruction_dataset, preference_dataset
from twin_assets.defs.figures import figures_table
from twin_assets.defs.partitions import RECIPES
from twin_assets.defs.resources import TwinResource
from twin_assets.defs.stage import Stage, stage
from twin_assets.records import InstructionSample, PreferenceSample
from twin_assets.training.adapters import TrainedAdapter
from twin_assets.training.job import TrainingJob


@dg.asset(partitions_def=RECIPES, deps=[instruction_dataset], group_name="training", kinds={"axolotl"}, pool="gpu")
def sft_adapter(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """A LoRA adapter fine-tuned on the author's own text; only the author's words carry loss."""
    with stage(context, twin) as s:
        from twin_assets.training.adapters import adapter_identity, trainer_version

        recipe, base = s.twin.settings.recipes[s.node.partition], s.twin.base_folder
        dataset = dataset_version(s)
        identity = adapter_identity(recipe, s.twin.base_digest, dataset, trainer_version())

        def job(folder: Path) -> TrainingJob:
            train, validation = _instruction_files(s, dataset, folder)
            return TrainingJob.sft(
                folder / "job",
                recipe,
                base_model=base,
                train_file=train,
                validation_file=validation,
                report=s.report,
            )

        trained = _trained(context, s, identity, job)
        return _result(s, trained, identity, {"instruction_dataset": dataset})


@dg.asset(
    partitions_def=RECIPES,
    deps=[sft_adapter, preference_dataset],
    group_name="training",
    kinds={"axolotl"},
    pool="gpu",
)
def dpo_adapter(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """The SFT adapter tuned on preferences, as one LoRA on base; without `dpo`, or without a pair, that adapter."""
    with stage(context, twin) as s:
        from twin_assets.digests import digest
        from twin_assets.training.adapters import adapter_identity, trainer_version

        recipe = s.twin.settings.recipes[s.node.partition]
        sft, dataset = s.version("sft_adapter", s.node.partition), dataset_version(s)
        preferences = preference_version(s) if recipe.dpo else ""
        pairs = _pairs(s, dataset, preferences) if preferences else []
        if recipe.dpo is None or not pairs:
            why = "there is no preference pair to tune on" if recipe.dpo else "this recipe has no preference tuning"
            s.report(f"{why}: the SFT adapter is taken as it is")
            return s.result(sft, {"adapter": sft, "note": why})
        identity = adapter_identity(
            recipe, s.twin.base_digest, digest(sft, preferences), trainer_version(), stage="dpo"
        )

        def job(folder: Path) -> TrainingJob:
            _, validation = _instruction_files(s, dataset, folder)
            return TrainingJob.dpo(
                folder / "job",
                recipe,
                base_model=s.twin.base_folder,
                sft_adapter=s.twin.artifacts.get(f"adapters/{sft}"),
                train_file=_preference_file(s, pairs, folder),
                validation_file=validation,
                report=s.report,
            )

        trained = _trained(context, s, identity, job)
        return _result(s, trained, identity, {"sft_adapter": sft, "preference_dataset": preferences})


def dataset_version(s: Stage) -> str:
    """The version of `instruction_dataset` that the partition's recipe names: the newest, or one that it pins."""
    from twin_assets.datasets.versions import resolve

    recipe = s.twin.settings.recipes[s.node.partition]
    return resolve(s.twin.tables, "instruction_dataset", recipe.dataset, s.version("instruction_dataset"))


def preference_version(s: Stage) -> str:
    """The version of `preference_dataset` for the partition's recipe: made from the version that it pins, if any."""
    from twin_assets.datasets.versions import preferences_for

    pinned = s.twin.settings.recipes[s.node.partition].dataset != "latest"
    return preferences_for(s.twin.tables, dataset_version(s)) if pinned else s.version("preference_dataset")


def _samples(s: Stage, dataset: str) -> list[InstructionSample]:
    """The samples of a version, its training split cut to the size of the partition's recipe."""
    from twin_assets.datasets.subset import cut_to
    from twin_assets.datasets.versions import read_version

    size = s.twin.settings.recipes[s.node.partition].size
    return cut_to(read_version(s.twin.tables, "instruction_dataset", dataset), size, s.twin.chat_tokens)


def _pairs(s: Stage, dataset: str, preferences: str) -> list[PreferenceSample]:
    """The training pairs of a version: those of samples that are trained on, and all that people made."""
    from twin_assets.datasets.feedback import PEOPLE
    from twin_assets.datasets.versions import read_version

    trained = {sample.sample_id for sample in _samples(s, dataset) if sample.split == "train"}
    pairs: list[PreferenceSample] = read_version(s.twin.tables, "preference_dataset", preferences)
    own = [pair for pair in pairs if pair.sample_id in trained or pair.origin.startswith(PEOPLE)]
    return [pair for pair in own if pair.split == "train"]


def _instruction_files(s: Stage, dataset: str, folder: Path) -> tuple[Path, Path]:
    """The training and the validation split as JSONL, by the trainer's format."""
    from twin_assets.datasets.export import export_sft

    samples = _samples(s, dataset)
    train, validation = folder / "sft-train.jsonl", folder / "sft-validation.jsonl"
    export_sft(samples, "train", s.twin.settings.author, train)
    export_sft(samples, "validation", s.twin.settings.author, validation)
    return train, validation


def _preference_file(s: Stage, pairs: list[PreferenceSample], folder: Path) -> Path:
    from twin_assets.datasets.export import export_preferences

    file = folder / "dpo-train.jsonl"
    export_preferences(pairs, "train", s.twin.settings.author, file)
    return file


def _trained(
    context: dg.AssetExecutionContext, s: Stage, identity: str, make_job: Callable[[Path], TrainingJob]
) -> TrainedAdapter:
    """The adapter of an identity: the one there is, else trained now, from its newest checkpoint where it has one."""
    known = f"trainings/{identity}"
    if s.twin.artifacts.has(known):
        kept = json.loads((s.twin.artifacts.get(known) / "training.json").read_text())
        s.report(f"adapter {kept['digest'][:12]} was trained from exactly this before: nothing to do")
        return TrainedAdapter(
            s.twin.artifacts.get(f"adapters/{kept['digest']}"), kept["digest"], kept["result"], kept["history"]
        )
    job = make_job(s.twin.settings.home / "training" / identity)
    if not job.finished():
        _run(context, job, s.twin.settings.engine.device)
    trained = job.collect_adapter(s.twin.base_name)
    s.twin.artifacts.put(f"adapters/{trained.digest}", trained.path)
    with tempfile.TemporaryDirectory() as folder:
        content = {"digest": trained.digest, "result": trained.result, "history": trained.history}
        (Path(folder) / "training.json").write_text(json.dumps(content))
        s.twin.artifacts.put(known, Path(folder))
    return trained


def _run(context: dg.AssetExecutionContext, job: TrainingJob, device: Literal["auto", "cpu", "cuda"]) -> None:
    """Run the trainer through Pipes: its progress appears in this run as it comes."""
    client = dg.PipesSubprocessClient(env=job.environment(device), forward_termination=True)
    try:
        client.run(context=context.op_execution_context, command=job.command())
    except dg.DagsterPipesExecutionError as error:
        code = re.search(r"code:? (-?\d+)", str(error))
        raise job.failure(int(code.group(1)) if code else 1) from error


def _result(s: Stage, trained: TrainedAdapter, identity: str, made_from: dict[str, str]) -> dg.MaterializeResult:
    from twin_assets.deployment.registry import ModelRegistry
    from twin_assets.training.plots import loss_plot

    recipe, result = s.twin.settings.recipes[s.node.partition], trained.result
    losses = {key: result[key] for key in ("eval_loss_before", "eval_loss_after") if result.get(key) is not None}
    ModelRegistry(s.twin.settings.url("mlflow")).log_training(
        trained.digest,
        f"{s.node.partition}-{result['stage']}",
        {**recipe.model_dump(mode="json"), **made_from, "identity": identity},
        [{key: value for key, value in row.items() if isinstance(value, int | float)} for row in trained.history],
        losses,
    )
    return s.result(
        trained.digest,
        {
            "adapter": trained.digest,
            "identity": identity,
            "held_out_loss_before": float(result.get("eval_loss_before") or 0.0),
            "held_out_loss_after": float(result.get("eval_loss_after") or 0.0),
            "loss_curve": dg.MetadataValue.md(loss_plot(trained.history)),
            "training": figures_table({k: v for k, v in result.items() if not isinstance(v, dict)}),
            "rows": figures_table(result.get("rows", {})),
            "mlflow": dg.MetadataValue.url(s.twin.settings.url("mlflow")),
        },
    )
