import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.prompts import request_messages
from twin_assets.training import check
from twin_assets_tests.training.conftest import Row, WriteRows


def test_an_unknown_key_is_named_with_the_one_that_was_meant() -> None:
    problems = check.unknown_keys({"learning_rate": 1, "lora_dropot": 0.1}, {"learning_rate", "lora_dropout"})
    assert len(problems) == 1
    assert "'lora_dropot'" in problems[0].what
    assert "'lora_dropout'" in problems[0].remedy


def test_known_keys_are_no_problem() -> None:
    assert check.unknown_keys({"a": 1}, {"a", "b"}) == []


def test_missing_files_are_named(tmp_path: Path) -> None:
    config = {
        "base_model": str(tmp_path / "no-model"),
        "lora_model_dir": str(tmp_path / "no-adapter"),
        "datasets": [{"path": str(tmp_path / "no.jsonl")}],
    }
    said = "\n".join(problem.what for problem in check.file_problems(config))
    assert "no-model" in said
    assert "no-adapter" in said
    assert "no.jsonl" in said


def test_an_empty_file_and_a_file_of_blank_lines_have_no_rows(tmp_path: Path) -> None:
    for text in ("", "\n\n"):
        file = tmp_path / "data.jsonl"
        file.write_text(text)
        assert "no rows" in check.data_problems(file, {"messages"})[0].what


def test_the_first_bad_line_is_named_by_its_number(tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text('{"messages": []}\n{"messages"\n')
    assert "line 2: not JSON" in check.data_problems(file, {"messages"})[0].what
    file.write_text('{"messages": []}\n\n{"text": ""}\n')
    assert "line 3: lacks messages" in check.data_problems(file, {"messages"})[0].what


@given(st.lists(st.text(max_size=30), max_size=5))
@settings(max_examples=60, deadline=None)
def test_rows_of_any_text_are_read_as_they_were_written(texts: list[str]) -> None:
    clean = [text.encode("utf-8", "ignore").decode() for text in texts]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        rows = [{"text": text} for text in [*clean, "line\u2028separator\x85"]]
        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        assert check.read_rows(file) == rows


def test_half_a_row_at_the_end_of_a_growing_file_is_left_for_later(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text('{"step": 1}\n{"step": 2, "lo')
    assert check.read_rows(file, torn_end=True) == [{"step": 1}]


def test_rows_that_are_too_long_are_counted_and_left_out(tokenizer: Any, samples: list[Row]) -> None:
    long = {"messages": [*samples[0]["messages"][:2], {"role": "assistant", "content": "word " * 300}]}
    selection = check.select(tokenizer, [*samples[:3], long], limit=256)
    assert selection.rows == samples[:3]
    assert selection.set_aside == {check.TOO_LONG: 1}
    assert 3 * 60 < selection.tokens < 3 * 256


def test_pairs_that_teach_nothing_are_counted_and_left_out(tokenizer: Any, pairs: list[Row]) -> None:
    same = {**pairs[0], "rejected": pairs[0]["chosen"]}
    assert check.select(tokenizer, [same, pairs[1]], limit=512).set_aside == {check.SAME_ANSWER: 1}


def test_an_answer_that_axolotl_would_find_in_the_template_itself_is_left_out(tokenizer: Any, pairs: list[Row]) -> None:
    """Axolotl takes what follows the first "user" in the rendered template for the answer "user"."""
    lost = {**pairs[0], "rejected": {"role": "assistant", "content": "user"}}
    assert check.select(tokenizer, [lost, pairs[1]], limit=512).set_aside == {check.LOST_IN_TEMPLATE: 1}


def test_the_longer_answer_of_a_pair_decides(tokenizer: Any) -> None:
    pair = {
        "messages": request_messages("Ada", "Write"),
        "chosen": {"role": "assistant", "content": "A short one."},
        "rejected": {"role": "assistant", "content": "word " * 200},
    }
    assert check.select(tokenizer, [pair], limit=128).set_aside == {check.TOO_LONG: 1}


def test_all_data_files_of_a_config_are_examined(write_rows: WriteRows, samples: list[Row], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    train, empty = write_rows("train.jsonl", samples[:2]), write_rows("empty.jsonl", [])
    config = {"base_model": str(tmp_path), "datasets": [{"path": str(train)}], "test_datasets": [{"path": str(empty)}]}
    assert [problem.what for problem in check.file_problems(config)] == ["the data file empty.jsonl has no rows"]
