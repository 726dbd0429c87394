"""Real training of a tiny model in the training environment: SFT, DPO, resuming, terminating, refusing."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from twin_assets.settings import ROOT, DpoStage, Recipe, SftStage
from twin_assets.training.adapters import TrainedAdapter
from twin_assets.training.job import TrainingJob
from twin_assets_tests.training.conftest import Row

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ROOT / ".venv-train").is_dir(), reason="the training environment is not installed"),
]
RECIPE = Recipe(
    base_model="tiny",
    precision="float32",
    sft=SftStage(max_steps=12, sequence_len=128, eval_every=4, eval_rows=4, learning_rate=5e-3, lora_r=4),
    dpo=DpoStage(max_steps=10, sequence_len=128, micro_batch_size=2, learning_rate=1e-3),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, samples: list[Row], pairs: list[Row]) -> dict[str, Path]:
    import json

    folder = tmp_path_factory.mktemp("data")
    content = {"train": samples[:50], "validation": samples[50:], "pairs": pairs}
    for name, rows in content.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {name: folder / f"{name}.jsonl" for name in content}


def sft_job(folder: Path, model: Path, data: dict[str, Path], recipe: Recipe = RECIPE) -> TrainingJob:
    return TrainingJob.sft(
        folder, recipe, base_model=model, train_file=data["train"], validation_file=data["validation"]
    )


def dpo_job(folder: Path, model: Path, data: dict[str, Path], adapter: Path) -> TrainingJob:
    return TrainingJob.dpo(
        folder,
        RECIPE,
        base_model=model,
        sft_adapter=adapter,
        train_file=data["pairs"],
        validation_file=data["validation"],
    )


def start(job: TrainingJob) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        job.command(), env={**os.environ, **job.environment("cpu")}, stdout=subprocess.PIPE, text=True
    )


def train(job: TrainingJob) -> TrainedAdapter:
    with start(job) as process:
        said, _ = process.communicate(timeout=600)
    if process.returncode:
        raise job.failure(process.returncode)
    assert f"trained {job.steps} steps" in said
    return job.collect_adapter("tiny")


def kill_at(job: TrainingJob, line: str, how: int) -> int:
    """Start the job, send a signal once it says something that starts with `line`, and return its exit code."""
    with start(job) as process:
        assert process.stdout is not None
        for said in process.stdout:
            if said.startswith(line):
                process.send_signal(how)
                break
        else:
            pytest.fail(f"the trainer never said {line!r}")
        process.stdout.read()
        return process.wait(timeout=60)


def losses(adapter: TrainedAdapter, key: str) -> dict[int, float]:
    found: dict[int, float] = {}
    for row in adapter.history:
        if key in row:
            assert row["step"] not in found, "a step is in the history twice"
            found[row["step"]] = row[key]
    return found


def weights(adapter: TrainedAdapter) -> dict[str, Any]:
    from safetensors.numpy import load_file

    return dict(load_file(adapter.path / "adapter_model.safetensors"))


@pytest.fixture(scope="module")
def sft(tiny_model: Path, data: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> TrainedAdapter:
    return train(sft_job(tmp_path_factory.mktemp("sft") / "job", tiny_model, data))


@pytest.fixture(scope="module")
def dpo(
    tiny_model: Path, data: dict[str, Path], sft: TrainedAdapter, tmp_path_factory: pytest.TempPathFactory
) -> TrainedAdapter:
    return train(dpo_job(tmp_path_factory.mktemp("dpo") / "job", tiny_model, data, sft.path))


def test_fine_tuning_lowers_the_loss_on_other_documents_and_reports_both_figures(sft: TrainedAdapter) -> None:
    result = sft.result
    assert result["eval_loss_after"] < result["eval_loss_before"]
    assert result["steps"] == 12
    assert result["tokens"] > 0
    assert result["rows"] == {"train": 50, "validation": 4, "set_aside": {}}
    assert result["versions"]["axolotl"]
    assert set(losses(sft, "eval_loss")) == {0, 4, 8, 12}
    assert set(losses(sft, "loss")) == set(range(1, 13))


def test_preference_tuning_starts_from_the_sft_adapter_which_is_its_reference(
    sft: TrainedAdapter, dpo: TrainedAdapter
) -> None:
    """The same function measured it in both stages; and before the first update policy and reference are one."""
    assert dpo.result["eval_loss_before"] == pytest.approx(sft.result["eval_loss_after"], abs=1e-4)
    first = next(row for row in dpo.history if "reward_margin" in row)
    assert first["reward_margin"] == pytest.approx(0.0, abs=1e-5)
    assert dpo.result["reward_margin_last"] > 0


def test_preference_tuning_leaves_one_adapter_of_the_same_rank_on_the_base_model(
    sft: TrainedAdapter, dpo: TrainedAdapter
) -> None:
    before, after = weights(sft), weights(dpo)
    assert before.keys() == after.keys()
    assert all(before[name].shape == after[name].shape for name in before)
    assert any((before[name] != after[name]).any() for name in before)
    assert sft.digest != dpo.digest


def test_after_sigkill_fine_tuning_goes_on_from_its_checkpoint_to_the_same_losses_and_the_same_adapter(
    tmp_path: Path, tiny_model: Path, data: dict[str, Path], sft: TrainedAdapter
) -> None:
    assert kill_at(sft_job(tmp_path / "job", tiny_model, data), "step 7 of", signal.SIGKILL) == -signal.SIGKILL
    resumed = train(sft_job(tmp_path / "job", tiny_model, data))
    assert "Using auto-resume" in (tmp_path / "job" / "output" / "train.log").read_text()
    # Steps 1 to 7 were trained anew, by the job that was killed: the same job trains the same adapter.
    for key in ("loss", "eval_loss"):
        assert losses(resumed, key) == pytest.approx(losses(sft, key), rel=1e-4)
    first, second = weights(sft), weights(resumed)
    assert all(abs(first[name] - second[name]).max() < 1e-2 for name in first)


def test_after_sigkill_preference_tuning_goes_on_with_the_trained_adapter_and_the_same_reference(
    tmp_path: Path, tiny_model: Path, data: dict[str, Path], sft: TrainedAdapter, dpo: TrainedAdapter
) -> None:
    job = dpo_job(tmp_path / "job", tiny_model, data, sft.path)
    assert kill_at(job, "step 9 of", signal.SIGKILL) == -signal.SIGKILL
    resumed = train(dpo_job(tmp_path / "job", tiny_model, data, sft.path))
    assert losses(resumed, "reward_margin") == pytest.approx(losses(dpo, "reward_margin"), rel=1e-3, abs=1e-4)
    for name, expected in weights(dpo).items():
        assert weights(resumed)[name] == pytest.approx(expected, abs=1e-5)


def test_sigterm_ends_the_trainer_at_once(tmp_path: Path, tiny_model: Path, data: dict[str, Path]) -> None:
    job = sft_job(tmp_path / "job", tiny_model, data)
    assert kill_at(job, "step 0 of", signal.SIGTERM) == 143
    assert not job.finished()
    assert "stopped" in job.failure(143).what


def test_a_key_that_axolotl_would_drop_silently_is_an_error_before_training(
    tmp_path: Path, tiny_model: Path, data: dict[str, Path]
) -> None:
    recipe = RECIPE.model_copy(update={"axolotl": {"lora_dropot": 0.1}})
    job = sft_job(tmp_path / "job", tiny_model, data, recipe)
    with start(job) as process:
        process.communicate(timeout=300)
    assert process.returncode == 2
    assert "'lora_dropot'" in job.failure(2).what
    assert "did you mean 'lora_dropout'?" in job.failure(2).what
