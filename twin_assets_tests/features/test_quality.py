"""The quality score: what it puts low, what it leaves alone, and that its parts say why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.features.corpus import CorpusPolicy
from twin_assets.features.quality import Quality, quality_of
from twin_assets.features.reading import read

POLICY = CorpusPolicy()
PROSE = (
    "We moved the alarms off the harbour server in the spring, and nobody slept worse for it. The old ones rang for "
    "everything, so that nobody listened, and the one that mattered rang for an hour before somebody got up.\n\n"
)
CODE = "```python\n" + "rows = [parse(line) for line in sys.stdin if line.strip()]\n" * 30 + "```\n"


def scored(text: str, language_confidence: float = 1.0) -> Quality:
    return quality_of(read(text), language_confidence)


LINK_LISTS = {
    "titles": "\n".join(f"- [A title of something to read, number {n}](https://example.org/{n})" for n in range(20)),
    "addresses": "\n".join(f"https://example.org/some/where/{n}" for n in range(20)),
    "titles before addresses": "\n".join(f"- Something to read {n}: https://example.org/a/{n}" for n in range(20)),
    "references": "\n".join(f"* [Reading, part {n}][{n}]" for n in range(20))
    + "\n\n"
    + "\n".join(f"[{n}]: https://example.org/{n}" for n in range(20)),
}
NUMBERS = {
    "rows": "\n".join(f"2024-03-{n:02d} {n * 7.31:.2f} {n * 113} {n % 7}" for n in range(1, 29)),
    "a table": "| day | high | low |\n|---|---|---|\n" + "\n".join(f"| {n} | {n * 1.7:.1f} | {n} |" for n in range(40)),
    "readings": "\n".join(f"T={n * 3}.{n % 10}C P={1000 + n}hPa" for n in range(40)),
}


@pytest.mark.parametrize("name", LINK_LISTS)
def test_a_list_of_links_is_not_trained_on(name):
    found = scored(LINK_LISTS[name])
    assert found.link_share > 0.4 or found.length_score == 0
    assert not POLICY.trainable(found.quality)


@pytest.mark.parametrize("name", ["titles", "addresses", "references"])
def test_a_list_of_nothing_but_links_is_not_searched(name):
    assert not POLICY.retrievable(scored(LINK_LISTS[name]).quality)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_dump_of_numbers_is_not_searched(name):
    found = scored(NUMBERS[name], language_confidence=0.2)
    assert not POLICY.retrievable(found.quality), found


@pytest.mark.parametrize("text", ["Test post.", "TODO: finish this note later", "asdf asdf asdf asdf asdf"])
def test_a_nearly_empty_note_is_not_trained_on(text):
    assert not POLICY.trainable(scored(text).quality)


@pytest.mark.parametrize(
    "text",
    [
        "Velocity, I am told, is up. They did not say in which direction.",
        "A dashboard is a way of being told nothing by eleven things at once.",
        "There was a conger in the drainpipe. The letter about it goes out on Sunday: https://example.org/the-conger",
        "Glass down 22 in nine hours. I am on the stairs with a torch & a biscuit.",
        "An old silent pond\nA frog jumps into the pond\nSplash and then silence",
        "古池や蛙飛びこむ水の音。静けさの中に、ただ水の音だけが残った。",
    ],
)
def test_a_good_short_post_is_trained_on(text):
    assert POLICY.trainable(scored(text, 0.95).quality)


def test_prose_with_code_and_links_is_worth_as_much_as_prose():
    mixed = PROSE * 4 + "See [the manual](https://example.org) for it.\n\n```sh\nmake deploy && make check\n```\n"
    assert scored(mixed).quality == pytest.approx(scored(PROSE * 4).quality, abs=0.05)


def test_a_listing_with_a_sentence_above_it_is_searched_and_not_trained_on():
    found = scored("This is the whole of the program that I use for it, in case that you want it:\n\n" + CODE)
    assert found.prose_share < 0.3
    assert POLICY.retrievable(found.quality)
    assert not POLICY.trainable(found.quality)


def test_repetition_counts_against_a_text():
    assert scored(PROSE).repetition == 0
    found = scored("Buy the book of the year, today only. " * 30)
    assert found.repetition > 0.9
    assert found.quality == 0


def test_a_language_that_cannot_be_told_costs_half():
    assert scored(PROSE, 0.0).quality == pytest.approx(scored(PROSE, 1.0).quality / 2, abs=1e-3)


def test_list_items_of_a_word_or_two_are_no_running_text():
    names = "\n".join(f"- Uniqlo {n}" for n in range(10))
    assert scored(names).prose_share == 0
    assert scored("- The first thing that I would do is ask.\n- Then wait.").prose_share > 0.8


def test_the_targets_of_links_are_not_read():
    assert scored("[the manual](https://example.org/a/b) is short") == scored("[the manual](/x) is short")
    assert read("the manual is short").hashes.tolist() == read("[the manual](/x/y.html) is short").hashes.tolist()


def test_the_parts_are_told_in_words():
    assert str(scored(PROSE)) == "quality 0.96: length 0.96, prose 0.97, links 0.00, repetition 0.00, language 1.00"


@given(st.text(max_size=300), st.floats(0, 1))
def test_every_part_lies_between_0_and_1(text, confidence):
    found = scored(text, confidence)
    parts = (
        found.quality,
        found.length_score,
        found.prose_share,
        found.link_share,
        found.repetition,
        found.language_confidence,
    )
    assert all(0 <= part <= 1 for part in parts), found
    assert found.quality <= found.length_score + 1e-4
