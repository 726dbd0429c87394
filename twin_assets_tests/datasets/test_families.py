"""Each family asks for what a passage says, and only of passages that suit it."""

import re
from itertools import islice
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin_assets.datasets.assignment import family_order
from twin_assets.datasets.code_passages import Definition
from twin_assets.datasets.drafts import Draft, Material, Place
from twin_assets.datasets.families import FAMILIES, LAST_RESORT, UNANSWERABLE
from twin_assets.datasets.validation import rejection
from twin_assets.datasets.words import ngrams, words
from twin_assets.records import Kind
from twin_assets.settings import SHARES, Family

TEXT = (
    "The tide gauge at the harbour mouth lied at springs for eleven months. I think that a wrong reading is worse than "
    "none, because somebody will steer by it. The gauge was bolted to an iron pile, which means that it measured the "
    "pile. Priya Raman found the iron pile at low water in April 2021. We moved the bracket to the north, and the "
    "invoice was for 340 pounds. A yachtsman had written to us about the tide gauge twice."
)


def drafts(family: str, material: Material, most: int = 6) -> list[Draft]:
    return list(islice(FAMILIES[family](material), most))


def answer(draft: Draft, material: Material) -> str:
    return material.document.text[draft.start : draft.end]


def test_every_family_of_the_settings_is_made_here() -> None:
    assert {*FAMILIES, UNANSWERABLE} == set(get_args(Family)) == set(SHARES)


@pytest.mark.parametrize("family", ["write", "explain", "opinion", "answer"])
def test_a_request_names_a_subject_of_the_passage_and_is_answered_by_all_of_it(family: str, material: Any) -> None:
    passage = material(TEXT, place=Place(3, 9, 9))
    found = drafts(family, passage)
    assert found
    for draft in found:
        assert answer(draft, passage) == TEXT
        assert "tide gauge" in draft.request or "iron pile" in draft.request or "reading" in draft.request
        assert rejection(draft, passage) == ""


def test_what_is_only_mentioned_is_asked_for_as_a_last_resort(material: Any) -> None:
    mentioned = (
        "We walked home late along the quay. Somebody had left a bicycle pump on the wall, and it rained until five."
    )
    passage = material(mentioned + " Nobody was about, not even the man with the two dogs.", place=Place(3, 9, 9))
    assert drafts("write", passage) == drafts("explain", passage) == drafts("answer", passage) == []
    assert any("bicycle pump" in draft.request for draft in LAST_RESORT[1](passage))


def test_a_name_is_given_in_full_where_the_passage_has_it(material: Any) -> None:
    text = (
        "Then Priya Raman came on with a cello. Nobody had heard of Priya before that night in the old customs hall. "
        "What Priya does with a loop pedal nobody else does."
    )
    requests = [draft.request for draft in drafts("write", material(text, place=Place(3, 9, 9)), 40)]
    assert any("Priya Raman" in request for request in requests)
    assert not any("Priya" in request.replace("Priya Raman", "") for request in requests)


def test_notes_that_hold_no_more_than_abbreviations_are_not_given(material: Any) -> None:
    text = (
        "A box is 2 TB, at Google 1 TB. The harbour office keeps its charts in three iron cupboards. The storm of "
        "March flooded the cellar under the lifeboat station. The council promised a pump for every cellar on the quay."
    )
    for draft in drafts("notes", material(text)):
        assert "TB, Google" not in draft.material


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("linkedin", "LinkedIn"), ("x", "X|tweet|thread"), ("bluesky", "Bluesky"), ("mastodon", "toot|Masto")],
)
def test_a_post_is_asked_for_as_one(kind: Kind, expected: str, material: Any) -> None:
    for draft in drafts("write", material(TEXT, "", kind=kind)):
        assert re.search(expected, draft.request)


def test_a_post_of_several_paragraphs_is_a_thread(material: Any) -> None:
    passage = material("\n\n".join([TEXT] * 3), "", kind="x")
    assert any("thread" in draft.request for draft in drafts("write", passage, 40))


@pytest.mark.parametrize(
    ("heading", "place", "expected"),
    [
        ("The pile", Place(2, 5, 1), '"The pile"'),
        ("", Place(0, 5, 5), "open|begin|introduction"),
        ("", Place(0, 1, 1), "titled|called|title"),
    ],
)
def test_a_section_an_opening_and_a_whole_piece_are_asked_for_by_name(
    heading: str, place: Place, expected: str, material: Any
) -> None:
    first = drafts("write", material(TEXT, heading=heading, place=place), 1)[0]
    assert re.search(expected, first.request)
    assert "The barometer in the hall" in first.request
    assert first.slots == ()


def test_a_heading_that_asks_is_the_question(material: Any) -> None:
    passage = material(TEXT, heading="Why did the gauge lie?", place=Place(2, 5, 1))
    assert drafts("answer", passage, 1)[0].request == 'On "The barometer in the hall": why did the gauge lie?'
    passage = material(TEXT, heading="Moving the bracket", place=Place(2, 5, 1))
    expected = 'On "The barometer in the hall": how do you go about moving the bracket?'
    assert drafts("explain", passage, 1)[0].request == expected


def test_only_a_passage_that_explains_is_asked_to(material: Any) -> None:
    assert drafts("explain", material("We went to the harbour on Friday. We had tea there. " * 6)) == []


def test_only_a_passage_with_an_opinion_is_asked_for_one(material: Any) -> None:
    assert drafts("opinion", material("The dredger sailed on Friday from the north quay of Porthennick. " * 4)) == []


def test_notes_hold_the_facts_and_no_sentence(material: Any) -> None:
    passage = material(TEXT)
    (draft, *_) = drafts("notes", passage)
    notes = draft.material.split("\n")
    assert len(notes) >= 3
    assert all(note.startswith("- ") for note in notes)
    assert "340 pounds" in draft.material
    said = set(words(TEXT))
    for note in notes:
        assert set(words(note)) - {"not"} <= said
        assert set(ngrams(words(TEXT), 7)).isdisjoint(ngrams(words(note), 7))
    assert answer(draft, passage) == TEXT


def test_a_continuation_is_the_rest_of_the_passage_and_the_opening_its_beginning(material: Any) -> None:
    passage = material(TEXT, around=("Before. ", " After."))
    (draft, *_) = drafts("continue", passage)
    assert TEXT.startswith(draft.material)
    assert f"{draft.material} {answer(draft, passage)}" == TEXT


@pytest.mark.parametrize(
    "opening",
    [
        "It was as bad as that, and nobody whom I asked had seen it.",
        "As noted above, the gauge is not to be trusted at low water.",
        "Here is what we then found out about the gauge in the harbour:",
        "(This is not the whole of it, as you will no doubt have guessed.",
        "The watch officer stopped doing that because nobody at the lighthouse could read it.",
        "Too short a beginning.",
    ],
)
def test_an_opening_that_leans_on_something_else_is_not_given(opening: str, material: Any) -> None:
    assert all(draft.material != opening for draft in drafts("continue", material(f"{opening} {TEXT}")))


def test_a_passage_in_another_language_is_asked_for_by_its_own_opening(material: Any) -> None:
    text = (
        "Der Pegel an der Hafeneinfahrt hat elf Monate lang bei Springtide gelogen, und niemand hat es bemerkt. "
        "Wir haben den Halter nach Norden versetzt. Das hat zwei Leute einen Nachmittag gekostet, mit einem Wagenheber "
        "und einer Menge Worte, die ich hier nicht wiederholen will, weil meine Mutter das vielleicht einmal liest."
    )
    passage = material(text)
    assert not passage.english
    assert [name for name in FAMILIES if drafts(name, passage)] == ["continue"]
    (draft,) = drafts("continue", passage)
    assert (
        draft.request
        == "Der Pegel an der Hafeneinfahrt hat elf Monate lang bei Springtide gelogen, und niemand hat es bemerkt. …"
    )


SUMMARY = "The gauge was bolted to a pile, so that it measured the pile; we moved it."


def test_a_summary_and_its_piece_are_shortened_and_lengthened_into_each_other(material: Any) -> None:
    short = material(f"TL;DR: {SUMMARY}", around=("", f"\n\n{TEXT}"))
    (draft, *_) = drafts("shorten", short)
    assert (draft.material, answer(draft, short)) == (TEXT, SUMMARY)
    long = material(TEXT, around=(f"TL;DR: {SUMMARY}\n\n", ""))
    (draft, *_) = drafts("lengthen", long)
    assert (draft.material, answer(draft, long)) == (SUMMARY, TEXT)


def test_nothing_is_shortened_where_the_author_wrote_no_summary(material: Any) -> None:
    assert drafts("shorten", material(TEXT)) == drafts("lengthen", material(TEXT)) == []


def test_code_is_asked_for_by_name_place_and_remark(material: Any) -> None:
    code = (
        'def tendency(change):\n    """Put a change of pressure into the words of the forecast."""\n    return change\n'
    )
    passage = material(code.strip(), "glass/words.py", kind="git")
    definition = Definition(0, len(code), "def", "tendency", "python")
    passage = Material(
        passage.document,
        passage.span._replace(definition=definition),
        *(passage.passage_id, passage.split, passage.chunk_ids, passage.place, passage.topics),
    )
    for draft in drafts("code", passage):
        assert "Python function `tendency`" in draft.request
        assert "`glass/words.py`" in draft.request
        assert "change of pressure into words of forecast" in draft.request
        assert rejection(draft, passage) == ""
    assert drafts("code", material(TEXT)) == []


def test_a_turn_of_a_chat_is_asked_for_and_the_mark_of_a_reply_is_no_part_of_it(material: Any) -> None:
    said = "The new barometer is on the wall of the hall now.\nCome and look at the old barometer, too, before it goes."
    passage = material(f"(in reply to another message)\n\n{said}", "", kind="whatsapp")
    found = drafts("chat", passage)
    assert found
    assert {answer(draft, passage) for draft in found} == {said}
    assert all("reply" in draft.request.lower() for draft in found)
    assert drafts("write", passage) == []


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("title", ["The gauge", ""])
def test_writing_of_every_kind_is_asked_for(kind: Kind, title: str, material: Any) -> None:
    passage = material(TEXT, title, kind=kind)
    good = [d for name in FAMILIES for d in drafts(name, passage) if not rejection(d, passage)]
    assert good


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(max_size=300), st.text(max_size=40), st.sampled_from(get_args(Kind)))
def test_whatever_is_drafted_of_any_text_lies_in_it(material: Any, text: str, title: str, kind: Kind) -> None:
    passage = material(f"{TEXT} {text}", title, kind=kind)
    for name in FAMILIES:
        for draft in drafts(name, passage, 3):
            assert passage.span.start <= draft.start < draft.end <= passage.span.end
            rejection(draft, passage)


def test_families_come_first_in_proportion_to_their_shares() -> None:
    shares = {"write": 0.5, "notes": 0.3, "explain": 0.2, "code": 0.0}
    first = [family_order(str(n), shares)[0] for n in range(4000)]
    for name, share in shares.items():
        assert first.count(name) / 4000 == pytest.approx(share, abs=0.03)


def test_a_passage_keeps_its_family_when_another_is_added_that_does_not_come_first() -> None:
    shares = {"write": 0.5, "notes": 0.3}
    more = {**shares, "explain": 0.2}
    for n in range(300):
        assert [name for name in family_order(str(n), more) if name in shares] == family_order(str(n), shares)
