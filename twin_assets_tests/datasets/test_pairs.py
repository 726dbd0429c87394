"""What makes a pair worth learning from: length, likeness, grounding; and the plain text that is rejected."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.datasets.pairs import (
    FEWEST,
    LENGTH_RATIO,
    fitted,
    grounding,
    length_bias,
    similarity,
    unbalanced,
    unusable,
)
from twin_assets.datasets.plain import plain
from twin_assets.datasets.words import word_count
from twin_assets.prompts import NOT_WRITTEN
from twin_assets_tests.datasets.conftest import paragraph

CHOSEN = "The kettle was on before the fog came in, and nobody had asked me whether I minded the damp."
OTHER = "Weather in coastal regions can change quickly, so it is important to prepare for it in advance each day."


@pytest.mark.parametrize(
    ("rejected", "reason"),
    [
        (OTHER, ""),
        ("", "empty"),
        (CHOSEN.upper(), "identical"),
        ("I'm sorry, but I cannot do that for you at the moment, whatever you say to me.", "refusal"),
        ("No fog.", "length"),
        (f"{OTHER} " * 5, "length"),
        (CHOSEN.replace("kettle", "stove"), "too_similar"),
    ],
)
def test_a_pair_that_teaches_nothing_has_a_reason(rejected: str, reason: str) -> None:
    assert unusable(CHOSEN, rejected, "") == reason


def test_an_answer_that_the_passages_support_better_is_not_rejected() -> None:
    context = f"[1] Weather\n<<<\n{OTHER}\n>>>"
    assert unusable(CHOSEN, OTHER, context) == "better_grounded"
    assert unusable(OTHER, CHOSEN, context) == ""
    assert unusable(NOT_WRITTEN, "Weather in coastal regions can change quickly indeed.", context) == ""


def test_grounding_is_the_share_of_what_is_said_that_the_source_says() -> None:
    assert grounding(OTHER, f"As I said: {OTHER}") == 1.0
    assert grounding(CHOSEN, OTHER) == 0.0
    assert grounding("It is so.", OTHER) == 0.0
    half = grounding("Coastal regions. Purple elephants dance.", "coastal regions elsewhere")
    assert 0 < half < 1


def test_an_answer_is_cut_to_whole_sentences_nearest_to_the_length_wanted() -> None:
    text = 'One two three. "Four five six." Seven eight nine? And this one was never fin'
    assert fitted(text, 3) == "One two three."
    assert fitted(text, 6) == 'One two three. "Four five six."'
    assert fitted(text, 50) == 'One two three. "Four five six." Seven eight nine?'
    assert fitted("  never finished at all ", 2) == "never finished at all"
    assert fitted("", 5) == ""


@given(st.text(), st.integers(1, 300))
def test_a_fitted_answer_is_a_beginning_of_it_and_fits_when_fitted_again(text: str, wanted: int) -> None:
    cut = fitted(text, wanted)
    assert text.strip().startswith(cut)
    assert fitted(cut, wanted) == cut


@given(st.lists(st.floats(math.log(LENGTH_RATIO[0]), math.log(LENGTH_RATIO[1])), max_size=60))
def test_leaving_out_the_most_one_sided_bounds_the_bias_or_stops_at_half(ratios: list[float]) -> None:
    out = unbalanced(ratios)
    left = [r for n, r in enumerate(ratios) if n not in out]
    assert length_bias(left).bounded or len(out) == len(ratios) // 2 or len(ratios) < FEWEST
    if length_bias(ratios).bounded:
        assert out == set()


def test_what_people_said_counts_for_the_bias_and_is_never_left_out() -> None:
    ratios = [0.5] * 16 + [-0.5] * 16
    assert unbalanced(ratios) == set()
    assert unbalanced(ratios, [1.0] * 8) <= set(range(16))
    assert unbalanced(ratios, [1.0] * 8)


@pytest.mark.parametrize(
    ("text", "flat"),
    [
        ("Well, I don't mind.", "I do not mind."),
        ("It's *quite* good -- really!", "It is good. Really."),
        ("He'd gone; she's already left.", "He'd gone. She's already left."),
        ("# Fog\n\n- First one.\n- Second one.", "Fog. First one. Second one."),
        ("See [the log](https://example.org/log) (it is long).", "See the log, it is long."),
        ("I came, but the door was shut.", "I came. However, the door was shut."),
        ("```\ncode()\n```", ""),
        ("", ""),
    ],
)
def test_plain_prose_says_the_same_without_the_manner(text: str, flat: str) -> None:
    assert plain(text) == flat


def test_connectives_are_put_before_sentences_that_do_not_begin_with_a_name() -> None:
    text = plain("Rain fell. Wind blew. The boat sank. Nobody swam. Truro was far. It was cold. The end came.")
    assert any(text.count(word) for word in ("Additionally,", "Furthermore,", "Moreover,", "It is important to note"))
    assert " Truro was far." in text


@given(st.text())
def test_plain_prose_is_one_line_and_the_same_each_time(text: str) -> None:
    flat = plain(text)
    assert flat == plain(text)
    assert "\n" not in flat


def test_plain_prose_keeps_what_is_said() -> None:
    text = "So, I think it's over; " + paragraph("x", 6) + " And I don't mind, but it was *really* cold!"
    flat = plain(text)
    assert grounding(flat, text) > 0.75
    assert 0.3 < similarity(flat, text) < 1.0
    assert 0.8 < word_count(flat) / word_count(text) < 1.3
