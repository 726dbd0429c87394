"""A training job: its folder, the process that trains it, and the adapter it leaves, verified.

The folder belongs to one adapter's identity. Written again with the same content it keeps its checkpoints, so that
an interrupted run goes on; with other content it starts from nothing.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from twin_assets.digests import digest
from twin_assets.errors import InsufficientDataError, TrainingError
from twin_assets.progress import Report, silent
from twin_assets.settings import ROOT, Recipe
from twin_assets.training import check
from twin_assets.training.adapters import RUNNER, Stage, TrainedAdapter, adapter_digest, collect
from twin_assets.training.recipes import dpo_stage, render_dpo, render_sft


@dataclass(frozen=True)
class TrainingJob:
    """One stage of one recipe, in a folder of its own."""

    folder: Path
    stage: Stage
    steps: int

    @classmethod
    def sft(
        cls,
        folder: Path,
        recipe: Recipe,
        *,
        base_model: Path,
        train_file: Path,
        validation_file: Path,
        report: Report = silent,
    ) -> "TrainingJob":
        """Write the folder of a fine-tuning job.

        Raises TrainingError when a model or data file is missing or no row fits; ConfigError for a refused key of
        the recipe.
        """
        _raise_first(check.data_problems(train_file, {"messages"}))
        train = _selected(base_model, train_file, recipe.sft.sequence_len, report)
        validation = _validation(base_model, validation_file, recipe)
        config = render_sft(
            recipe,
            base_model=base_model.resolve(),
            train_file=folder.resolve() / "train.jsonl",
            validation_file=folder.resolve() / "validation.jsonl",
            output_dir=folder.resolve() / "output",
            train_tokens=train.tokens,
        )
        return cls._write(folder, "sft", recipe, config, train, validation)

    @classmethod
    def dpo(
        cls,
        folder: Path,
        recipe: Recipe,
        *,
        base_model: Path,
        sft_adapter: Path,
        train_file: Path,
        validation_file: Path,
        report: Report = silent,
    ) -> "TrainingJob":
        """Write the folder of a preference tuning job that goes on from an SFT adapter.

        `validation_file` holds samples as for SFT: the loss on them is measured before and after.
        Raises TrainingError and ConfigError as `sft` does.
        """
        limit = dpo_stage(recipe).sequence_len
        _raise_first(check.data_problems(train_file, {"messages", "chosen", "rejected"}))
        train = _selected(base_model, train_file, limit, report)
        validation = _validation(base_model, validation_file, recipe)
        config = render_dpo(
            recipe,
            base_model=base_model.resolve(),
            sft_adapter=sft_adapter.resolve(),
            train_file=folder.resolve() / "train.jsonl",
            output_dir=folder.resolve() / "output",
            pairs=len(train.rows),
        )
        return cls._write(folder, "dpo", recipe, config, train, validation)

    @classmethod
    def _write(
        cls,
        folder: Path,
        stage: Stage,
        recipe: Recipe,
        config: dict[str, Any],
        train: check.Selection,
        validation: list[dict[str, Any]],
    ) -> "TrainingJob":
        content = {
            "train.jsonl": _jsonl(train.rows),
            "validation.jsonl": _jsonl(validation),
            "axolotl.yaml": yaml.safe_dump(config, sort_keys=False),
        }
        job = {
            "stage": stage,
            "runner": RUNNER,
            "precision": recipe.precision,
            "config": "axolotl.yaml",
            "validation_file": "validation.jsonl",
            "output_dir": "output",
            "rows": {"train": len(train.rows), "validation": len(validation), "set_aside": train.set_aside},
            "content": {name: digest(text) for name, text in content.items()},
        }
        content["job.json"] = json.dumps(job, indent=2) + "\n"
        file = folder / "job.json"
        if not file.is_file() or file.read_text(encoding="utf-8") != content["job.json"]:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for name, text in content.items():
                (folder / name).write_text(text, encoding="utf-8")
        _raise_first(check.file_problems(config))
        return cls(folder, stage, int(config["max_steps"]))

    @property
    def output(self) -> Path:
        """Where checkpoints, log, history, result and the adapter as trained are."""
        return self.folder / "output"

    def command(self, root: Path = ROOT) -> list[str]:
        """The command line that trains the job, in the training environment below `root`. Raises TrainingError."""
        python = root / ".venv-train" / "bin" / "python"
        if not python.is_file():
            raise TrainingError(f"there is no training environment at {str(python)!r}", "run `make twin`")
        return [str(python), str(Path(__file__).with_name("run.py")), str(self.folder.resolve() / "job.json")]

    def environment(self, device: Literal["auto", "cpu", "cuda"] = "auto") -> dict[str, str]:
        """Environment variables of the process, on top of the inherited ones: offline, private, two quiet threads."""
        variables = {
            "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "AXOLOTL_DO_NOT_TRACK": "1",
            "DO_NOT_TRACK": "1",
            "WANDB_MODE": "disabled",
            "TOKENIZERS_PARALLELISM": "false",
            "OMP_NUM_THREADS": str(os.cpu_count() or 1),
            "OMP_WAIT_POLICY": "PASSIVE",
            "PYTHONUNBUFFERED": "1",
            "HF_DATASETS_CACHE": str(self.folder.resolve() / "cache"),
        }
        return variables | ({"CUDA_VISIBLE_DEVICES": ""} if device == "cpu" else {})

    def history(self) -> list[dict[str, Any]]:
        """What was logged up to now, oldest first; see run.py for the keys."""
        file = self.output / "history.jsonl"
        return check.read_rows(file, torn_end=True) if file.is_file() else []

    def failure(self, exit_code: int) -> TrainingError:
        """Why the process failed, with the last lines of its log."""
        error = _read_json(self.output / "error.json")
        log = self.output / "train.log"
        if error is not None:
            return TrainingError(f"{error['what']}\n{error['tail']}".rstrip(), error["remedy"] or f"see {log}")
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
        tail = "\n".join(lines[-30:])
        if exit_code in (-9, 137):
            remedy = "lower `micro_batch_size` in the recipe, or run again: it goes on from its newest checkpoint"
            return TrainingError(f"the trainer was killed, most likely for want of memory\n{tail}".rstrip(), remedy)
        if exit_code in (-15, 143):
            return TrainingError("the trainer was stopped", "run again: training goes on from its newest checkpoint")
        return TrainingError(f"the trainer ended with code {exit_code}\n{tail}".rstrip(), f"see {log}")

    def collect_adapter(self, base_name: str) -> TrainedAdapter:
        """The adapter that the process left, checked and alone in the folder `adapter`.

        Args:
            base_name: the base model's name, which the adapter's config then names instead of a path.

        Raises TrainingError when there is none, or it cannot be served: an exit code of 0 proves nothing.
        """
        result = _read_json(self.output / "result.json")
        if result is None:
            raise TrainingError(f"the trainer left no result in {str(self.output)!r}", "run again, and see its log")
        path = collect(self.output, self.folder / "adapter", base_name)
        return TrainedAdapter(path, adapter_digest(path), result, self.history())

    def finished(self) -> bool:
        """Whether a run ended well, so that its adapter only needs to be collected."""
        return (self.output / "result.json").is_file()


def _selected(base_model: Path, file: Path, limit: int, report: Report) -> check.Selection:
    if not (base_model / "tokenizer.json").is_file():
        raise TrainingError(f"there is no tokenizer in {str(base_model)!r}", "run `twin doctor`")
    from transformers import AutoTokenizer

    rows = check.read_rows(file)
    selection = check.select(AutoTokenizer.from_pretrained(base_model), rows, limit)
    for reason, count in selection.set_aside.items():
        report(f"{count} of {len(rows)} rows of {file.name} are left out: {reason} ({limit} tokens)")
    if not selection.rows:
        reasons = ", ".join(f"{count} {reason}" for reason, count in selection.set_aside.items())
        raise InsufficientDataError(
            f"none of the {len(rows)} rows of {file.name} can be trained on: {reasons} ({limit} tokens)",
            "raise `sequence_len` in the recipe, or lower `datasets.passage_tokens` in config/twin.yaml",
        )
    return selection


def _validation(base_model: Path, file: Path, recipe: Recipe) -> list[dict[str, Any]]:
    """At most `eval_rows` rows, taken at even distances, so that they come from as many documents as possible."""
    _raise_first(check.data_problems(file, {"messages"}))
    rows = _selected(base_model, file, recipe.sft.sequence_len, silent).rows
    count = min(recipe.sft.eval_rows, len(rows))
    return [rows[i * len(rows) // count] for i in range(count)]


def _raise_first(problems: list[check.Problem]) -> None:
    if problems:
        raise TrainingError(problems[0].what, problems[0].remedy)


def _jsonl(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _read_json(file: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
