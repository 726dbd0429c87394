"""Checks pass on a sound dataset and fail on each thing that would make training or its evaluation worthless."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from twin_assets.datasets.checks import (
    check_duplicates,
    check_family_shares,
    check_grounded,
    check_leakage,
    check_size,
    dataset_checks,
)
from twin_assets.datasets.export import dataset_digest, export_parquet, export_preferences, export_sft
from twin_assets.datasets.preview import instruction_preview, token_bins, token_plot
from twin_assets.digests import digest
from twin_assets.errors import StorageError
from twin_assets.prompts import NOT_WRITTEN, passages_block, with_passages
from twin_assets.records import CorpusDocument, InstructionSample, PreferenceSample
from twin_assets.settings import DatasetSettings

SMALL = DatasetSettings(min_train_samples=2, min_test_words=10)


@pytest.fixture
def grounded(document: Any, sample: Any) -> tuple[list[InstructionSample], list[CorpusDocument]]:
    """Two train samples, one of each other split, with the documents that they are cut of."""
    samples, documents = [], []
    for name, split in (("a", "train"), ("b", "train"), ("c", "validation"), ("d", "test")):
        one = sample(name, split)
        of = document(f"A start. {one.answer} An end.", name)
        start = of.text.index(one.answer)
        samples.append(replace(one, document_id=of.document_id, start=start, end=start + len(one.answer)))
        documents.append(of)
    return samples, documents


def test_a_sound_dataset_passes_every_check(grounded: Any) -> None:
    samples, documents = grounded
    checks = dataset_checks(samples, documents, SMALL)
    assert [(check.name, check.passed) for check in checks if check.blocking] == [
        ("grounded", True),
        ("leakage", True),
        ("duplicates", True),
        ("size", True),
    ]
    assert [check.name for check in checks if not check.blocking] == ["family_shares", "style"]


@pytest.mark.parametrize("change", [{"answer": "Not his words."}, {"start": 8}, {"document_id": "gone"}])
def test_an_answer_that_is_not_the_authors_text_at_its_span_fails(grounded: Any, change: dict[str, Any]) -> None:
    samples, documents = grounded
    check = check_grounded([replace(samples[0], **change), *samples[1:]], documents)
    assert not check.passed
    assert check.figures == {"grounded_share": 0.75, "samples": 4}
    assert "3 of 4" in check.line


def test_a_dataset_without_samples_is_not_grounded() -> None:
    assert not check_grounded([], []).passed


@pytest.mark.parametrize(
    ("figure", "change"),
    [
        ("documents_in_two_splits", lambda train: {"document_id": train.document_id}),
        ("instructions_in_two_splits", lambda train: {"instruction": train.instruction.upper()}),
        ("answers_in_two_splits", lambda train: {"answer": train.answer}),
        ("overlap_share", lambda train: {"answer": f"He said: {train.answer}"}),
    ],
)
def test_what_is_known_of_held_out_text_fails(grounded: Any, figure: str, change: Any) -> None:
    samples, documents = grounded
    check = check_leakage([*samples[:-1], replace(samples[-1], **change(samples[0]))], documents, SMALL)
    assert not check.passed
    assert check.figures[figure] > 0


@pytest.mark.parametrize(
    ("figure", "change"),
    [
        ("sample_ids", lambda one: {"sample_id": one.sample_id}),
        ("instructions", lambda one: {"instruction": f"{one.instruction.upper()}!"}),
        ("answers", lambda one: {"answer": one.answer.lower()}),
    ],
)
def test_what_is_said_twice_fails(grounded: Any, figure: str, change: Any) -> None:
    samples, _ = grounded
    check = check_duplicates([samples[0], replace(samples[1], **change(samples[0])), *samples[2:]])
    assert not check.passed
    assert {name: count for name, count in check.figures.items() if count} == {figure: 1.0}


def test_a_dataset_too_small_fails_and_says_how_much_is_needed(grounded: Any) -> None:
    samples, _ = grounded
    check = check_size(samples, DatasetSettings(min_train_samples=3, min_test_words=10))
    assert not check.passed
    assert "**2** train samples (at least 3)" in check.line
    assert not check_size(samples, DatasetSettings(min_train_samples=2, min_test_words=10_000)).passed


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_exported_samples_hold_one_split_as_the_trainer_reads_it(tmp_path: Path, grounded: Any) -> None:
    samples, _ = grounded
    path = tmp_path / "deep" / "train.jsonl"
    assert export_sft(samples, "train", "Wenna", path) == 2
    messages = [row["messages"] for row in rows(path)]
    assert [m[-1] for m in messages] == [
        {"role": "assistant", "content": s.answer} for s in sorted(samples[:2], key=lambda s: s.sample_id)
    ]
    assert [m[-2]["role"] for m in messages] == ["user", "user"]
    first = path.read_bytes()
    export_sft(samples[::-1], "train", "Wenna", path)
    assert path.read_bytes() == first


def pair(sample: InstructionSample) -> PreferenceSample:
    place = (sample.sample_id, sample.document_id, sample.start, sample.end)
    return PreferenceSample(
        *place, sample.instruction, sample.answer, "An answer.", "base:qwen", sample.split, "input", "write", "", ()
    )


def test_an_exported_pair_holds_request_and_both_answers(tmp_path: Path, grounded: Any) -> None:
    samples, _ = grounded
    path = tmp_path / "pairs.jsonl"
    assert export_preferences([pair(sample) for sample in samples], "validation", "Wenna", path) == 1
    row = rows(path)[0]
    assert row["messages"][-1]["role"] == "user"
    assert row["chosen"] == {"role": "assistant", "content": samples[2].answer}
    assert row["rejected"] == {"role": "assistant", "content": "An answer."}


def test_a_file_that_cannot_be_written_is_an_error_that_leaves_the_old_one(tmp_path: Path, grounded: Any) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(StorageError, match="could not be written"):
        export_sft(grounded[0], "train", "Wenna", tmp_path / "file" / "train.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_digest_of_a_dataset_is_that_of_its_rows_in_any_order(grounded: Any) -> None:
    samples, _ = grounded
    assert dataset_digest(samples) == dataset_digest(samples[::-1])
    assert dataset_digest(samples) != dataset_digest(samples[1:])
    assert dataset_digest(samples) != dataset_digest([replace(samples[0], instruction="Other."), *samples[1:]])


def test_a_preview_cannot_be_broken_by_what_a_text_says(sample: Any) -> None:
    table = instruction_preview([sample("a", answer="one | two\n<script>\\|x", url="javascript:alert(1)")])
    assert len(table.splitlines()) == 3
    assert "one \\| two &lt;script>\\\\\\|x" in table
    assert "javascript:" not in table


def test_the_histogram_counts_every_sample_once(sample: Any, tokens: Any) -> None:
    samples = [sample(str(n), "train" if n % 2 else "test", answer="word " * n) for n in range(1, 30)]
    bins = token_bins(samples, tokens, 10)
    assert bins == {"train": [5, 5, 5], "validation": [0, 0, 0], "test": [4, 5, 5]}
    assert "train 15, validation 0, test 14" in token_plot(samples, tokens, 10)
    assert token_plot([], tokens) == "no samples"


def test_near_duplicates_in_two_splits_fail(grounded: Any, document: Any) -> None:
    samples, documents = grounded
    run = "we wrote in ink so that we could not rub out what was heard"
    twins = [replace(d, text=f"{d.text} {run}") if n in (0, 3) else d for n, d in enumerate(documents)]
    check = check_leakage(samples, twins, SMALL)
    assert not check.passed
    assert check.figures["near_duplicates_in_two_splits"] == 1.0


def test_training_on_what_is_newer_than_the_test_set_fails(grounded: Any) -> None:
    samples, documents = grounded
    years = {"train": 2020, "validation": 2021, "test": 2024}

    def dated(**changes: int) -> list[CorpusDocument]:
        at = {**years, **changes}
        return [
            replace(d, published_at=datetime(at[s.split], 1, n + 1, tzinfo=UTC))
            for n, (d, s) in enumerate(zip(documents, samples, strict=True))
        ]

    assert check_leakage(samples, dated(), SMALL).passed
    late = check_leakage(samples, dated(validation=2025), SMALL)
    assert not late.passed
    assert late.figures["documents_out_of_time_order"] == 1.0


def test_that_something_was_not_written_about_is_grounded_beside_passages_and_may_be_said_often(grounded: Any) -> None:
    samples, documents = grounded
    honest = [
        replace(s, sample_id=digest(n), answer=NOT_WRITTEN, start=0, end=0, context="[1] Fog", instruction=f"Snow {n}?")
        for n, s in enumerate(samples)
    ]
    checks = {c.name: c for c in dataset_checks([*samples, *honest], documents, SMALL)}
    assert checks["grounded"].passed
    assert checks["duplicates"].passed
    assert checks["leakage"].passed
    assert not check_grounded([replace(honest[0], context="")], documents).passed


def test_the_text_of_a_held_out_answer_in_the_context_of_a_training_sample_fails(grounded: Any) -> None:
    samples, documents = grounded
    check = check_leakage([replace(samples[0], context=samples[3].answer), *samples[1:]], documents, SMALL)
    assert not check.passed
    assert check.figures["overlap_share"] == 0.5


def test_one_family_for_most_of_the_samples_warns_and_so_does_one_that_is_not_tested(sample: Any) -> None:
    def shares(train: dict[str, int], test: tuple[str, ...]) -> Any:
        rows = [sample(f"{f}{n}", family=f) for f, count in train.items() for n in range(count)]
        return check_family_shares([*rows, *(sample(f"t{f}", "test", family=f) for f in test)])

    assert shares({"write": 3, "explain": 2}, ("write", "explain")).passed
    assert not shares({"write": 4, "explain": 1}, ("write", "explain")).passed
    assert not shares({"write": 12, "explain": 10}, ("write",)).passed
    assert not shares({"write": 12, "explain": 10}, ("write",)).blocking
    assert shares({"write": 12, "explain": 9}, ("write",)).passed
    assert shares({"": 5}, ("",)).passed


def test_an_exported_sample_holds_its_retrieved_passages_as_serving_shows_them(tmp_path: Path, sample: Any) -> None:
    block = passages_block([("Fog", "It came in at six.")])
    export_sft([sample("a", context=block)], "train", "Wenna", tmp_path / "a.jsonl")
    content = rows(tmp_path / "a.jsonl")[0]["messages"][1]["content"]
    assert content == with_passages("Tell me about a.", [("Fog", "It came in at six.")])


def test_parquet_holds_every_column_of_every_sample(tmp_path: Path, grounded: Any) -> None:
    samples, _ = grounded
    assert export_parquet(samples, tmp_path / "all.parquet") == 4
    read = [InstructionSample.from_row(row) for row in pq.read_table(tmp_path / "all.parquet").to_pylist()]
    assert read == sorted(samples, key=lambda s: s.sample_id)
    assert export_parquet([], tmp_path / "none.parquet") == 0
