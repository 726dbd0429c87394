"""What neither a teacher nor a template may ask."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.datasets.drafts import Draft
from twin_assets.datasets.quality import unfit
from twin_assets.datasets.validation import copies, rejection, taught_rejection, tidied

ANSWER = (
    "The barometer in the hall fell four millibars before breakfast, and I told nobody. By noon the boats that had "
    "gone out to the herring were coming home under storm canvas in the rain, one behind the other."
)


@pytest.mark.parametrize(
    "instruction",
    [
        "Why did the barometer in the hall matter to the boats?",
        "What happened when the barometer fell before breakfast?",
        "Describe the boats coming home from the herring.",
        "Tell me about the day when your barometer fell",
        "In a storm, how do the boats come home?",
        "How does Gull Rock weather reach the herring boats?",
    ],
)
def test_a_good_instruction_is_taken(instruction: str, material: Any) -> None:
    assert taught_rejection(instruction, material(ANSWER, "Letters on weather from Gull Rock")) == ""


@pytest.mark.parametrize(
    ("instruction", "reason"),
    [
        ("Barometer?", "too_short"),
        ("Why " + "barometer and " * 20 + "boats?", "too_long"),
        ("Why did the barometer fall?\nBecause of the storm.", "several_lines"),
        ("Wann fällt das Barometer für große Böen ßäöüß äöü?", "language"),
        ("Pourquoi est-ce que le barometer tombe avant le repas du matin?", "language"),
        ("気圧計は なぜ 落ちた のか?", "language"),
        ("The barometer fell before the boats came.", "not_a_request"),
        ("Boats and barometer and herring, home?", "not_a_request"),
        ("What does the author say about the barometer?", "not_self_contained"),
        ("What does this passage tell about boats?", "not_self_contained"),
        ("Why did the barometer fall, as said above?", "not_self_contained"),
        ("Why were the boats that had gone out to the herring late?", "copied"),
        ("What is the best way to bake sourdough bread?", "ungrounded"),
        ("How do boats and planes and trains and rockets differ?", "ungrounded"),
        ("Why would a barometer measure another barometer?", "repeats_itself"),
        ("How did the barometer help the boats of Zanzibar?", "invented_name"),
        ("Why did the barometer fall in 1987?", "invented_name"),
        ("Tell barometer millibars boats herring canvas storm rain noon breakfast behind home.", "gives_away"),
    ],
)
def test_a_bad_instruction_is_refused_with_its_reason(instruction: str, reason: str, material: Any) -> None:
    assert taught_rejection(instruction, material(ANSWER, "")) == reason


@pytest.mark.parametrize(
    "output",
    [
        "Why did it fall?",
        ' "Why did it fall?" ',
        "Question: Why did it fall?",
        "**Question:** Why did it fall?",
        "1. Why did it fall?",
        "- Why did it fall ?",
        "Why did it fall?\n\nThe answer to this is:",
        'What is the answer to the question: What is the answer to the question "Why did it fall?"',
    ],
)
def test_what_small_models_put_around_a_question_is_taken_off(output: str) -> None:
    assert tidied(output) == "Why did it fall?"


@given(st.text(max_size=80))
def test_any_output_is_judged_without_an_error(output: str) -> None:
    from twin_assets_tests.datasets.conftest import make_material

    assert isinstance(taught_rejection(tidied(output), make_material(ANSWER)), str)


def test_eight_words_running_are_copied_and_seven_are_not() -> None:
    eight = " ".join(ANSWER.split()[4:12])
    assert copies(f"What of {eight}", ANSWER)
    assert not copies(f"What of {' '.join(ANSWER.split()[4:11])}", ANSWER)


@pytest.mark.parametrize(
    ("request_", "slots", "reason"),
    [
        ("Write about the barometer in a few lines.", ("the barometer",), ""),
        ("Write about the telescope in a few lines.", ("the telescope",), "ungrounded"),
        ("Write about 7 millibars in a few lines.", ("7 millibars",), "ungrounded"),
        ("Write.", (), "too_short"),
        ("Write about this article.", (), "not_self_contained"),
        ('Write about "this article", in your own way.', (), ""),
        ("Write to jo@mail.org about the barometer.", (), "pii"),
        ("Go on: the boats that had gone out to the herring.", (), "copied"),
    ],
)
def test_a_template_is_judged_too(request_: str, slots: tuple[str, ...], reason: str, material: Any) -> None:
    passage = material(ANSWER)
    assert rejection(Draft(request_, 0, len(ANSWER), slots=slots), passage) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ANSWER, ""),
        ("Write to me at jo.doe@mail.org about the barometer in the hall, or come round on Friday.", "pii"),
        ("Ring +44 20 7946 0958 and ask for the barometer, which will be answered at any hour.", "pii"),
        ("The account is GB29 NWBK 6016 1331 9268 19, and the barometer is paid for out of it.", "pii"),
        ("Run git clone git@github.com:jo/barometer and read what is there on the falling of the glass.", ""),
        ("Write to you@example.com in the form, and the barometer will take it for an address.", ""),
        ("As an AI language model I have no barometer, and so I cannot tell you of the glass.", "refusal"),
        ("Thanks for reading! Subscribe now to get the next letter about the barometer.", "boilerplate"),
        ("12 34 56 78 90 == 11 // 22 -- 33 ++ 44 %% 55 :: 66", "low_quality"),
        ("the fog the fog the fog the fog the fog the fog the fog", "low_quality"),
        ("It looks so:\n\n```\n" + "a_row = of_code(1)\n" * 20 + "```", "low_quality"),
    ],
)
def test_what_is_nothing_to_learn_from_has_its_reason(text: str, reason: str) -> None:
    assert unfit(text) == reason


def test_code_is_not_judged_as_prose() -> None:
    assert unfit("x = [1, 2, 3, 4, 5, 6]\ny = {1: 2}", code=True) == ""
