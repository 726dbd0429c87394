"""Held-out bits per byte and their gain."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.errors import EvaluationError, InsufficientDataError
from twin_assets.evaluation.likelihood import (
    BitsPerByte,
    Scored,
    bits_per_byte,
    relative_gain,
    spread_over_documents,
)
from twin_assets.prompts import request_messages


def measured(bits: Sequence[float], sizes: Sequence[int]) -> BitsPerByte:
    value = sum(bits) / sum(sizes)
    return BitsPerByte(value=value, bytes=sum(sizes), samples=len(bits), bits=tuple(bits), answer_bytes=tuple(sizes))


def test_a_model_that_gives_each_byte_one_in_four_needs_two_bits(make_sample: Any, score_by_byte: Any) -> None:
    samples = [make_sample("a naïve café"), make_sample("naught", "d2")]
    result = bits_per_byte("Ada", samples, score_by_byte(math.log(1 / 4)))
    assert result.value == pytest.approx(2.0)
    assert result.bytes == len("a naïve café".encode()) + 6
    assert result.samples == 2


def test_the_model_sees_the_prompt_of_training_and_the_authors_own_text(make_sample: Any) -> None:
    seen: list[Scored] = []

    def score(texts: Sequence[Scored]) -> list[float]:
        seen.extend(texts)
        return [-1.0] * len(texts)

    bits_per_byte("Ada", [make_sample("My own words.", instruction="Say it.")], score)
    assert seen == [Scored(tuple(request_messages("Ada", "Say it.")), "My own words.")]


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), 0.5])
def test_a_result_that_is_no_log_probability_names_the_sample(make_sample: Any, value: float) -> None:
    sample = make_sample("text")
    with pytest.raises(EvaluationError, match=sample.sample_id):
        bits_per_byte("Ada", [sample], lambda texts: [value])


def test_too_few_results_are_an_error(make_sample: Any) -> None:
    with pytest.raises(EvaluationError, match="2 texts were scored, 1 results"):
        bits_per_byte("Ada", [make_sample("one"), make_sample("two")], lambda texts: [-1.0])


def test_no_held_out_text_is_said(score_by_byte: Callable[[float], Any]) -> None:
    with pytest.raises(InsufficientDataError, match="no held-out text"):
        bits_per_byte("Ada", [], score_by_byte(-1.0))


def test_the_gain_is_the_share_of_bits_saved_and_its_interval_holds_it() -> None:
    base = measured([100, 200, 300, 400], [50, 100, 150, 200])
    twin = measured([90, 185, 270, 350], [50, 100, 150, 200])
    gain = relative_gain(base, twin, ["a", "a", "b", "c"])
    assert gain.value == pytest.approx(1 - 895 / 1000)
    assert gain.low <= gain.value <= gain.high
    assert gain.documents == 3
    assert gain == relative_gain(base, twin, ["a", "a", "b", "c"])


def test_a_gain_in_one_document_alone_has_an_interval_that_reaches_zero() -> None:
    documents = [f"d{n}" for n in range(20)]
    base = measured([100.0] * 20, [50] * 20)
    twin = measured([20.0] + [100.0] * 19, [50] * 20)
    gain = relative_gain(base, twin, documents)
    assert gain.value > 0
    assert gain.low == pytest.approx(0.0)


def test_with_one_document_nothing_is_known_of_the_spread() -> None:
    gain = relative_gain(measured([10, 10], [5, 5]), measured([9, 9], [5, 5]), ["a", "a"])
    assert (gain.low, gain.high, gain.documents) == (-1.0, 1.0, 1)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 900), st.floats(0.5, 1.5)), min_size=2, max_size=12))
def test_a_twin_that_saves_the_same_share_everywhere_has_no_spread(rows: list[tuple[int, float]]) -> None:
    bits = [size * rate for size, rate in rows]
    sizes = [size for size, _ in rows]
    twin = measured([0.9 * b for b in bits], sizes)
    gain = relative_gain(measured(bits, sizes), twin, [str(n) for n in range(len(rows))])
    assert (gain.low, gain.value, gain.high) == pytest.approx((0.1, 0.1, 0.1))


def test_samples_are_taken_in_turn_from_each_document(make_sample: Any) -> None:
    samples = [make_sample(f"long {n}", "long") for n in range(50)]
    samples += [make_sample(f"{d} {n}", d) for d in ("b", "c") for n in range(2)]
    taken = spread_over_documents(samples, 6)
    assert sorted(s.document_id for s in taken) == ["b", "b", "c", "c", "long", "long"]
    assert taken == spread_over_documents(samples[::-1], 6)
    assert len(spread_over_documents(samples, 500)) == 54
