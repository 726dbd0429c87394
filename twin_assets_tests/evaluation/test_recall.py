"""Whether the author's passage is found for a question."""

from typing import Any

import pytest

from twin_assets.evaluation.retrieval_recall import retrieval_recall


def test_recall_counts_the_first_five_and_the_rank_the_first_ten(make_sample: Any) -> None:
    found = {
        "q1": ["c1", "x", "c2"],
        "q2": ["x1", "x2", "x3", "x4", "x5", "c3"],
        "q3": [f"y{n}" for n in range(10)] + ["c4"],
    }
    samples = [
        make_sample("1", instruction="q1", chunks=("c1", "c2")),
        make_sample("2", instruction="q2", chunks=("c3",)),
        make_sample("3", instruction="q3", chunks=("c4",)),
        make_sample("4", instruction="q4"),
    ]
    result = retrieval_recall(samples, lambda question, count: [[chunk] for chunk in found[question]])
    assert result.recall_at_5 == pytest.approx(1 / 3)
    assert result.mrr_at_10 == pytest.approx((1 + 1 / 6 + 0) / 3)
    assert (result.questions, result.skipped) == (3, 1)


def test_an_answer_over_many_chunks_can_have_full_recall(make_sample: Any) -> None:
    sample = make_sample("1", chunks=tuple("abcdefg"))
    assert retrieval_recall([sample], lambda question, count: [["g", "f"], ["e", "d", "c"]]).recall_at_5 == 1.0


def test_a_chunk_found_twice_counts_once(make_sample: Any) -> None:
    sample = make_sample("1", chunks=("a", "b"))
    assert retrieval_recall([sample], lambda question, count: [["a"], ["a"], ["a"]]).recall_at_5 == 0.5


def test_without_questions_there_is_naught(make_sample: Any) -> None:
    assert retrieval_recall([make_sample("1")], lambda question, count: []).questions == 0
