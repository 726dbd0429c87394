"""Cleaning as a whole: media types, titles, short documents, and taking over what is known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.features.clean import CleaningPolicy, clean, clean_plain, shown
from twin_assets.features.normalize import normalize
from twin_assets_tests.features.cleaned import clean_documents

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
    result = clean_documents([raw(SEVEN, native_id="a"), raw(SEVEN, native_id="b", excluded="repost")])
    assert len(result.documents) == 1
    assert result.exclusions == []


def test_hashtags_end_a_page_as_they_end_a_post(raw):
    document, exclusions = clean(raw(f"<p>{SEVEN}.</p><p>#one #two</p>", "text/html"))
    assert document.text == f"{SEVEN}."
    assert [e.reason for e in exclusions] == ["hashtags"]


def test_what_is_shown_outside_of_the_raw_table_is_masked(raw):
    seen = shown(raw("Write to ada@lovelace.org now", title="ada@lovelace.org"), CleaningPolicy())
    assert (seen.title, seen.text) == ("[email]", "Write to [email] now")


def test_no_exclusion_tells_what_was_masked_or_quotes_it(raw):
    text = f"{SEVEN} to ada@lovelace.org and bob@lovelace.org\n\nShare this\n\n<!-- from carol@lovelace.org -->"
    document, exclusions = clean(raw(text, title="Mail dan@lovelace.org"))
    assert document.title == "Mail [email]"
    told = {e.reason: e.detail for e in exclusions}
    assert told["pii_email"] == "3 masked"
    assert told["comment"] == "1 x: <!-- from [email] -->"
    assert "lovelace" not in f"{document.text} {document.title} {told}"


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
        ("𝗯𝗼𝗹𝗱 𝘪𝘵𝘢𝘭𝘪𝘤 𝒮𝒸𝓇𝒾𝓅𝓉 ℋℯ𝓁𝓁ℴ 𝟙𝟚", "bold italic Script Hello 12"),
        ("ⓒⓘⓡⓒⓛⓔⓓ 🅱🅻🅾🅲🅺 ꜱᴍᴀʟʟ ᴄᴀᴘꜱ", "circled BLOCK SMALL CAPS"),
        ("Ｗｉｄｅ　ｗｏｒｄｓ！", "Wide words!"),
        ("全角のＡＢＣはそのまま！", "全角のＡＢＣはそのまま！"),
        ("blood type 🅰️ and Ⓜ, ℝ is a set, ʔᴀ is phonetic", "blood type 🅰️ and Ⓜ, ℝ is a set, ʔᴀ is phonetic"),
        ("\u202bשלום\u202c \u2067עולם\u2069 abc\u200f", "שלום עולם abc"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("thin\u2009space and it’s — “fine”…", "thin space and it’s — “fine”…"),
        ("`𝗯\u200b` in code", "`𝗯\u200b` in code"),
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
