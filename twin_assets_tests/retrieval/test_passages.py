"""Chunks become passages: joined where they touch, of several documents, within a budget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.features.chunk import chunk_documents
from twin_assets.retrieval import Scores, Searcher
from twin_assets.retrieval.passages import Hit, Run, choose, extend, passage, within
from twin_assets.settings import RetrievalSettings
from twin_assets_tests.corpus_documents import corpus_document


def hit(document, position, text="ten letters"):
    start = position * 20
    return Hit(
        chunk_id=f"{document}{position}",
        document_id=document,
        position=position,
        start=start,
        end=start + len(text),
        text=text,
        heading_path="",
        title="",
        url="",
        kind="markdown",
        published_at=None,
        scope="public",
    )


def shape(runs):
    return [[one.chunk_id for one in run.hits] for run in runs]


def chosen(*ranked, k=3, per_document=2, chunks=3):
    return shape(choose([hit(name[0], int(name[1:])) for name in ranked], k, per_document, chunks))


def test_chunks_found_beside_each_other_are_one_passage_in_the_better_one_s_place():
    assert chosen("a2", "b1", "a1", "c1") == [["a1", "a2"], ["b1"], ["c1"]]


def test_a_chunk_between_two_passages_joins_them():
    assert chosen("a1", "a3", "b1", "a2", "c1", k=4) == [["a1", "a2", "a3"], ["b1"], ["c1"]]


def test_a_passage_grows_no_further_than_it_may():
    assert chosen("a1", "a2", "a3", "b1", "c1", chunks=2) == [["a1", "a2"], ["b1"], ["c1"]]


def test_one_document_has_two_passages_unless_there_are_not_enough_others():
    assert chosen("a1", "a3", "a5", "b1", "b3") == [["a1"], ["a3"], ["b1"]]
    assert chosen("a1", "a3", "a5", "b1", k=5) == [["a1"], ["a3"], ["b1"], ["a5"]]


def test_spans_that_overlap_are_never_joined():
    other = hit("a", 2, "from another version of the document, longer")
    assert shape(choose([hit("a", 3), other], 3, 2, 3)) == [["a3"], ["a2"]]


def test_neighbours_come_in_on_both_sides_and_touching_passages_become_one():
    neighbours = {("a", n): hit("a", n) for n in range(8)}
    runs = [Run(hit("a", 1), [hit("a", 1)]), Run(hit("a", 4), [hit("a", 4)])]
    assert shape(extend(runs, neighbours, 1)) == [["a0", "a1", "a2", "a3", "a4", "a5"]]


def test_a_missing_neighbour_ends_the_extension_on_its_side():
    neighbours = {("a", n): hit("a", n) for n in (0, 3, 4)}
    assert shape(extend([Run(hit("a", 2), [hit("a", 2)])], neighbours, 2)) == [["a2", "a3", "a4"]]


def count(texts):
    return [10 for _ in texts]


def test_a_passage_beyond_the_budget_loses_what_is_farthest_from_its_best_chunk():
    run = Run(hit("a", 3), [hit("a", n) for n in range(1, 5)])
    assert shape(within([run], 25, count)) == [["a2", "a3"]]


def test_a_passage_that_does_not_fit_gives_way_to_a_later_one_that_does():
    runs = [Run(hit(name, 1, text), [hit(name, 1, text)]) for name, text in (("a", "aa"), ("b", "b" * 9), ("c", "c"))]
    assert shape(within(runs, 4, lambda texts: [len(text) for text in texts])) == [["a1"], ["c1"]]


def test_the_first_passage_stays_however_small_the_budget():
    assert shape(within([Run(hit("a", 1), [hit("a", 1)]), Run(hit("b", 1), [hit("b", 1)])], 1, count)) == [["a1"]]


@given(
    names=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 6)), max_size=20, unique=True),
    k=st.integers(1, 8),
    n=st.integers(0, 3),
    budget=st.integers(0, 120),
)
def test_whatever_is_found_passages_are_runs_of_one_document_that_share_no_chunk(names, k, n, budget):
    neighbours = {(document, position): hit(document, position) for document in "abc" for position in range(7)}
    runs = extend(choose([hit(*name) for name in names], k, 2, 3), neighbours, n)
    assert len(runs) <= k
    chunks = [one.chunk_id for run in runs for one in run.hits]
    assert len(chunks) == len(set(chunks))
    for run in runs:
        positions = [one.position for one in run.hits]
        assert positions == list(range(positions[0], positions[0] + len(positions)))
        assert {one.document_id for one in run.hits} == {run.best.document_id}
        assert run.best in run.hits
    kept = within(runs, budget, count)
    assert sum(10 for run in kept for _ in run.hits) <= max(budget, 10)
    assert not runs or shape(kept)[0]


@given(st.lists(st.text(st.sampled_from("ab.\n# -"), min_size=1, max_size=30), max_size=6).map("\n\n".join))
def test_a_joined_passage_is_the_document_s_text_but_for_the_kind_of_white_space(text):
    document = corpus_document("d", text)
    chunks = chunk_documents([document], lambda texts: [len(one) // 2 + 2 for one in texts], 8)
    hits = [Hit(**{name: getattr(chunk, name) for name in Hit.__slots__}) for chunk in chunks]
    if hits:
        joined = passage(Run(hits[0], hits), Scores())
        assert len(joined.text) == joined.end - joined.start
        assert joined.text.split() == text[joined.start : joined.end].split() == text.split()


@pytest.fixture
def article(write):
    """Three chunks of one document, and another document."""
    write(
        *(
            {"text": f"{word} part", "document_id": "a", "position": n, "start": n * 12, "end": n * 12 + len(word) + 5}
            for n, word in enumerate(("first", "clock", "third"))
        ),
        {"text": "garden", "document_id": "b"},
    )


def test_neighbours_of_a_hit_are_in_its_passage(article, store, topics):
    found = Searcher(store, topics, RetrievalSettings(neighbours=1, candidates=1)).search("clock", 1)
    assert found[0].chunk_ids == ("c0", "c1", "c2")
    assert found[0].chunk_id == "c1"
    assert found[0].text == "first part\n\nclock part\n\nthird part"
    assert (found[0].start, found[0].end) == (0, 34)


def test_what_is_found_fits_the_budget(article, store, topics):
    searcher = Searcher(store, topics, RetrievalSettings(neighbours=1, candidates=1))
    assert searcher.search("clock", 1, max_tokens=4)[0].chunk_ids == ("c0", "c1")
    assert searcher.search("clock", 1, max_tokens=2)[0].chunk_ids == ("c1",)
