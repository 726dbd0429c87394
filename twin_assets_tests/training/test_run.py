import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from twin_assets.training import reporting, run


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory: you tried", "memory ran out"),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried", "memory ran out"),
        ("RuntimeError: loss is nan at step 12", "no number"),
        ("RuntimeError: eval_loss is inf at step 12", "no number"),
        ("Traceback\nValueError: empty range for randrange() (0, 0, 0)", "longer than"),
        ("Traceback\nStopIteration", "empty"),
        ("OSError: We couldn't connect to 'https://huggingface.co' to load the files", "is missing"),
        ("pydantic_core._pydantic_core.ValidationError: 1 validation error", "refuses the recipe"),
        ("Traceback\nModuleNotFoundError: No module named 'x'", "incomplete"),
    ],
)
def test_the_trainers_own_poor_messages_are_explained(text: str, said: str) -> None:
    known = run.explain(text)
    assert known is not None
    assert said in known[0]
    assert known[1]


def test_what_is_not_known_is_not_explained() -> None:
    assert run.explain("ValueError: something new") is None


def test_checkpoints_that_a_killed_process_left_unfinished_are_removed(tmp_path: Path) -> None:
    for name, state in (("checkpoint-1", "{}"), ("checkpoint-2", '{"global'), ("checkpoint-3", None)):
        (tmp_path / name).mkdir()
        if state is not None:
            (tmp_path / name / "trainer_state.json").write_text(state)
    run.drop_incomplete_checkpoints(tmp_path)
    assert [folder.name for folder in tmp_path.iterdir()] == ["checkpoint-1"]


def test_progress_without_dagster_is_a_line_with_step_loss_and_time_left() -> None:
    out = io.StringIO()
    reporter = reporting.Reporter(out)
    reporter.row({"step": 3, "total": 10, "loss": 2.5, "tokens_per_s": 99.6, "elapsed_s": 1.0, "seconds_left": 70})
    reporter.row({"step": 4, "total": 10, "eval_loss": 3.25, "elapsed_s": 1.0, "seconds_left": None})
    assert out.getvalue().splitlines() == [
        "step 3 of 10: loss 2.5, 100 tokens/s, 70 s left",
        "step 4 of 10: eval loss 3.25",
    ]


def test_with_dagster_rows_are_custom_messages_and_lines_are_logged() -> None:
    messages: list[dict[str, Any]] = []
    lines: list[str] = []
    pipes = SimpleNamespace(log=SimpleNamespace(info=lines.append), report_custom_message=messages.append)
    out = io.StringIO()
    reporting.Reporter(out, pipes).row({"step": 1, "total": 2, "loss": 1.0, "elapsed_s": 1.0})
    assert messages == [{"kind": "log", "step": 1, "total": 2, "loss": 1.0, "elapsed_s": 1.0}]
    assert lines == ["step 1 of 2: loss 1"]
    assert out.getvalue() == ""


def test_a_job_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main([]) == 2
    assert "JOB.json" in capsys.readouterr().err
