"""Boilerplate by frequency: what a source repeats goes, what an author repeats as a phrase stays."""

import math
import random
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.features.boilerplate import boilerplate, candidates, without_boilerplate
from twin_assets.features.clean import CleaningPolicy
from twin_assets_tests.features.cleaned import clean_documents

FOOTER = "I am a consultant for lighthouses and write about light, glass and fog every week."
LINKS = "[Buy the book](https://shop.example/book) or [hire me](https://me.example)"


def post(number: int, *tail: str) -> str:
    return "\n\n".join(
        [f"The first words of post number {number}, which nobody else has.", f"More of {number}.", *tail]
    )


def texts(result) -> list[str]:
    return [document.text for document in sorted(result.documents, key=lambda d: int(d.document_id))]


@pytest.fixture
def documents(raw):
    def make(*texts, source="blog"):
        return [raw(text, document_id=str(n), row_id=f"{source}{n}", source=source) for n, text in enumerate(texts)]

    return make


def test_a_footer_of_a_tenth_of_the_documents_goes_from_each_that_has_it(documents):
    raws = documents(*(post(n, FOOTER) if n < 3 else post(n) for n in range(30)))
    result = clean_documents(raws)
    assert texts(result) == [post(n) for n in range(30)]
    assert [(e.reason, e.document_id) for e in result.exclusions] == [("boilerplate", str(n)) for n in range(3)]
    assert result.exclusions[0].detail == f"1 x: {FOOTER[:79]}…"


def test_two_documents_or_a_smaller_share_are_no_boilerplate(documents):
    two = documents(post(0, FOOTER), post(1, FOOTER), post(2))
    assert clean_documents(two).exclusions == []
    rare = documents(*(post(n, FOOTER) if n < 3 else post(n) for n in range(31)))
    assert clean_documents(rare).exclusions == []
    assert clean_documents(rare, CleaningPolicy(boilerplate_share=0.05)).exclusions != []


def test_each_source_is_counted_for_itself(documents):
    raws = [*documents(post(0, FOOTER), post(1, FOOTER)), *documents(post(2, FOOTER), post(3, FOOTER), source="other")]
    assert clean_documents(raws).exclusions == []


def test_a_sentence_counts_by_its_words_not_by_where_its_links_point(documents):
    raws = documents(
        *(post(n, f"[Do you know somebody who would like this letter?](https://x.example/{n})") for n in range(5))
    )
    assert texts(clean_documents(raws)) == [post(n) for n in range(5)]


def test_a_short_link_to_a_different_place_each_time_stays_and_one_to_the_same_place_goes(documents):
    own = documents(*(post(n, f"[Try that here](https://x.example/{n})") for n in range(5)))
    assert clean_documents(own).exclusions == []
    same = documents(*(post(n, "[Buy the book](https://x.example/book)") for n in range(5)))
    assert texts(clean_documents(same)) == [post(n) for n in range(5)]


def test_a_short_phrase_a_heading_a_quote_an_introduction_and_code_stay(documents):
    kept = (
        "Until next week.",
        "## Conclusion",
        "> Stay hungry, stay foolish, and eat an apple every day.",
        "Here is the whole of the program that I ended up with:",
        "```\nimport antigravity, this, and, that\n```",
    )
    raws = documents(*(post(n, *kept, f"End of {n}.") for n in range(10)))
    assert clean_documents(raws).exclusions == []


def test_a_heading_goes_with_everything_below_it_only(documents):
    raws = documents(*(post(n, "## About me", FOOTER, LINKS) for n in range(5)))
    assert texts(clean_documents(raws)) == [post(n) for n in range(5)]
    own = documents(*(post(n, "## About me", FOOTER, f"This time {n}.") for n in range(5)))
    assert texts(clean_documents(own)) == [post(n, "## About me", f"This time {n}.") for n in range(5)]


def test_the_middle_of_a_long_text_is_not_looked_at(documents):
    middle = [FOOTER if n == 10 else f"Paragraph {n} of many." for n in range(30)]
    raws = documents(*("\n\n".join(f"{part} {n}" if part != FOOTER else part for part in middle) for n in range(5)))
    assert clean_documents(raws).exclusions == []


def test_the_order_of_documents_changes_nothing(documents):
    raws = documents(*(post(n, *random.Random(n).sample([FOOTER, LINKS, "## About me"], 2)) for n in range(12)))
    expected = texts(clean_documents(raws))
    for seed in range(5):
        shuffled = random.Random(seed).sample(raws, len(raws))
        assert texts(clean_documents(shuffled)) == expected


@given(
    st.lists(st.sets(st.sampled_from([-(2**63), -1, 0, 1, 2**63 - 1])), max_size=12),
    st.floats(0.01, 1),
)
def test_what_enough_documents_have_is_boilerplate(by_document, share):
    least = max(3, math.ceil(share * len(by_document)))
    counts = Counter(digest for digests in by_document for digest in digests)
    column = pa.array([sorted(digests) for digests in by_document], pa.list_(pa.int64()))
    assert boilerplate(column, share) == {digest for digest, count in counts.items() if count >= least}


def test_candidates_are_64_bit_integers_once_each():
    found = candidates(post(1, FOOTER, LINKS, FOOTER))
    assert len(found) == len(set(found)) == 3
    assert all(-(2**63) <= digest < 2**63 for digest in found)
    assert boilerplate(pa.array([], pa.list_(pa.int64())), 0.1) == frozenset()
    assert without_boilerplate("a\n\nb", ()) == ("a\n\nb", [])
