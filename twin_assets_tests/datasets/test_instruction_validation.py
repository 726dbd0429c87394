"""What a teacher may not write, and what a fall-back never does."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twin_assets.datasets.fallback import Topic, fallback_instruction, listed

from twin_assets.datasets.validation import copies, rejection, tidied
from twin_assets.records import Kind

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
def test_a_good_instruction_is_taken(instruction: str) -> None:
    assert rejection(instruction, ANSWER, "Letters from Gull Rock", set()) == ""


@pytest.mark.parametrize(
    ("instruction", "reason"),
    [
        ("Barometer?", "too short"),
        ("Why " + "barometer and " * 20 + "boats?", "too long"),
        ("Why did the barometer fall?\nBecause of the storm.", "several lines"),
        ("Wann fällt das Barometer für große Böen ßäöüß äöü?", "not English"),
        ("気圧計は なぜ 落ちた のか?", "not English"),
        ("The barometer fell before the boats came.", "not a request"),
        ("Boats and barometer and herring, home?", "not a request"),
        ("What does the author say about the barometer?", "speaks of the text"),
        ("What does this passage tell about boats?", "speaks of the text"),
        ("What is the answer to this question about boats?", "speaks of the text"),
        ("Why were the boats that had gone out to the herring late?", "copied"),
        ("What is the best way to bake sourdough bread?", "off topic"),
        ("Why would a barometer measure another barometer?", "repeats itself"),
        ("How did the barometer help the boats of Zanzibar?", "invented name"),
        ("Why did the barometer fall in 1987?", "invented name"),
    ],
)
def test_a_bad_instruction_is_refused_with_its_reason(instruction: str, reason: str) -> None:
    assert rejection(instruction, ANSWER, "", set()) == reason


def test_an_instruction_is_taken_once() -> None:
    taken = {"why did the barometer fall that morning"}
    assert rejection("Why did the barometer fall that morning?", ANSWER, "", taken) == "duplicate"


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


@settings(max_examples=200)
@given(st.text(max_size=80))
def test_any_output_is_judged_without_an_error(output: str) -> None:
    assert isinstance(rejection(tidied(output), ANSWER, "", set()), str)


def test_eight_words_running_are_copied_and_seven_are_not() -> None:
    eight = " ".join(ANSWER.split()[4:12])
    assert copies(f"What of {eight}", ANSWER)
    assert not copies(f"What of {' '.join(ANSWER.split()[4:11])}", ANSWER)


TOPIC = Topic(
    "markdown", "The barometer", "", ("herring", "Gull Rock", "storm canvas", "quay"), "The barometer in", False
)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("x", ("tweet", "post", "thought", "Post")),
        ("linkedin", ("LinkedIn",)),
        ("substack", ("newsletter", "subscribers")),
    ],
)
def test_a_fall_back_without_a_title_names_the_kind_of_writing(kind: str, expected: tuple[str, ...]) -> None:
    topic = Topic(kind, "", "", ("fog", "herring"), "Fog again", True)  # type: ignore[arg-type]
    for n in range(20):
        instruction = fallback_instruction(str(n), topic, lambda _: True)
        assert "fog and herring" in instruction
        assert any(word in instruction for word in expected)


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize(("title", "heading"), [("Fog", "In harbour"), ("", "")])
def test_writing_of_every_kind_has_a_fall_back(kind: Kind, title: str, heading: str) -> None:
    for alone in (True, False):
        topic = Topic(kind, title, heading, ("fog", "herring"), "Fog again", alone)
        assert fallback_instruction("one", topic, lambda _: True)
        assert "one" in fallback_instruction("one", topic, lambda _: False)


def test_fall_backs_vary_with_the_sample_and_never_with_the_run() -> None:
    found = [fallback_instruction(str(n), TOPIC, lambda _: True) for n in range(30)]
    assert len(set(found)) >= 4
    assert found == [fallback_instruction(str(n), TOPIC, lambda _: True) for n in range(30)]


def test_a_fall_back_is_found_however_many_are_taken() -> None:
    taken: set[str] = set()
    for _ in range(200):
        instruction = fallback_instruction("same", TOPIC, lambda candidate: candidate not in taken)
        assert instruction not in taken
        taken.add(instruction)


def test_a_fall_back_is_found_even_when_every_wording_is_refused() -> None:
    assert "same" in fallback_instruction("same", TOPIC, lambda _: False)


def test_a_title_that_is_a_sentence_is_not_quoted_as_a_name() -> None:
    title = "I went down to the quay this morning and there I met nobody at all whom I knew"
    topic = Topic("linkedin", title, "", ("fog",), "Fog", True)
    assert "nobody" not in fallback_instruction("a", topic, lambda _: True)


def test_quotation_marks_in_a_title_do_not_end_the_quotation() -> None:
    topic = Topic("markdown", 'On "fog"', "", (), "", True)
    assert "\"On 'fog'\"" in fallback_instruction("a", topic, lambda _: True)


def test_a_passage_without_title_and_words_is_named_by_its_opening() -> None:
    topic = Topic("x", "", "", (), "It is what it is", True)
    assert '"It is what it is"' in fallback_instruction("a", topic, lambda _: True)


def test_lists_of_words_read_as_english() -> None:
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
