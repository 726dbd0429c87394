"""Passages are the author's own text, verbatim, and nothing else."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.datasets.passages import cut, passages
from twin_assets.digests import document_id
from twin_assets.records import CorpusDocument

PROSE = "The kettle was on before the fog came in and nobody on the quay had said a word about it until noon."


def of_text(text: str) -> CorpusDocument:
    quality = (1.0, 1.0, 1.0, 0.0, 0.0, 1.0, True, True, "")
    place = (document_id("markdown", "a"), "markdown", "", (), ("blog",), (), "Title")
    return CorpusDocument(*place, text, None, "public", 0, "en", "", *quality)  # type: ignore[arg-type]


def words_as_tokens(texts: list[str]) -> list[int]:
    return [len(re.findall(r"\w+|[^\w\s]|\n", text)) for text in texts]


LINES = st.sampled_from(
    [
        PROSE,
        "I keep the ledger in ink, and I have kept it so since I was nineteen, which is long ago now.",
        "A short line:",
        "",
        "",
        "> OTHERWORDS that somebody else wrote, and that are not mine to train on at all, however good.",
        ">OTHERWORDS",
        "- a list item about the aerial, the mast and the lead that runs between the two of them in all weathers",
        "- > OTHERWORDS inside a list item that I only quoted",
        "  more of the list item that stands above, as far as there is one",
        "## A heading",
        "# Title",
        "---",
        "```",
        "    indented code or a continuation",
        "[a link](https://example.org) and [another](https://example.org/2)",
        "[ref]: https://example.org/3",
        "![a photograph](lamp.jpg)",
        "| a | b |",
        "|---|---|",
        "<div>",
        "\u2028odd line end\u2028",
        "tab\tand\r carriage return",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, max_size=30), st.sampled_from(["\n", "\n\n", "\r\n"]), st.integers(25, 120))
def test_every_passage_is_a_verbatim_span_within_the_limit(lines: list[str], end: str, limit: int) -> None:
    document = of_text(end.join(lines))
    last = 0
    for passage in passages(document, words_as_tokens, limit, 5):
        assert passage.text == document.text[passage.start : passage.end]
        assert passage.text == passage.text.strip()
        assert passage.start >= last
        assert words_as_tokens([passage.text])[0] <= limit
        last = passage.end


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES.filter(lambda line: "```" not in line and not line.startswith("    ")), max_size=30))
def test_no_passage_holds_a_quoted_word(lines: list[str]) -> None:
    for passage in passages(of_text("\n".join(lines)), words_as_tokens, 100, 5):
        assert "OTHERWORDS" not in passage.text


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.sampled_from([PROSE, "I went up the mast."]), min_size=1, max_size=5), max_size=8))
def test_no_paragraph_of_plain_prose_is_lost_or_used_twice(paragraphs: list[list[str]]) -> None:
    texts = [f"{' '.join(sentences)} Mark{n}x." for n, sentences in enumerate(paragraphs)]
    found, exclusions = cut(of_text("\n\n".join(texts)), words_as_tokens, 60, 0)
    joined = "\n".join(passage.text for passage in found)
    assert [joined.count(f"Mark{n}x") for n in range(len(texts))] == [1] * len(texts)
    assert exclusions == []


def test_paragraphs_are_packed_whole_under_their_heading(document: Any, tokens: Any) -> None:
    text = f"{PROSE}\n\n# One\n\n{PROSE} First.\n\n{PROSE} Second.\n\n## Two\n\n{PROSE} Third."
    found = passages(document(text), tokens, 120, 5)
    assert [passage.heading_path for passage in found] == [(), ("One",), ("One", "Two")]
    assert found[1].text == f"{PROSE} First.\n\n{PROSE} Second."


def test_a_heading_of_the_same_level_replaces_the_one_before_it(document: Any, tokens: Any) -> None:
    text = "\n\n".join(f"{mark} {name}\n\n{PROSE} {name}." for mark, name in [("##", "A"), ("###", "B"), ("##", "C")])
    assert [p.heading_path for p in passages(document(text), tokens, 100, 5)] == [("A",), ("A", "B"), ("C",)]


def test_a_heading_that_repeats_the_title_says_nothing(document: Any, tokens: Any) -> None:
    found = passages(document(f"# The Barometer in the Hall\n\n{PROSE}"), tokens, 100, 5)
    assert [passage.heading_path for passage in found] == [()]


@pytest.mark.parametrize(
    "heading", ["## The *long* `dash` (#dash)", "## [The long](x) dash {#dash}", "The long dash\n---"]
)
def test_a_heading_is_taken_without_markup_and_anchor(document: Any, tokens: Any, heading: str) -> None:
    assert passages(document(f"{heading}\n\n{PROSE}"), tokens, 100, 5)[0].heading_path == ("The long dash",)


def test_a_paragraph_above_a_rule_is_not_taken_for_a_heading(document: Any, tokens: Any) -> None:
    found = passages(document(f"{PROSE}\n---\n{PROSE}"), tokens, 100, 5)
    assert [passage.text for passage in found] == [PROSE, PROSE]


def test_passages_of_one_section_are_about_equally_long(document: Any, tokens: Any) -> None:
    text = "\n\n".join(f"{PROSE} {n}." for n in range(10))
    lengths = tokens([passage.text for passage in passages(document(text), tokens, 200, 5)])
    assert len(lengths) == 2
    assert max(lengths) - min(lengths) <= 25


def test_a_passage_ends_before_a_quote_and_the_next_begins_after_it(document: Any, tokens: Any) -> None:
    text = f"{PROSE}\n\n> Somebody else said this.\n> And this\nand this lazily.\n\n{PROSE}"
    found, exclusions = cut(document(text), tokens, 200, 5)
    assert [passage.text for passage in found] == [PROSE, PROSE]
    assert [exclusion.reason for exclusion in exclusions] == ["quote"]


def test_a_quote_mark_inside_code_is_not_a_quote(document: Any, tokens: Any) -> None:
    text = f"{PROSE}\n\n```\n> select * from watches;\n```"
    assert [passage.text for passage in passages(document(text), tokens, 200, 5)] == [text]


def test_a_quote_in_html_goes_on_until_it_is_closed(document: Any, tokens: Any) -> None:
    quote = "<blockquote>\n\nWhat another said, in a paragraph of its own.\n\n</blockquote>"
    found = passages(document(f"{PROSE}\n\n{quote}\n\n{PROSE}"), tokens, 200, 5)
    assert [passage.text for passage in found] == [PROSE, PROSE]


def test_code_stays_with_its_prose_where_it_fits(document: Any, tokens: Any) -> None:
    code = "```\nlog(watch)\n```"
    text = f"{PROSE}\n\n{PROSE} Like this:\n\n{code}\n\n{PROSE}"
    found = passages(document(text), tokens, 60, 5)
    assert [code in passage.text for passage in found] == [False, True, False]
    assert found[1].text.startswith(f"{PROSE} Like this:")


def test_code_that_does_not_fit_is_left_out_and_its_prose_kept(document: Any, tokens: Any) -> None:
    code = "```\n" + "log(watch)\n" * 40 + "```"
    found, exclusions = cut(document(f"{PROSE}\n\n{code}\n\n{PROSE}"), tokens, 60, 5)
    assert [passage.text for passage in found] == [PROSE, PROSE]
    assert [exclusion.reason for exclusion in exclusions] == ["code"]


def test_a_long_paragraph_is_parted_between_sentences(document: Any, tokens: Any) -> None:
    text = " ".join(f"{PROSE[:-1]} for the {n}th time." for n in range(12))
    found = passages(document(text), tokens, 80, 5)
    assert len(found) > 2
    assert " ".join(passage.text for passage in found) == text
    assert all(passage.text.endswith("time.") for passage in found)


def test_a_sentence_beyond_the_limit_is_left_out(document: Any, tokens: Any) -> None:
    found, exclusions = cut(document("and then " * 100), tokens, 50, 5)
    assert found == []
    assert [exclusion.reason for exclusion in exclusions] == ["too_long"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Too short.", "too_short"),
        ("> Only a quote, of more than five words.", "quote"),
        ("- [One link to somewhere](a)\n- [Two links to somewhere](b)", "links"),
        ("![A photograph of the whole harbour at night](a.jpg)", "links"),
        ("https://example.org/a-long-address-with-many-words-in-it", "links"),
        ("[ref]: https://example.org/a 'with a title of many words'", "links"),
        ("[^1]: A footnote of more than five words, which answers nothing.", "footnote"),
        ("<blockquote>\n<p>What another said, in HTML, in many words.</p>\n</blockquote>", "quote"),
        ("```\nprint('only code, with a good many words in it, but not one of prose')\n```", "code"),
    ],
)
def test_what_is_left_out_has_a_reason(document: Any, tokens: Any, text: str, reason: str) -> None:
    found, exclusions = cut(document(text), tokens, 100, 5)
    assert found == []
    assert [(e.stage, e.reason, e.source) for e in exclusions] == [("instruction_dataset", reason, "blog")]
    assert exclusions[0].document_id == document(text).document_id
    assert "words" in exclusions[0].detail


def test_a_sentence_that_announces_what_was_left_out_is_left_out_with_it(document: Any, tokens: Any) -> None:
    announced = "The barometer fell all morning, and I told nobody. He wrote of it so:"
    text = f"{announced}\n\n> Somebody else's words.\n\nSo it was."
    found, exclusions = cut(document(text), tokens, 100, 2)
    assert [passage.text for passage in found] == ["The barometer fell all morning, and I told nobody.", "So it was."]
    assert sorted(e.reason for e in exclusions) == ["announcement", "quote"]


def test_an_exclusion_holds_no_text_of_the_author(document: Any, tokens: Any) -> None:
    _, exclusions = cut(document("Zanzibar barometer."), tokens, 100, 5)
    assert "barometer" not in str(exclusions)


def test_an_empty_document_has_no_passages(document: Any, tokens: Any) -> None:
    assert cut(document(""), tokens, 100, 5) == ([], [])
    assert cut(document("\n \n"), tokens, 100, 5) == ([], [])


def test_a_tokenizer_that_counts_a_whole_longer_than_its_parts_breaks_no_limit(document: Any) -> None:
    def odd(texts: list[str]) -> list[int]:
        return [len(text.split()) ** 2 // 20 for text in texts]

    found = passages(document("\n\n".join([PROSE] * 8)), odd, 60, 5)
    assert all(odd([passage.text])[0] <= 60 for passage in found)
