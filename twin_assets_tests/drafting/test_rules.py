"""Platform rules: lengths, threads, hashtags, and what is pointed out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.drafting.finish import finish
from twin_assets.drafting.formats import FORMATS, RULES, utf16_length
from twin_assets.drafting.habits import Habits, measure
from twin_assets.drafting.sentences import fitted, sentences
from twin_assets.drafting.thread import thread
from twin_assets.drafting.weights import weighted_length

NO_HABITS = Habits()


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("hello", 5),
        ("é", 1),
        ("e\u0301", 1),
        ("你好", 4),
        ("こんにちは", 10),
        ("“quoted” – dash…", 17),
        ("😀", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("👍🏽", 2),
        ("🇩🇪", 2),
        ("https://example.org/" + "a" * 100, 23),
        ("https://x.org", 23),
        ("see https://example.org/a, then", 4 + 23 + 6),
        ("example.org", 23),
        ("version 1.2", 11),
        ("", 0),
    ],
)
def test_characters_weigh_what_x_says(text: str, weight: int) -> None:
    assert weighted_length(text) == weight


def test_sentences_end_where_a_reader_says_so() -> None:
    text = "I met Dr. Smith at 3.5 p.m. today. Really? J. K. said so… “Fine.” Next!\nA line of its own"
    assert sentences(text) == [
        "I met Dr. Smith at 3.5 p.m. today.",
        "Really?",
        "J. K. said so…",
        "“Fine.”",
        "Next!",
        "A line of its own",
    ]


WRITING = st.text(
    alphabet=st.sampled_from("abcdefg ABC.!?\n0123456789/é你👍\u200d🏽#"), min_size=0, max_size=1500
) | st.text(max_size=600)


@given(WRITING, st.booleans())
def test_no_post_of_a_thread_is_ever_longer_than_x_takes(text: str, numbered: bool) -> None:
    posts = thread(text, numbered)
    assert all(weighted_length(post) <= 280 for post in posts)
    assert all(post.strip() for post in posts)


@given(WRITING)
def test_a_linkedin_post_always_fits_and_finishing_it_again_changes_nothing(text: str) -> None:
    once = finish(text * 5, "linkedin_post", "medium", NO_HABITS)
    assert utf16_length(once.text) <= 3000


def test_a_text_has_the_line_breaks_of_the_field_that_it_is_edited_in() -> None:
    # What a page's text field gives back unedited must be the draft, or it would count as an edit.
    assert finish("Tea.\r\r\nKettles.\r", "linkedin_post", "medium", NO_HABITS).text == "Tea.\n\nKettles."


@given(st.text(alphabet="abc .", max_size=400), st.integers(min_value=1, max_value=100))
def test_what_is_fitted_is_within_the_limit(text: str, limit: int) -> None:
    assert len(fitted(text, limit, len)) <= limit


def test_a_thread_keeps_sentences_whole_and_paragraphs_together() -> None:
    sentence = "This is a sentence of about sixty characters, so they say."
    posts = thread(f"{sentence} {sentence}\n\n{sentence} {sentence}\n\n{' '.join([sentence] * 6)}", numbered=False)
    assert posts == [
        f"{sentence} {sentence}\n\n{sentence} {sentence}",
        " ".join([sentence] * 4),
        f"{sentence} {sentence}",
    ]


def test_a_thread_is_numbered_only_if_the_author_does() -> None:
    written = "1/ The first post.\n\n2/ The second, about 3/4 of us.\n\n3/3 The third."
    assert thread(written, numbered=False) == ["The first post.", "The second, about 3/4 of us.", "The third."]
    assert thread(written, numbered=True)[1] == "2/3 The second, about 3/4 of us."
    assert thread("Only one.", numbered=True) == ["Only one."]


def test_habits_are_measured_from_posts_as_they_were_collected() -> None:
    tagged = [
        "Kettles today.\n\n#Tea #Kettles",
        "More. {hashtag|\\#|Tea}",
        "And hashtag#Tea #Water",
        "A C# answer, no. 1",
    ]
    habits = measure(tagged)
    assert (habits.posts, habits.share) == (4, 0.75)
    assert (habits.typical, habits.most) == (2, 2)
    assert habits.tags[0] == "Tea"
    assert habits.at_end
    assert not measure(["no tags"] * 9 + ["one #tag"]).uses_hashtags
    long = "words " * 60
    assert measure([f"1/3 {long}\n\n2/3 {long}"]).numbered
    assert not measure([f"{long}\n\n{long}", f"{long} 1/2 of it"]).numbered


def test_hashtags_follow_the_habit() -> None:
    text = "All about tea and kettles.\n\n#Tea #Kettles #Water #Steam"
    none, two = measure(["a post"] * 5), measure(["tea #Tea #Kettles"] * 5)
    assert finish(text, "linkedin_post", "short", none).text == "All about tea and kettles."
    assert finish("I like #tea a lot.", "linkedin_post", "short", none).text == "I like tea a lot."
    assert finish(text, "linkedin_post", "short", two).text == "All about tea and kettles.\n\n#Tea #Kettles"
    assert finish("All about tea.", "linkedin_post", "short", two).text == "All about tea.\n\n#Tea"
    assert finish(text, "linkedin_post", "short", NO_HABITS).text == text
    assert finish(text, "article_section", "short", none).text == text


def test_a_long_post_ends_with_a_sentence_and_says_so() -> None:
    done = finish("A sentence of the post. " * 400, "linkedin_post", "long", NO_HABITS)
    assert done.text.endswith("of the post.")
    assert 2900 < done.characters <= 3000
    assert "3,000" in done.warnings[0]


def test_markup_that_a_platform_would_show_is_taken_out_and_kept_where_it_is_wanted() -> None:
    text = "## Heading\n\n**Bold** and *thin* and 2*3*4 and [a link](https://a.example/x)."
    plain = finish(text, "linkedin_post", "short", NO_HABITS, known="https://a.example/x")
    assert plain.text == "Heading\n\nBold and thin and 2*3*4 and a link (https://a.example/x)."
    assert plain.warnings == ()
    assert finish(text, "article_section", "short", NO_HABITS).text == text


def test_what_should_be_looked_at_is_said() -> None:
    done = finish("Few words.", "newsletter_section", "long", NO_HABITS, cut_off=True)
    assert ["stopped" in done.warnings[0], "2 words" in done.warnings[1]] == [True, True]
    strange = finish("See https://evil.example/a.", "x_thread", "short", NO_HABITS, known="https://good.example")
    assert "https://evil.example/a" in strange.warnings[0]


def test_every_length_leaves_half_of_the_smallest_usual_context() -> None:
    for how in FORMATS:
        lengths = [RULES[how].max_tokens(length) for length in ("short", "medium", "long")]
        assert lengths == sorted(lengths)
