"""Noun phrases say what a sentence is about, as another would say it to the author."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.datasets.phrases import article, noun_phrases
from twin_assets.datasets.tagging import sentences, tagged
from twin_assets.datasets.topics import Topics


def phrases(text: str) -> dict[str, bool]:
    """The phrases of a text, and whether each is understood alone."""
    return {phrase.text: phrase.alone for phrase in noun_phrases([tagged(one) for one in sentences(text)])}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The notifier pattern for Postgres comes in.", "the notifier pattern for Postgres"),
        ("We measured the health of the whole system.", "the health of the whole system"),
        ("It uses `pg_uuid_t` to store them.", "`pg_uuid_t`"),
        ("Oil prices are back.", "oil prices"),
        ("Postgres has an amazing ability.", "an amazing ability"),
        ("We bought a particularly good lantern.", "a good lantern"),
        ("He upgraded to Rails 7.1 in June.", "Rails 7.1"),
        ("They came for my old barometer.", "your old barometer"),
    ],
)
def test_a_phrase_is_named_as_one_would_say_it(text: str, expected: str) -> None:
    assert expected in phrases(text)


@pytest.mark.parametrize("text", ["This idea is old.", "Its size changed.", "Every other boat sank."])
def test_what_points_back_is_no_phrase(text: str) -> None:
    found = phrases(text)
    assert not {"this idea", "its size", "idea", "size", "other boat"} & set(found)


def test_a_bare_noun_with_an_article_needs_what_went_before() -> None:
    assert phrases("The transaction failed at the harbour wall.") == {
        "the transaction": False,
        "the harbour wall": True,
    }


def test_an_example_that_is_brought_in_by_say_is_named_without_it() -> None:
    assert "Berlin" in phrases("A city gets cheap again, say Berlin in the nineties.")
    assert not [phrase for phrase in phrases("We looked at say Berlin and Leipzig.") if phrase.startswith("say")]


@pytest.mark.parametrize(
    "text", ["They fit a 45 minute episode on it.", "It pulled in other modules.", "It has multiple applications."]
)
def test_what_is_left_of_a_count_or_of_others_is_not_understood_alone(text: str) -> None:
    found = phrases(text)
    assert not any(
        alone
        for phrase, alone in found.items()
        if phrase in ("minute episode", "other modules", "multiple applications")
    )


def test_an_empty_noun_gives_way_to_what_follows_it() -> None:
    assert "armoured cable" in phrases("We laid a number of metres of armoured cable.")


def test_a_verb_that_looks_like_a_noun_does_not_begin_a_phrase() -> None:
    assert not [text for text in phrases("Postgres only ships new features once a year.") if text.startswith("ships")]


def test_a_name_keeps_its_capital_at_the_beginning_and_a_common_noun_does_not() -> None:
    found = phrases("Priya Raman came. Lanterns burn. Ruby is slow, and I like Ruby.")
    assert {"Priya Raman", "lanterns", "Ruby"} <= set(found)


def test_sentences_are_told_apart_but_not_at_abbreviations() -> None:
    assert sentences("Take one, e.g. Patriot, with you. Then go.\n\n- An *item*\n- [Another](http://x.org)") == [
        "Take one, e.g. Patriot, with you.",
        "Then go.",
        "An item",
        "Another",
    ]


@pytest.mark.parametrize(
    ("word", "expected"), [("UUID", "a "), ("hour glass", "a "), ("object", "an "), ("SQL", "an ")]
)
def test_the_article_goes_by_the_sound_as_far_as_letters_tell(word: str, expected: str) -> None:
    assert article(word) == expected


def test_a_counted_noun_gets_its_article_and_a_mass_noun_does_not() -> None:
    topics = Topics(["I made a fixture, and a fixture that I kept. Weather is weather. A test fixture is a fixture."])
    assert topics.counted("fixture")
    assert not topics.counted("weather")


def test_subjects_that_are_said_again_and_early_come_first() -> None:
    text = "The tide gauge lied. Somebody had moved the tide gauge. A yachtsman wrote a long letter about it."
    topics = Topics([text, "Other words of another passage.", "And a third one."])
    ranked = topics.ranked(noun_phrases([tagged(one) for one in sentences(text)]), text, "")
    assert ranked[0].text == "the tide gauge"


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for phrase in noun_phrases([tagged(one) for one in sentences(text)]):
        assert phrase.text
        assert phrase.stems
