"""Splits are by document and for good, and nothing of one is known in another."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.datasets.splits import leaking, leaks, split_of
from twin_assets.digests import document_id


def test_splits_have_about_the_shares_that_were_asked_for() -> None:
    splits = [split_of(document_id("markdown", str(n)), 42, 0.1, 0.15) for n in range(4000)]
    assert 0.08 < splits.count("validation") / 4000 < 0.12
    assert 0.13 < splits.count("test") / 4000 < 0.17


@settings(max_examples=50)
@given(st.text(), st.integers(0, 100))
def test_a_split_depends_on_the_document_and_the_seed_alone(name: str, seed: int) -> None:
    assert split_of(name, seed, 0.1, 0.15) == split_of(name, seed, 0.1, 0.15)
    assert split_of(name, seed, 0.0, 1.0) == "test"
    assert split_of(name, seed, 1.0, 0.0) == "validation"
    assert split_of(name, seed, 0.0, 0.0) == "train"


def test_a_larger_test_share_moves_no_document_out_of_test() -> None:
    names = [str(n) for n in range(500)]
    small = {name for name in names if split_of(name, 1, 0.1, 0.1) == "test"}
    assert small <= {name for name in names if split_of(name, 1, 0.1, 0.2) == "test"}


def test_another_seed_gives_another_split() -> None:
    names = [str(n) for n in range(200)]
    assert [split_of(n, 1, 0.1, 0.2) for n in names] != [split_of(n, 2, 0.1, 0.2) for n in names]


def test_a_sound_dataset_leaks_nothing(sample: Any) -> None:
    found = leaks([sample("kettle"), sample("aerial", "validation"), sample("boiler", "test")])
    assert not found.any
    assert found.overlap_share == 0.0


def test_a_document_in_two_splits_is_found(sample: Any) -> None:
    found = leaks([sample("kettle", document_id="one"), sample("aerial", "test", document_id="one")])
    assert found.any
    assert found.documents == ("one",)


def test_one_instruction_in_two_splits_is_found_whatever_its_case(sample: Any) -> None:
    found = leaks([sample("a", instruction="What is fog?"), sample("b", "test", instruction="what is FOG")])
    assert (found.instructions, found.answers) == (1, 0)


def test_one_answer_in_two_splits_is_found(sample: Any) -> None:
    answer = "The kettle was on before the fog."
    found = leaks([sample("a", answer=answer), sample("b", "validation", answer=f"*{answer}*")])
    assert (found.instructions, found.answers) == (0, 1)


def test_thirteen_words_running_in_train_and_test_are_found(sample: Any) -> None:
    run = "we wrote in ink so that we could not rub out what was heard"
    held_out = [sample("b", "test", answer=f"As I said, {run}."), sample("c", "test")]
    assert leaks([sample("a", answer=f"{run}, ever."), *held_out]).overlap_share == 0.5
    twelve = " ".join(run.split()[:12])
    assert leaks([sample("a", answer=f"{twelve} ever."), *held_out]).overlap_share == 0.0


def test_training_text_gives_way_to_held_out_text() -> None:
    run = "we wrote in ink so that we could not rub out what was heard"
    answers = [(f"{run} once", "train"), (f"{run} twice", "validation"), (f"{run} more", "test"), ("fog", "train")]
    assert leaking(answers) == ["test", "test", None, None]  # type: ignore[arg-type]
    assert leaking([("Fog.", "train"), ("fog", "validation")]) == ["validation", None]
