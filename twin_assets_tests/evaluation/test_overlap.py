"""The longest run of words that a text shares with the training text."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.evaluation.overlap import Match, longest_matches, summarize
from twin_assets.evaluation.text import Piece

NAUGHT = Match(words=0, passage="", document="")


def shared_words_by_brute_force(text: str, training: list[str]) -> int:
    words = text.split()
    runs = [words[i:j] for i in range(len(words)) for j in range(i + 1, len(words) + 1)]
    held = [f" {' '.join(t.split())} " for t in training]
    return max((len(run) for run in runs if any(f" {' '.join(run)} " in t for t in held)), default=0)


def test_a_recited_passage_is_found_whatever_its_case_and_punctuation() -> None:
    training = [Piece("log", "By my log, the wind was northerly; I make it ten knots."), Piece("other", "The wind.")]
    [match] = longest_matches(["She said: THE WIND was northerly (I make it twelve)."], training)
    assert match == Match(words=7, passage="THE WIND was northerly (I make it", document="log")


def test_a_run_does_not_reach_over_the_end_of_a_training_piece() -> None:
    [match] = longest_matches(["one two three four"], [Piece("a", "one two"), Piece("b", "three four")])
    assert match.words == 2


def test_nothing_shared_is_no_words() -> None:
    assert longest_matches(["alpha", "", "123 !"], [Piece("a", "omega 123")]) == [NAUGHT] * 3


def test_the_summary_counts_those_that_recite() -> None:
    long = " ".join(f"{chr(97 + n)}x" for n in range(13))
    matches = longest_matches([long, "ax bx", "none"], [Piece("a", f"before {long} after")])
    summary = summarize(matches)
    assert (summary.maximum, summary.median, summary.recited_share, summary.texts) == (13, 2, 1 / 3, 3)
    assert summary.longest.passage == long
    assert summarize([]).longest == NAUGHT


SENTENCE = st.lists(st.sampled_from(["a", "b", "c"]), max_size=14).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(SENTENCE, min_size=1, max_size=4), st.lists(SENTENCE, max_size=4))
def test_it_agrees_with_brute_force(texts: list[str], training: list[str]) -> None:
    matches = longest_matches(texts, [Piece(str(n), t) for n, t in enumerate(training)])
    assert [m.words for m in matches] == [shared_words_by_brute_force(t, training) for t in texts]
    for text, match in zip(texts, matches, strict=True):
        assert match.passage in text
        assert not match.words or re.search(rf"\b{match.passage}\b", training[int(match.document)])
