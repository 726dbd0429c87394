"""Cleaning as a whole: media types, titles, short documents, and taking over what is known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.features.clean import clean, clean_documents, clean_plain
from twin_assets.features.normalize import normalize

SEVEN = "seven words make a long enough text"


def test_a_post_keeps_its_line_breaks_and_loses_its_tail_of_hashtags(raw):
    document, exclusions = clean(raw("First line.\nSecond line, #go is fine.\n\n#golang #sql\n#postgres", "text/plain"))
    assert document.text == "First line.\nSecond line, #go is fine."
    assert [e.reason for e in exclusions] == ["hashtags"]
    assert "#golang" in exclusions[0].detail


def test_one_hashtag_at_the_end_of_a_sentence_belongs_to_it():
    assert clean_plain("I have come to like #postgres") == ("I have come to like #postgres", [])


def test_linkedin_writes_hashtags_in_its_own_markup():
    assert clean_plain(r"On {hashtag|\#|rust} and hashtag#go today")[0] == "On #rust and #go today"


def test_markup_in_a_plain_post_is_left_as_it_is():
    text = "Use <b> and {{ this }} and ![not an image](x)."
    assert clean_plain(text) == (text, [])


@pytest.mark.parametrize(
    ("title", "text", "expected_title", "expected_text"),
    [
        ("A Post", f"# A post\n\n{SEVEN}", "A Post", SEVEN),
        ("A Post", f"# Another heading\n\n{SEVEN}", "A Post", f"# Another heading\n\n{SEVEN}"),
        ("", f"# Found *here*\n\n{SEVEN}", "Found here", SEVEN),
        ("", f"## A section\n\n{SEVEN}", "", f"## A section\n\n{SEVEN}"),
    ],
)
def test_a_first_heading_that_is_the_title_leaves_the_text(raw, title, text, expected_title, expected_text):
    document, _ = clean(raw(text, title=title))
    assert (document.title, document.text) == (expected_title, expected_text)


def test_a_document_of_too_few_words_is_excluded_with_the_reason_file_and_row(raw):
    document, exclusions = clean(raw("See https://example.org/a/b/c/d/e/f now", "text/plain", file="Shares.csv", row=7))
    assert document is None
    assert [(e.reason, e.file, e.row, e.stage) for e in exclusions] == [("too_short", "Shares.csv", 7, "cleaning")]
    assert exclusions[0].detail == "2 words, fewer than 5"


def test_words_of_scripts_without_spaces_are_counted(raw):
    document, _ = clean(raw("東京に行きました。", "text/plain"))
    assert document is not None
    assert document.words == 8


def test_only_the_authors_own_documents_are_cleaned(raw):
    result = clean_documents([raw(SEVEN, native_id="a"), raw(SEVEN, native_id="b", excluded="repost")], {})
    assert len(result.documents) == 1
    assert result.exclusions == []


def test_known_documents_and_their_exclusions_are_taken_over(raw, monkeypatch):
    raws = [raw(f"{SEVEN} {n} ![x](y.png)", document_id=f"d{n}") for n in range(3)]
    first = clean_documents(raws, {})
    assert {e.reason for e in first.exclusions} == {"image"}
    known = {d.document_id: d for d in first.documents}

    cleaned_again = []
    monkeypatch.setattr(
        "twin_assets.features.clean.clean", lambda raw, _: cleaned_again.append(raw.document_id) or clean(raw)
    )
    changed = [raws[0], raw(f"{SEVEN} anew", document_id="d1"), raws[2]]
    second = clean_documents(changed, known, first.exclusions)
    assert cleaned_again == ["d1"]
    assert [d.document_id for d in second.documents] == ["d0", "d1", "d2"]
    assert [e.document_id for e in second.exclusions] == ["d0", "d2"]


def test_a_higher_least_length_drops_a_known_document(raw):
    first = clean_documents([raw(SEVEN)], {})
    known = {d.document_id: d for d in first.documents}
    second = clean_documents([raw(SEVEN)], known, [], min_words=20)
    assert second.documents == []
    assert [e.reason for e in second.exclusions] == ["too_short"]


def test_a_document_that_is_gone_leaves_no_exclusions_behind(raw):
    first = clean_documents([raw(f"{SEVEN} ![x](y.png)")], {})
    assert clean_documents([], {}, first.exclusions).exclusions == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("caf\u0065\u0301", "café"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("schÃ¶n", "schön"),
        ("curly “quotes” and ﬁne ligatures stay", "curly “quotes” and ﬁne ligatures stay"),
        ("family 👨\u200d👩\u200d👧 and नमस्\u200dते", "family 👨\u200d👩\u200d👧 and नमस्\u200dते"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a  \n\n\n\n\nb\u00a0c", "a\n\nb c"),
    ],
)
def test_characters_have_one_form(text, expected):
    assert normalize(text) == expected


def test_code_keeps_every_character():
    code = "```python\nx = 'schÃ¶n\u200b'   \n\n\n\n\ty = 1\n```"
    assert normalize(f"before  \n\n{code}\n\n\n\nafter") == f"before\n\n{code}\n\nafter"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_normalizing_twice_changes_nothing(text):
    assert normalize(normalize(text)) == normalize(text)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab #\n,.-1é\u200b{}|\\hastg"), max_size=120))
def test_cleaning_a_post_twice_changes_nothing(text):
    once, _ = clean_plain(text)
    assert clean_plain(once) == (once, [])
