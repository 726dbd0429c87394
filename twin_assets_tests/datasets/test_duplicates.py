"""Texts that say nearly the same are found among many, and others are not taken for them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.datasets.duplicates import Seen
from twin_assets.datasets.shingles import all_runs, holds_any, jaccard, run_hashes
from twin_assets_tests.datasets.conftest import paragraph


def test_a_text_with_a_word_changed_is_the_same_and_another_is_not() -> None:
    seen = Seen(0.6, 3)
    text = paragraph("one", 6)
    assert seen.take("one", text) is None
    assert seen.take("two", paragraph("two", 6)) is None
    assert seen.take("again", text.replace("watch", "guard", 1)) == "one"
    assert seen.like(text.upper()) == "one"


@pytest.mark.parametrize("count", [300])
def test_no_near_duplicate_is_missed_among_many(count: int) -> None:
    seen = Seen(0.6, 3)
    texts = [paragraph(n, 6) for n in range(count)]
    assert [seen.take(str(n), text) for n, text in enumerate(texts)] == [None] * count
    changed = [f"{text.rsplit(' ', 3)[0]} and so on" for text in texts]
    assert [seen.like(text) for text in changed] == [str(n) for n in range(count)]


def test_questions_from_one_template_about_different_things_are_not_the_same() -> None:
    seen = Seen(0.9, 2)
    questions = [f"What is your advice on {thing}?" for thing in ("ulcers", "badminton", "waltzes", "igloos")]
    assert [seen.take(question, question) for question in questions] == [None] * 4


def test_a_text_without_words_is_like_nothing() -> None:
    seen = Seen(0.5, 3)
    assert seen.take("a", "!?") is None
    assert seen.take("b", "!?") is None


def test_a_run_differs_by_each_of_its_words() -> None:
    tokens = ["a", "b", "c", "d", "e"]
    runs = {int(run_hashes([*tokens[:n], "x", *tokens[n + 1 :]], 5)[0]) for n in range(5)}
    assert len(runs | {int(run_hashes(tokens, 5)[0])}) == 6
    assert len({run >> 32 for run in runs}) == 5


words_ = st.lists(st.sampled_from("abcdefgh"), max_size=30)


@given(words_, words_)
def test_the_similarity_of_hashes_is_that_of_the_runs(left: list[str], right: list[str]) -> None:
    def runs(tokens: list[str]) -> set[tuple[str, ...]]:
        length = min(3, len(tokens))
        return {tuple(tokens[i : i + length]) for i in range(len(tokens) - length + 1)} if tokens else set()

    one, two = runs(left), runs(right)
    expected = len(one & two) / len(one | two) if one | two else 0.0
    hashes = [(run_hashes(tokens, 3) >> np.uint64(32)).astype(np.uint32) for tokens in (left, right)]
    assert jaccard(*(np.unique(each) for each in hashes)) == pytest.approx(expected)
    assert holds_any(run_hashes(left, 3), run_hashes(right, 3)) == bool(one & two)


def test_the_runs_of_no_text_are_none() -> None:
    assert len(all_runs([], 3)) == 0
    assert not holds_any(all_runs([], 3), run_hashes(["a"], 1))
