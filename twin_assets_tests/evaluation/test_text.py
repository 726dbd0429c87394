"""Wording, words and blocks."""

from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.evaluation.text import (
    Piece,
    blocks,
    by_turns,
    count_blocks,
    person_weights,
    sentences,
    wording,
    words,
    words_by_person,
)

MARKDOWN = """# A heading

Some *plain* text with a [link](https://example.org/a), `code`, and “quotes” — see
https://example.org/b.

- first
1. second

```python
print("no words of the author")
```
> quoted
"""


def test_the_wording_has_no_markup_code_or_typography() -> None:
    expected = 'A heading Some plain text with a link, , and "quotes" - see first second quoted'
    assert wording(MARKDOWN) == expected


def test_names_in_code_style_and_sums_keep_their_characters() -> None:
    assert wording("snake_case and 2 * 3 * 4") == "snake_case and 2 * 3 * 4"


def test_words_are_letters_with_inner_apostrophes() -> None:
    assert words("Don't stop at 24 o'clock, Zoë_x!") == ["don't", "stop", "at", "o'clock", "zoë", "x"]


def test_sentences_are_counted_by_their_ends() -> None:
    assert len(sentences('It rained. "Did it?" she asked. 12.5! ...')) == 3


def test_blocks_have_exactly_the_size_and_one_person() -> None:
    pieces = [Piece(f"d{n}", "one two, three! " * 9, "a" if n < 3 else "b") for n in range(5)]
    cut = blocks(pieces, 20)
    assert [(b.by, len(b.words)) for b in cut] == [("a", 20)] * 4 + [("b", 20)] * 2
    assert all(words(b.text) == list(b.words) for b in cut)
    assert cut == blocks(pieces[::-1], 20)


def test_blocks_are_taken_in_turn_and_people_weigh_the_same() -> None:
    cut = blocks([Piece("1", "x " * 60, "a"), Piece("2", "y " * 10, "b")], 10)
    assert [b.by for b in by_turns(cut, 3)] == ["a", "b", "a"]
    weights = person_weights(cut)
    assert sum(weights) == 1
    assert weights[-1] == 0.5


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=200))
def test_wording_never_fails_and_is_one_line(text: str) -> None:
    assert "\n" not in wording(text)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.text(alphabet="xyİß' .\n", max_size=60)), max_size=6),
    st.integers(1, 9),
)
def test_as_many_blocks_are_counted_as_are_cut(rows: list[tuple[str, str]], size: int) -> None:
    pieces = [Piece(str(n), text, by) for n, (by, text) in enumerate(rows)]
    cut = blocks(pieces, size)
    assert len(cut) == count_blocks(words_by_person(pieces), size)
    assert all(len(block.words) == size for block in cut)
