"""Search: both ways of finding, fusion, diversity, privacy, odd queries, and new versions."""

import math
import threading
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin_assets.errors import StorageError
from twin_assets.features.active import activate, table_of
from twin_assets.features.index import build_indexes
from twin_assets.records import ChunkEmbedding
from twin_assets.retrieval import Searcher
from twin_assets.retrieval.fusion import hybrid_score, reciprocal_rank_fusion
from twin_assets.settings import RetrievalSettings
from twin_assets.storage import TableStore
from twin_assets.storage.maintenance import drop


def ids(passages):
    return [passage.chunk_id for passage in passages]


HOW = RetrievalSettings()


def test_what_both_searches_find_comes_first(write, store, topics):
    write(
        {"text": "The sea was calm around the lighthouse", "title": "Keeping watch"},
        {"text": "A database without indexes"},
        {"text": "Sea, sea, sea"},
        {"text": "The lighthouse of the garden"},
    )
    found = Searcher(store, topics).search("lighthouse by the sea", 3)
    assert ids(found)[0] == "c0"
    first = found[0]
    assert (first.title, first.url, first.kind, first.scope) == (
        "Keeping watch",
        "https://example.org/0",
        "markdown",
        "public",
    )
    assert first.text[first.start : first.end] == first.text
    scores = first.scores
    terms = len({"lighthouse", "by", "the", "sea"})
    assert first.score == scores.fused
    assert scores.fused == hybrid_score(1 - scores.vector_distance, scores.text_score, terms, 4, HOW)
    assert (scores.vector_rank, scores.text_rank) == (1, 1)
    assert scores.rerank is None
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)


def test_words_are_found_that_the_vectors_do_not_know(write, store, topics):
    write(*({"text": f"sea number {n}"} for n in range(30)), {"text": "zymurgy in the clock"})
    found = Searcher(store, topics).search("zymurgy", 3)
    assert "c30" in ids(found)


def test_headings_are_searched_too(write, store, topics):
    write({"text": "Words.", "heading_path": "On zymurgy > Yeast"}, {"text": "Other words."})
    build_indexes(store, 4)
    assert ids(Searcher(store, topics).search("zymurgy", 1)) == ["c0"]


def test_one_document_does_not_fill_the_results(write, store, topics):
    chunks = [{"text": f"sea sea {n}", "document_id": "long"} for n in range(6)]
    write(*chunks, {"text": "a sea"}, {"text": "sea and garden"})
    found = Searcher(store, topics).search("sea", 4)
    assert [p.document_id for p in found].count("long") == 2
    assert len(Searcher(store, topics).search("sea", 7)) == 7


@pytest.mark.parametrize(
    "query",
    [
        '"unclosed',
        "a AND (b OR",
        "NOT *",
        "text:sea^2~",
        "'; DROP TABLE x; --",
        "???",
        "🙂",
        "\x00",
        "sea " * 20_000,
        "x" * 100_000,
    ],
)
@pytest.mark.parametrize("indexed", [True, False])
def test_there_is_no_query_that_fails(write, store, topics, query, indexed):
    write({"text": "The sea"}, {"text": "a clock"})
    if indexed:
        build_indexes(store, 4)
    assert len(Searcher(store, topics).search(query, 2)) == 2


@pytest.mark.parametrize(("query", "k"), [("", 5), (" \n\t", 5), ("sea", 0)])
def test_nothing_asked_for_is_nothing_found(write, store, topics, query, k):
    write({"text": "The sea"})
    assert Searcher(store, topics).search(query, k) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=40), k=st.integers(1, 6))
def test_any_query_finds_at_most_k_different_passages(write, store, topics, query, k):
    write(*({"text": f"The sea and the clock {n}", "document_id": f"d{n % 3}"} for n in range(5)))
    found = ids(Searcher(store, topics).search(query, k))
    assert len(found) == len(set(found)) <= k


def test_a_new_version_is_seen_without_a_new_searcher(write, store, topics):
    write({"text": "The sea"})
    searcher = Searcher(store, topics)
    assert ids(searcher.search("clock", 5)) == ["c0"]
    write({"text": "The sea"}, {"text": "A clock"})
    assert ids(searcher.search("clock", 1)) == ["c1"]
    write({"text": "The sea"})
    assert ids(searcher.search("clock", 5)) == ["c0"]


def test_a_table_that_another_one_replaced_and_that_is_gone_is_searched_no_more(write, store, topics):
    write({"text": "The sea"})
    searcher = Searcher(store, topics)
    assert ids(searcher.search("sea")) == ["c0"]
    moved, record = store.read(ChunkEmbedding), table_of(topics.name)
    store.sync(record, [replace(row, chunk_id="moved") for row in moved], schema=record.schema_for(4))
    activate(store, topics.name, "topics")
    drop(store, ChunkEmbedding.TABLE)
    assert ids(searcher.search("sea")) == ["moved"]


def test_searching_goes_on_while_the_table_is_written(write, store, topics):
    write({"text": "The sea"})
    searcher, faults, done = Searcher(store, topics), [], threading.Event()

    def search():
        while not done.is_set():
            found = searcher.search("sea", 3)
            if not found:
                faults.append(found)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for size in range(1, 12):
            write(*({"text": f"The sea {n} {size}"} for n in range(size)))
            build_indexes(store, 4)
    finally:
        done.set()
        for thread in threads:
            thread.join(timeout=60)
    assert faults == []
    assert not any(thread.is_alive() for thread in threads)


def test_a_feature_store_that_is_not_there_yet_says_what_to_do(tmp_path, topics):
    searcher = Searcher(TableStore(str(tmp_path)), topics)
    with pytest.raises(StorageError, match="no table 'chunk_embeddings'") as error:
        searcher.search("sea")
    assert "materialize" in error.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_an_empty_feature_store_finds_nothing(write, store, topics):
    write()
    assert Searcher(store, topics).search("sea") == []


def test_vectors_of_another_model_are_refused(write, store, topics):
    write({"text": "The sea", "embedder": "other@1"})
    searcher = Searcher(store, topics)
    with pytest.raises(StorageError, match="embedded by 'other@1', not by 'topics@1'"):
        searcher.search("sea")
    write({"text": "The sea"})
    assert ids(searcher.search("sea")) == ["c0"]


def test_reciprocal_rank_fusion_is_the_published_sum():
    fused = reciprocal_rank_fusion([({"a": 1, "b": 2}, 1.0), ({"b": 1, "c": 2}, 1.0)])
    assert list(fused) == ["b", "a", "c"]
    assert fused == pytest.approx({"a": 1 / 61, "b": 1 / 61 + 1 / 62, "c": 1 / 62})


@given(
    similarity=st.floats(-1, 1),
    bm25=st.floats(0, 60),
    more=st.floats(0.01, 1),
    terms=st.integers(0, 40),
    rows=st.integers(0, 10**7),
)
def test_a_nearer_chunk_or_one_with_more_of_the_words_is_never_worse(similarity, bm25, more, terms, rows):
    score = hybrid_score(similarity, bm25, terms, rows, HOW)
    assert hybrid_score(similarity + more, bm25, terms, rows, HOW) > score
    assert hybrid_score(similarity, bm25 + more, terms, rows, HOW) >= score


def test_the_words_decide_where_they_match_as_they_stand_and_the_vectors_where_they_hardly_do():
    verbatim, unlike, few, near = (0.3, 30.0), (0.6, 15.0), (0.3, 8.0), (0.6, 5.0)
    assert hybrid_score(*verbatim, 4, 5000, HOW) > hybrid_score(*unlike, 4, 5000, HOW)
    assert hybrid_score(*few, 4, 5000, HOW) < hybrid_score(*near, 4, 5000, HOW)


def test_a_chunk_that_only_its_words_found_is_compared_by_its_vector_too(write, store, topics):
    write(*({"text": "sea"} for _ in range(5)), {"text": "zymurgy, yeast and a garden"})
    found = Searcher(store, topics, RetrievalSettings(candidates=2, text_weight=50)).search("zymurgy yeast sea", 2)
    (garden,) = [passage for passage in found if passage.chunk_id == "c5"]
    assert garden.scores.vector_rank is None
    one, other = topics.embed(["zymurgy yeast sea", "zymurgy, yeast and a garden"])
    cosine = sum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))
    assert 1 - garden.scores.vector_distance == pytest.approx(cosine, abs=1e-5)


def test_a_ranking_of_twice_the_weight_counts_twice():
    assert reciprocal_rank_fusion([({"a": 1}, 1.0), ({"b": 1}, 2.0)]) == pytest.approx({"b": 2 / 61, "a": 1 / 61})


def test_a_search_of_no_weight_is_left_out(write, store, topics):
    write({"text": "The sea"}, {"text": "zymurgy in the clock"})
    by_text = Searcher(store, topics, RetrievalSettings(vector_weight=0)).search("zymurgy by the sea", 5)
    assert all(passage.scores.vector_rank is None for passage in by_text)
    by_vector = Searcher(store, topics, RetrievalSettings(text_weight=0)).search("zymurgy by the sea", 5)
    assert all(passage.scores.text_rank is None for passage in by_vector)
    assert ids(by_vector)[0] == "c0"
