"""A pair prefers the author's text to the base model's own answer, for instructions that are not tested with."""

from collections import Counter
from typing import Any

import pytest

from twin_assets.datasets.preferences import LONGEST_ANSWER, PreferenceDataset, build_preferences
from twin_assets.errors import EngineError
from twin_assets.records import InstructionSample
from twin_assets.settings import DatasetSettings


class Base:
    """Answers every instruction at some length, save where `says` has another answer; remembers what it was asked."""

    def __init__(self, says: dict[str, str] | None = None) -> None:
        self.says = says or {}
        self.asked: list[str] = []

    def __call__(self, instructions: list[str]) -> list[str]:
        self.asked += instructions
        return [self.says.get(instruction, self.usual(instruction)) for instruction in instructions]

    @staticmethod
    def usual(instruction: str) -> str:
        return f"  In general, {instruction} is an important topic. " + "There are many benefits to consider. " * 5


@pytest.fixture
def samples(sample: Any) -> list[InstructionSample]:
    """Four documents of three train samples each, and one document each of the other splits."""
    trained = [sample(f"t{d}{n}", document_id=f"document {d}") for d in range(4) for n in range(3)]
    return [*trained, sample("v", "validation"), sample("h", "test")]


def build(samples: list[InstructionSample], base: Any, **changes: Any) -> PreferenceDataset:
    settings = DatasetSettings(preference_pairs=changes.pop("pairs", 100))
    known = {pair.sample_id: pair for pair in changes.pop("known", [])}
    return build_preferences(samples, answer=base, settings=settings, known=known, **{"base_name": "qwen", **changes})


def test_the_authors_text_is_chosen_and_the_base_models_answer_is_rejected(samples: Any) -> None:
    of = {sample.sample_id: sample for sample in samples}
    pairs = build(samples, Base()).samples
    assert [pair.sample_id for pair in pairs] == sorted(pair.sample_id for pair in pairs)
    for pair in pairs:
        source = of[pair.sample_id]
        assert (pair.instruction, pair.chosen, pair.split) == (source.instruction, source.answer, source.split)
        assert (pair.document_id, pair.start, pair.end) == (source.document_id, source.start, source.end)
        assert pair.rejected == Base.usual(source.instruction).strip()
        assert pair.origin == "base:qwen"


def test_text_that_is_tested_with_is_never_in_a_pair(samples: Any) -> None:
    base = Base()
    pairs = build(samples, base).samples
    assert Counter(pair.split for pair in pairs) == {"train": 12, "validation": 1}
    assert "Tell me about h." not in base.asked


def test_pairs_are_spread_over_the_documents(samples: Any) -> None:
    assert set(Counter(pair.document_id for pair in build(samples, Base(), pairs=5).samples).values()) == {1}
    counts = Counter(pair.document_id for pair in build(samples, Base(), pairs=9).samples)
    assert [count for name, count in counts.items() if name.startswith("document 0")] == [2]


def test_the_order_of_the_samples_changes_nothing(samples: Any) -> None:
    assert build(samples[::-1], Base(), pairs=7) == build(samples, Base(), pairs=7)


def test_an_answer_too_long_for_the_trainers_window_is_not_paired(sample: Any) -> None:
    fits, long = sample("a", answer="word " * LONGEST_ANSWER), sample("b", answer="word " * (LONGEST_ANSWER + 1))
    base = Base({fits.instruction: "other " * LONGEST_ANSWER})
    assert [pair.sample_id for pair in build([fits, long], base).samples] == [fits.sample_id]
    assert base.asked == [fits.instruction]


@pytest.mark.parametrize(
    ("rejected", "reason"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("… !", "empty"),
        ("I’m sorry, but I cannot speak for the author of this text, whoever that is, at all.", "refusal"),
        ("As an AI language model, I have never been on a ship at all, let alone in the fog.", "refusal"),
        ("I can't assist with that, as I do not know what happened in the radio room.", "refusal"),
        ("Yes.", "length"),
        ("word " * 500, "length"),
    ],
)
def test_an_answer_that_teaches_nothing_is_set_aside_with_its_reason(sample: Any, rejected: str, reason: str) -> None:
    spoiled, good = sample("a"), sample("b")
    built = build([spoiled, good], Base({spoiled.instruction: rejected}))
    assert [pair.sample_id for pair in built.samples] == [good.sample_id]
    assert [(e.stage, e.reason, e.document_id) for e in built.exclusions] == [
        ("preference_dataset", reason, spoiled.document_id)
    ]
    assert spoiled.sample_id in built.exclusions[0].detail
    assert built.stats[f"left_out_{reason}"] == 1


def test_an_answer_that_only_looks_like_a_refusal_is_kept(sample: Any) -> None:
    one = sample("a")
    text = (
        "I cannot say that I ever liked fog, but it taught me to listen, which is more than most teachers did for me."
    )
    assert [pair.rejected for pair in build([one], Base({one.instruction: text})).samples] == [text]


def test_the_authors_own_text_is_never_rejected(sample: Any) -> None:
    one = sample("a")
    built = build([one], Base({one.instruction: one.answer.upper() + "!"}))
    assert built.samples == []
    assert [e.reason for e in built.exclusions] == ["identical"]


def test_a_pair_that_is_known_is_kept_and_nobody_is_asked(samples: Any) -> None:
    first, again = build(samples, Base()), Base()
    second = build(samples, again, known=first.samples)
    assert (second.samples, again.asked) == (first.samples, [])
    assert (second.stats["reused"], second.stats["asked"]) == (len(first.samples), 0)


def test_one_more_sample_costs_one_answer(samples: Any, sample: Any) -> None:
    first, again = build(samples, Base()), Base()
    second = build([*samples, sample("new")], again, known=first.samples)
    assert again.asked == ["Tell me about new."]
    assert len(second.samples) == len(first.samples) + 1


def test_another_base_model_or_another_instruction_is_asked_again(samples: Any, sample: Any) -> None:
    first, other, changed = build(samples, Base()), Base(), Base()
    build(samples, other, known=first.samples, base_name="llama")
    assert len(other.asked) == len(first.samples)
    build([sample("t00", document_id="document 0", instruction="Say it.")], changed, known=first.samples)
    assert changed.asked == ["Say it."]


def test_a_base_model_that_loses_an_answer_is_an_error_rather_than_a_shift(samples: Any) -> None:
    with pytest.raises(EngineError, match=r"'qwen' gave 1 answers to 13 instructions"):
        build(samples, lambda instructions: ["one answer"])


def test_without_samples_there_are_no_pairs_and_nobody_is_asked() -> None:
    base = Base()
    assert build([], base) == PreferenceDataset([], [], {"pairs": 0, "reused": 0, "asked": 0})
    assert base.asked == []
