import json
from pathlib import Path

import pytest

from twin_assets.errors import ConfigError, InsufficientDataError, TrainingError
from twin_assets.settings import Recipe, SftStage
from twin_assets.training.job import TrainingJob
from twin_assets_tests.training.conftest import Row, WriteRows


@pytest.fixture
def data(write_rows: WriteRows, samples: list[Row]) -> dict[str, Path]:
    return {
        "train_file": write_rows("train.jsonl", samples[:40]),
        "validation_file": write_rows("validation.jsonl", samples[40:]),
    }


def test_a_job_is_a_folder_with_all_that_the_trainer_needs(
    tmp_path: Path, tiny_model: Path, data: dict[str, Path]
) -> None:
    job = TrainingJob.sft(tmp_path / "job", Recipe(), base_model=tiny_model, **data)
    content = json.loads((job.folder / "job.json").read_text())
    assert content["rows"] == {"train": 40, "validation": 20, "set_aside": {}}
    assert {"train.jsonl", "validation.jsonl", "axolotl.yaml"} <= {file.name for file in job.folder.iterdir()}
    assert job.steps > 0


def test_the_same_job_again_keeps_its_checkpoints_and_another_does_not(
    tmp_path: Path, tiny_model: Path, data: dict[str, Path]
) -> None:
    checkpoint = tmp_path / "job" / "output" / "checkpoint-4"
    TrainingJob.sft(tmp_path / "job", Recipe(), base_model=tiny_model, **data)
    checkpoint.mkdir(parents=True)
    TrainingJob.sft(tmp_path / "job", Recipe(), base_model=tiny_model, **data)
    assert checkpoint.is_dir()
    TrainingJob.sft(tmp_path / "job", Recipe(seed=7), base_model=tiny_model, **data)
    assert not checkpoint.exists()


def test_validation_rows_are_bounded_and_come_from_the_whole_file(
    tmp_path: Path, tiny_model: Path, data: dict[str, Path], samples: list[Row]
) -> None:
    recipe = Recipe(sft=SftStage(eval_rows=4))
    job = TrainingJob.sft(tmp_path / "job", recipe, base_model=tiny_model, **data)
    rows = [json.loads(line) for line in (job.folder / "validation.jsonl").read_text().splitlines()]
    assert rows == [samples[n] for n in (40, 45, 50, 55)]


def test_rows_left_out_are_reported_with_the_reason(
    tmp_path: Path, tiny_model: Path, data: dict[str, Path], samples: list[Row], write_rows: WriteRows
) -> None:
    long = {"messages": [*samples[0]["messages"][:2], {"role": "assistant", "content": "word " * 300}]}
    data["train_file"] = write_rows("train.jsonl", [*samples[:9], long])
    said: list[str] = []
    recipe = Recipe(sft=SftStage(sequence_len=256))
    TrainingJob.sft(tmp_path / "job", recipe, base_model=tiny_model, **data, report=said.append)
    assert said == ["1 of 10 rows of train.jsonl are left out: longer than sequence_len (256 tokens)"]


def test_all_rows_too_long_is_one_clear_error(tmp_path: Path, tiny_model: Path, data: dict[str, Path]) -> None:
    with pytest.raises(InsufficientDataError, match="none of the 40 rows"):
        TrainingJob.sft(tmp_path / "job", Recipe(sft=SftStage(sequence_len=16)), base_model=tiny_model, **data)


def test_an_empty_training_file_is_one_clear_error(
    tmp_path: Path, tiny_model: Path, data: dict[str, Path], write_rows: WriteRows
) -> None:
    empty = {**data, "train_file": write_rows("train.jsonl", [])}
    with pytest.raises(TrainingError, match=r"train\.jsonl has no rows"):
        TrainingJob.sft(tmp_path / "job", Recipe(), base_model=tiny_model, **empty)


def test_a_missing_base_model_is_one_clear_error(tmp_path: Path, data: dict[str, Path]) -> None:
    with pytest.raises(TrainingError, match="no-model"):
        TrainingJob.sft(tmp_path / "job", Recipe(), base_model=tmp_path / "no-model", **data)


def test_preference_tuning_without_its_adapter_is_one_clear_error(
    tmp_path: Path, tiny_model: Path, data: dict[str, Path], pairs: list[Row], write_rows: WriteRows
) -> None:
    preferences = {**data, "train_file": write_rows("pairs.jsonl", pairs)}
    with pytest.raises(TrainingError, match="no-adapter"):
        TrainingJob.dpo(
            tmp_path / "job", Recipe(), base_model=tiny_model, sft_adapter=tmp_path / "no-adapter", **preferences
        )
    with pytest.raises(ConfigError, match="dpo"):
        TrainingJob.dpo(
            tmp_path / "job2", Recipe(dpo=None), base_model=tiny_model, sft_adapter=tiny_model, **preferences
        )


def test_the_command_runs_in_the_training_environment(tmp_path: Path) -> None:
    job = TrainingJob(tmp_path / "job", "sft", 10)
    with pytest.raises(TrainingError, match="no training environment"):
        job.command(tmp_path)
    python = tmp_path / ".venv-train" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert job.command(tmp_path)[0] == str(python)
    assert job.command(tmp_path)[1].endswith("run.py")


def test_the_trainer_is_offline_and_sees_a_gpu_unless_told_otherwise(tmp_path: Path) -> None:
    job = TrainingJob(tmp_path, "sft", 10)
    assert job.environment()["HF_HUB_OFFLINE"] == "1"
    assert "CUDA_VISIBLE_DEVICES" not in job.environment("auto")
    assert job.environment("cpu")["CUDA_VISIBLE_DEVICES"] == ""


@pytest.mark.parametrize(
    ("code", "said"), [(-9, "killed"), (137, "killed"), (-15, "stopped"), (143, "stopped"), (3, "code 3")]
)
def test_a_process_that_left_no_error_is_explained_by_its_exit_code(tmp_path: Path, code: int, said: str) -> None:
    job = TrainingJob(tmp_path, "sft", 10)
    job.output.mkdir()
    (job.output / "train.log").write_text("\n".join(f"line {n}" for n in range(100)))
    error = job.failure(code)
    assert said in error.what
    assert error.remedy
    if code in (-9, 3):
        assert "line 99" in error.what
        assert "line 69\n" not in error.what


def test_an_error_that_the_trainer_reported_is_handed_on(tmp_path: Path) -> None:
    job = TrainingJob(tmp_path, "sft", 10)
    job.output.mkdir()
    (job.output / "error.json").write_text(json.dumps({"what": "the disk is full", "remedy": "free some", "tail": "x"}))
    error = job.failure(1)
    assert error.what == "the disk is full\nx"
    assert error.remedy == "free some"


def test_an_exit_code_of_0_without_a_result_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no result"):
        TrainingJob(tmp_path, "sft", 10).collect_adapter("base")
