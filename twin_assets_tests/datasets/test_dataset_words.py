"""Words, stems and what marks a passage."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.datasets.markdown_blocks import blocks, prose
from twin_assets.datasets.phrases import noun_phrases
from twin_assets.datasets.tagging import sentences, tagged
from twin_assets.datasets.topics import Topics
from twin_assets.datasets.words import content_stems, ngrams, same_wording, stem, word_count, words

OTHERS = [f"The weather of the {n}th day was fair, and the water was calm in the bay." for n in range(20)]


def test_words_have_inner_marks_and_one_ideograph_is_a_word() -> None:
    assert words("Don’t use Node.js, well-known as U.S. 海図!") == [
        "don't",
        "use",
        "node.js",
        "well-known",
        "as",
        "u.s",
        "海",
        "図",
    ]
    assert word_count("") == 0


def test_wordings_are_the_same_whatever_case_and_punctuation() -> None:
    assert same_wording("*What* is fog?!") == same_wording("what is FOG")


def test_forms_of_one_word_have_one_stem() -> None:
    assert len({stem(w) for w in ("repository", "repositories")}) == 1
    assert len({stem(w) for w in ("signal", "signals", "signaled", "signaling")}) == 1
    assert content_stems("the of and a Harbour's edge edges") >= {stem("edge")}


def test_runs_are_all_there_or_none() -> None:
    assert list(ngrams(["a", "b", "c"], 2)) == [("a", "b"), ("b", "c")]
    assert list(ngrams(["a"], 2)) == []


def test_prose_is_without_code_images_addresses_and_tags() -> None:
    text = (
        "See [the log](https://a.b) of <b>fog</b>, ![img](x.png) at https://c.d\n\n```\ncode\n```\n\n{{Figure x}} end"
    )
    assert " ".join(prose(text).split()) == "See the log of fog , at end"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab >#-*`\n\r\t[]()|:1.=<~", max_size=120))
def test_blocks_are_in_order_and_hold_every_character_that_is_not_space(text: str) -> None:
    found = blocks(text)
    assert all(a.end <= b.start for a, b in pairwise(found))
    covered = {at for block in found for at in range(block.start, block.end)}
    assert all(at in covered for at, character in enumerate(text) if not character.isspace())


def ranked(text: str, named: str = "", others: list[str] = OTHERS) -> list[str]:
    """The subjects of a text among others, best first."""
    found = noun_phrases([tagged(one) for one in sentences(text)])
    return [phrase.text for phrase in Topics([*others, text]).ranked(found, text, named)]


def test_topics_are_what_others_do_not_write_about() -> None:
    text = "The tide gauge fell. I tapped the tide gauge in Penzance, and the water was calm in the bay."
    assert set(ranked(text)[:2]) == {"the tide gauge", "Penzance"}


def test_topics_that_the_title_names_come_first() -> None:
    text = "We went to Penzance and to Newlyn."
    assert [ranked(text, title)[0] for title in ("On Penzance", "On Newlyn")] == ["Penzance", "Newlyn"]


def test_names_of_two_words_stay_together() -> None:
    assert ranked("Then we saw Gull Rock from the deck. The light at Gull Rock was out.")[0] == "Gull Rock"


def test_a_passage_of_nothing_but_common_words_has_no_topics() -> None:
    assert ranked("it is what it is") == []
    assert ranked("", others=[]) == []
