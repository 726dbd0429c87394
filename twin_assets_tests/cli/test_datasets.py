"""What a person sees of dataset versions in the terminal, and the files that are exported."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from twin_assets.cli import datasets
from twin_assets.cli.main import app
from twin_assets.datasets.versions import record_version
from twin_assets.errors import ConfigError
from twin_assets.records import InstructionSample, PreferenceSample
from twin_assets.settings import load_settings
from twin_assets.storage import TableStore
from twin_assets_tests.datasets.conftest import make_sample

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Two versions of instructions and one of pairs, of the sample author; the digests of the instructions'."""
    monkeypatch.setenv("TWIN_HOME", str(tmp_path / "home"))
    settings = load_settings()
    monkeypatch.setattr(datasets, "choose", lambda _: settings)
    tables = TableStore.of(settings)
    a, b, c = make_sample("a"), make_sample("b"), make_sample("c", "test")
    digests = []
    for n, rows in enumerate(([a, b], [replace(b, title="Another title"), c])):
        version = tables.sync(InstructionSample, rows).data_version
        record_version(
            tables,
            "instruction_dataset",
            version,
            parents={"corpus": "c1"},
            settings={"seed": 42},
            counts={"samples": 2, "samples_train": 2 - n, "samples_test": n},
            moved={"test -> train": ["d1", "d2"]},
            now=NOW + timedelta(minutes=n),
        )
        digests.append(version)
    pair = PreferenceSample(
        *(b.sample_id, "d", 0, 3), "Why?", "Mine.", "Theirs.", "base:x", "train", "", "write", "", ()
    )
    version = tables.sync(PreferenceSample, [pair]).data_version
    record_version(tables, "preference_dataset", version, parents={}, settings={}, counts={"pairs": 1}, moved={})
    return digests[0], digests[1]


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["datasets", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.console, "_width", 80)
    monkeypatch.setattr(datasets.console, "_height", 50)


def test_every_version_is_listed_with_what_is_in_it(made: tuple[str, str]) -> None:
    lines = run("list").splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        ["instruction", made[0][:12]],
        ["instruction", made[1][:12]],
        ["preference", lines[3].split()[1]],
    ]
    assert lines[2].split()[2:8] == ["2026-03-01", "00:01", "2", "1", "0", "1"]


def test_a_version_is_shown_with_parents_settings_moves_and_samples(made: tuple[str, str]) -> None:
    shown = run("show", made[0][:8])
    for said in (made[0], "corpus c1", '{"seed": 42}', "2 documents test -> train", "Tell me about a."):
        assert said in shown
    assert "Theirs." in run("show", "--pairs")


def test_two_versions_are_compared_with_examples(made: tuple[str, str]) -> None:
    shown = run("diff", made[0])
    assert "1 added, 1 removed, 1 changed, 0 unchanged" in shown
    assert "title: A title -> Another title" in shown
    assert "Tell me about c." in shown


def test_jsonl_is_a_file_for_each_split(made: tuple[str, str], tmp_path: Path) -> None:
    run("export", str(tmp_path / "out"))
    names = {file.name: file.read_text().splitlines() for file in (tmp_path / "out").iterdir()}
    base = f"instruction_dataset-{made[1][:12]}"
    assert {name: len(lines) for name, lines in names.items()} == {
        f"{base}-train.jsonl": 1,
        f"{base}-validation.jsonl": 0,
        f"{base}-test.jsonl": 1,
    }
    assert json.loads(names[f"{base}-train.jsonl"][0])["messages"][1]["content"] == "Tell me about b."


def test_parquet_is_one_file_of_an_old_version_too(made: tuple[str, str], tmp_path: Path) -> None:
    run("export", str(tmp_path), made[0], "--format", "parquet")
    table: Any = pq.read_table(tmp_path / f"instruction_dataset-{made[0][:12]}.parquet")
    assert sorted(table["instruction"].to_pylist()) == ["Tell me about a.", "Tell me about b."]


def test_a_version_that_is_not_there_is_an_error_that_says_where_to_look(made: tuple[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        run("show", "00000000")
    assert "--pairs" in caught.value.remedy


def test_without_a_version_the_list_says_what_makes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_HOME", str(tmp_path))
    settings = load_settings()
    monkeypatch.setattr(datasets, "choose", lambda _: settings)
    assert "twin up" in run("list")
