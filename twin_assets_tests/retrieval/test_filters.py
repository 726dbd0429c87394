"""What a search is limited to; above all, that nothing private is found for anyone but the owner."""

import itertools
from datetime import UTC, datetime, timedelta, timezone

import pytest

from twin_assets.errors import StorageError
from twin_assets.features.index import build_indexes
from twin_assets.records import CorpusDocument
from twin_assets.retrieval import Filter, Searcher
from twin_assets.settings import RetrievalSettings
from twin_assets_tests.corpus_documents import corpus_document


def ids(passages):
    return {chunk for passage in passages for chunk in passage.chunk_ids}


def test_kinds_are_filtered(write, store, topics):
    write(
        {"text": "a clock", "kind": "x"},
        {"text": "the clock", "kind": "linkedin"},
        {"text": "clock", "kind": "substack"},
    )
    searcher = Searcher(store, topics)
    assert ids(searcher.search("clock", 5, Filter(kinds=["x", "substack"]))) == {"c0", "c2"}
    assert searcher.search("clock", 5, Filter(kinds=[])) == []
    assert searcher.search("clock", 5, Filter(kinds=["x' OR '1'='1"])) == []


def test_dates_are_a_half_open_range_in_any_zone_and_what_has_none_is_out(write, store, topics):
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    write(
        {"text": "a clock", "published_at": noon},
        {"text": "the clock", "published_at": noon + timedelta(hours=1)},
        {"text": "clock", "published_at": None},
    )
    searcher = Searcher(store, topics)
    elsewhere = noon.astimezone(timezone(timedelta(hours=-7)))
    assert ids(searcher.search("clock", 5, Filter(since=elsewhere))) == {"c0", "c1"}
    assert ids(searcher.search("clock", 5, Filter(since=noon.replace(tzinfo=None) + timedelta(seconds=1)))) == {"c1"}
    assert ids(searcher.search("clock", 5, Filter(until=noon + timedelta(hours=1)))) == {"c0"}
    assert ids(searcher.search("clock", 5)) == {"c0", "c1", "c2"}


def test_documents_are_filtered_whatever_is_in_their_ids(write, store, topics):
    write({"text": "a clock", "document_id": "it's"}, {"text": "the clock"})
    searcher = Searcher(store, topics)
    assert ids(searcher.search("clock", 5, Filter(documents=["it's"]))) == {"c0"}
    assert searcher.search("clock", 5, Filter(documents=["none' OR 'a'='a"])) == []


def test_a_cross_post_is_found_under_each_of_its_sources(write, store, topics):
    write({"text": "a clock"}, {"text": "the clock"}, {"text": "clock"})
    store.sync(
        CorpusDocument,
        [
            corpus_document("d0", sources=("blog", "letters")),
            corpus_document("d1", sources=("letters",)),
            corpus_document("d2", sources=("it's",)),
        ],
    )
    searcher = Searcher(store, topics)
    assert ids(searcher.search("clock", 5, Filter(sources=["blog"]))) == {"c0"}
    assert ids(searcher.search("clock", 5, Filter(sources=["letters"]))) == {"c0", "c1"}
    assert ids(searcher.search("clock", 5, Filter(sources=["blog", "it's"]))) == {"c0", "c2"}
    assert searcher.search("clock", 5, Filter(sources=["nowhere"])) == []
    assert searcher.search("clock", 5, Filter(sources=[])) == []


def test_a_filter_by_source_without_a_corpus_says_what_to_do(write, store, topics):
    write({"text": "a clock"})
    with pytest.raises(StorageError, match="no table 'corpus'") as error:
        Searcher(store, topics).search("clock", 5, Filter(sources=["blog"]))
    assert "materialize" in error.value.remedy


CONDITIONS = {
    "kinds": ["markdown"],
    "sources": ["blog"],
    "since": datetime(2020, 1, 1, tzinfo=UTC),
    "until": datetime(2030, 1, 1, tzinfo=UTC),
    "documents": ["d0", "d1"],
}


@pytest.fixture
def secrets(write, store):
    """One document with public and private chunks beside each other, and one that is private as a whole."""
    write(
        {"text": "a secret clock", "document_id": "d0", "position": 0, "start": 0, "end": 14, "scope": "private"},
        {"text": "a public clock", "document_id": "d0", "position": 1, "start": 15, "end": 29},
        {"text": "the hidden clock", "document_id": "d0", "position": 2, "start": 30, "end": 46, "scope": "private"},
        {"text": "clock clock clock", "document_id": "d1", "scope": "private"},
    )
    store.sync(
        CorpusDocument,
        [corpus_document("d0", sources=("blog",)), corpus_document("d1", sources=("blog",), scope="private")],
    )
    build_indexes(store, 4)
    return {"c0", "c2", "c3"}


@pytest.mark.parametrize("neighbours", [0, 2])
@pytest.mark.parametrize("expanded", [False, True])
@pytest.mark.parametrize("weights", [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0)])
def test_nothing_private_is_found_by_any_filter_search_wording_or_as_a_neighbour(
    secrets, store, topics, neighbours, expanded, weights
):
    how = RetrievalSettings(neighbours=neighbours, vector_weight=weights[0], text_weight=weights[1])
    judged = []

    def rerank(query, texts):
        judged.extend(texts)
        return [float(len(text)) for text in texts]

    def expand(query):
        return ["secret clock", "the hidden clock"] if expanded else []

    searcher = Searcher(store, topics, how, rerank=rerank, expand=expand)
    for size in range(len(CONDITIONS) + 1):
        for names in itertools.combinations(CONDITIONS, size):
            chosen = {name: CONDITIONS[name] for name in names}
            assert ids(searcher.search("secret hidden clock", 5, Filter(**chosen))) == {"c1"}, names
    assert set(judged) == {"a public clock"}
    assert ids(searcher.search("secret hidden clock", 5, Filter(scope="private"))) == {"c1", *secrets}
