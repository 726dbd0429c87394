"""The cross-encoder: its order, its threshold, and its files. A random one is enough for all but its judgement."""

import shutil
from pathlib import Path

import pytest

from twin_assets.errors import ConfigError, ModelError
from twin_assets.models import embedding_model_folder, reranker_folder
from twin_assets.retrieval import Searcher
from twin_assets.retrieval.rerank import CrossEncoderReranker
from twin_assets.settings import ROOT, ModelConfig, RetrievalSettings, load_settings
from twin_assets_tests.tiny_model import make_tiny_cross_encoder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_cross_encoder(tmp_path_factory.mktemp("reranker"))


def by_clocks(query, texts):
    return [text.count("clock") / 10 for text in texts]


def test_a_reranked_search_has_the_order_of_the_cross_encoder(write, store, topics):
    write(
        {"text": "the sea and a clock clock"}, {"text": "sea sea sea"}, {"text": "sea clock", "heading_path": "A clock"}
    )
    found = Searcher(store, topics, rerank=by_clocks).search("sea", 3)
    assert [(passage.chunk_id, passage.score) for passage in found] == [("c0", 0.2), ("c2", 0.2), ("c1", 0.0)]
    assert all(passage.scores.rerank == passage.score for passage in found)
    assert all(passage.scores.fused > 0 for passage in found)


def test_chunks_below_the_threshold_are_left_out(write, store, topics):
    write({"text": "sea clock clock"}, {"text": "sea sea sea"})
    how = RetrievalSettings(rerank_threshold=0.1)
    assert [p.chunk_id for p in Searcher(store, topics, how, rerank=by_clocks).search("sea", 3)] == ["c0"]


def test_no_more_than_the_candidates_are_read(write, store, topics):
    write(*({"text": f"sea {number}"} for number in range(9)))
    read = []
    how = RetrievalSettings(rerank_candidates=4)
    found = Searcher(store, topics, how, rerank=lambda query, texts: [read.append(text) or 1.0 for text in texts])
    assert len(found.search("sea", 9)) == len(read) == 4


def test_a_cross_encoder_scores_pairs_from_0_to_1_and_each_by_itself(folder):
    reranker = CrossEncoderReranker(folder)
    scores = reranker("who keeps the lighthouse?", ["a lighthouse by the sea", "a garden", "clocks"])
    assert all(0 <= score <= 1 for score in scores)
    assert len(set(scores)) == 3
    assert reranker("who keeps the lighthouse?", ["clocks"]) == pytest.approx(scores[2:], abs=1e-5)
    assert reranker("anything", []) == []


def test_a_configured_cross_encoder_is_what_a_search_is_ordered_by(folder, write, store, topics):
    write({"text": "sea sea"}, {"text": "the sea and a garden"}, {"text": "a sea of clocks"})
    reranker = CrossEncoderReranker(reranker_folder(ModelConfig(role="reranker", path=folder), folder.parent))
    found = Searcher(store, topics, rerank=reranker).search("sea", 3)
    assert [passage.score for passage in found] == sorted((p.score for p in found), reverse=True)
    expected = reranker("sea", [passage.text for passage in found])
    assert [passage.score for passage in found] == pytest.approx(expected, abs=1e-5)


def test_a_model_is_used_for_its_role_alone(folder):
    with pytest.raises(ModelError, match="cannot rerank"):
        reranker_folder(ModelConfig(role="embedding", path=folder), folder)
    with pytest.raises(ModelError, match="cannot embed"):
        embedding_model_folder(ModelConfig(role="reranker", path=folder), folder)


def test_a_folder_that_holds_no_model_is_named(tmp_path):
    with pytest.raises(ModelError, match="cannot be loaded"):
        CrossEncoderReranker(tmp_path)("query", ["text"])


@pytest.fixture
def config(tmp_path, monkeypatch, folder):
    """A copy of the project's config with the random cross-encoder in it."""
    copy = tmp_path / "config"
    shutil.copytree(ROOT / "config", copy)
    (tmp_path / "writing").mkdir()
    (copy / "sources.yaml").write_text("author: Ada\nsources:\n  - {name: blog, path: ../writing}\n")
    (copy / "models" / "judge.yaml").write_text(f"role: reranker\npath: {folder}\n")
    monkeypatch.setenv("TWIN_CONFIG", str(copy))
    monkeypatch.delenv("TWIN_SOURCES", raising=False)
    monkeypatch.setenv("TWIN_HOME", str(tmp_path / "home"))


def test_the_settings_say_whether_and_by_what_a_search_is_reranked(config, monkeypatch, write, store, topics):
    write({"text": "sea sea"}, {"text": "the sea and a garden"})
    found = Searcher.of(load_settings(), store, topics).search("sea", 2)
    assert all(passage.scores.rerank is None for passage in found)
    monkeypatch.setenv("TWIN_RETRIEVAL__RERANKER", "judge")
    found = Searcher.of(load_settings(), store, topics).search("sea", 2)
    assert all(0 <= passage.scores.rerank <= 1 for passage in found)


def test_a_reranker_without_a_file_is_named_before_anything_starts(config, monkeypatch):
    monkeypatch.setenv("TWIN_RETRIEVAL__RERANKER", "nobody")
    with pytest.raises(ConfigError, match="'nobody'"):
        load_settings()
