"""The feature store: only what was never embedded is embedded, whatever happened before; readers follow a pointer."""

import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from twin_assets.errors import StorageError
from twin_assets.features.active import Following, activate, active, active_table, retired_of, table_of
from twin_assets.features.chunk import chunk_documents, embedded_text
from twin_assets.features.index import build_indexes
from twin_assets.features.store import update_store
from twin_assets.records import Chunk, ChunkEmbedding
from twin_assets.settings import ROOT
from twin_assets.storage import TableStore


@pytest.fixture
def store(tmp_path):
    return TableStore(str(tmp_path / "lance"))


@pytest.fixture
def chunks(corpus_document, embedder):
    documents = [corpus_document(f"# Part {n}\n\nWords of document {n}.", f"post-{n}") for n in range(3)]
    return chunk_documents(documents, embedder.count_tokens, 64)


@pytest.fixture
def update(store, embedder):
    """Writes chunks, updates the store, and says which texts were embedded."""

    def run(chunks, **options):
        store.sync(Chunk, chunks)
        embedder.embedded.clear()
        return update_store(store, embedder, **options)

    return run


def vector_of(store, embedder, chunk_id):
    rows = {row.chunk_id: row for row in store.read(table_of(embedder.name))}
    return rows[chunk_id].vector


def test_chunks_are_stored_with_all_they_say_and_their_vectors_in_32_bits(store, chunks, embedder, update):
    done = update(chunks)
    assert (done.embedded, done.written, done.removed, done.total) == (3, 3, 0, 3)
    rows = {row.chunk_id: row for row in store.read(table_of(embedder.name))}
    for chunk in chunks:
        row = rows[chunk.chunk_id]
        shared = ("document_id", "position", "start", "end", "text", "heading_path", "title", "url", "kind", "scope")
        assert [getattr(row, n) for n in shared] == [getattr(chunk, n) for n in shared]
        assert row.published_at == chunk.published_at
        assert row.embedder == "hash@1"
        (expected,) = embedder.embed([embedded_text(chunk.heading_path, chunk.text)])
        np.testing.assert_allclose(row.vector, expected, rtol=1e-6)
    assert done.data_version == store.data_version(table_of(embedder.name))


def test_nothing_is_written_when_nothing_changed(store, chunks, embedder, update):
    first = update(chunks)
    version = store.open(table_of(embedder.name)).version
    again = update(chunks)
    assert (again.embedded, again.written, again.data_version) == (0, 0, first.data_version)
    assert store.open(table_of(embedder.name)).version == version


def test_the_data_version_does_not_depend_on_history(tmp_path, store, chunks, embedder, update):
    update(chunks[:1])
    update(chunks[1:])
    piecemeal = update(chunks, batch_rows=1)
    other = TableStore(str(tmp_path / "other"))
    other.sync(Chunk, chunks)
    assert update_store(other, embedder).data_version == piecemeal.data_version


def test_a_chunk_that_moved_or_got_another_source_is_not_embedded_again(store, chunks, embedder, update):
    update(chunks)
    before = vector_of(store, embedder, chunks[0].chunk_id)
    moved = replace(chunks[0], chunk_id="moved", document_id="other", start=10, end=10 + len(chunks[0].text))
    done = update([moved, *chunks[1:]])
    assert (done.embedded, done.written, done.removed, embedder.embedded) == (0, 1, 1, [])
    assert vector_of(store, embedder, "moved") == before


def test_another_heading_is_embedded_anew_and_the_old_one_is_remembered(store, chunks, embedder, update):
    update(chunks)
    before = vector_of(store, embedder, chunks[0].chunk_id)
    renamed = replace(chunks[0], heading_path="Another title")
    assert update([renamed, *chunks[1:]]).embedded == 1
    assert embedder.embedded == [f"Another title\n{chunks[0].text}"]
    assert vector_of(store, embedder, chunks[0].chunk_id) != before
    assert update(chunks).embedded == 0
    assert vector_of(store, embedder, chunks[0].chunk_id) == before


def test_a_document_that_was_deleted_and_comes_back_is_not_embedded_again(store, chunks, embedder, update):
    update(chunks)
    assert update(chunks[:1]).removed == 2
    assert update([]).total == 0
    assert update(chunks).embedded == 0


def test_equal_words_are_embedded_once(chunks, embedder, update):
    twin = replace(chunks[0], chunk_id="twin", document_id="other")
    assert update([*chunks, twin]).embedded == 3
    assert len(embedder.embedded) == 3


def test_an_update_that_is_cut_off_goes_on_where_it_was(store, chunks, embedder, update, monkeypatch):
    embed, calls = embedder.embed, []

    def fails_at_the_third(texts, report=None):
        calls.append(texts)
        if len(calls) == 3:
            raise MemoryError
        return embed(texts)

    monkeypatch.setattr(embedder, "embed", fails_at_the_third)
    with pytest.raises(MemoryError):
        update(chunks, batch_rows=1)
    assert len(store.read(table_of(embedder.name))) == 2
    done = update(chunks)
    assert (done.embedded, done.written, done.total) == (1, 1, 3)


def test_a_new_embedder_builds_beside_the_old_and_readers_follow_when_it_is_whole(store, chunks, embedder, update):
    following = Following(store)
    assert following.record() is ChunkEmbedding
    update(chunks)
    assert activate(store, "hash@1", "hash")
    assert following.record() is table_of("hash@1")
    embedder.name, embedder.dimensions = "hash@2", 16
    assert update(chunks).embedded == 3
    assert following.record() is table_of("hash@1")
    assert len(store.read(active_table(store))[0].vector) == 8
    assert activate(store, "hash@2", "hash")
    assert not activate(store, "hash@2", "hash")
    assert following.record() is table_of("hash@2")
    assert active(store).model == "hash"
    assert len(store.read(following.record())[0].vector) == 16
    embedder.name, embedder.dimensions = "hash@1", 8
    assert update(chunks).embedded == 0


def test_indexes_are_built_once_and_take_in_new_rows(store, corpus_document, embedder, update):
    documents = [corpus_document(f"Words of document {n}.", f"post-{n}") for n in range(300)]
    chunks = chunk_documents(documents, embedder.count_tokens, 64)
    record = table_of(embedder.name)
    assert build_indexes(store, 8, record=record) == []
    update(chunks[:280])
    names = build_indexes(store, 8, record=record)
    assert {"text_idx", "heading_path_idx", "kind_idx", "scope_idx", "published_at_idx", "document_id_idx"} <= {*names}
    assert "vector_idx" not in names
    version = store.open(record).version
    build_indexes(store, 8, record=record)
    assert store.open(record).version == version
    update(chunks)
    names = build_indexes(store, 8, vector_index_rows=256, record=record)
    assert "vector_idx" in names
    table = store.open(record)
    assert all(table.index_stats(name).num_unindexed_rows == 0 for name in names)
    assert table.count_rows() == 300


def test_retired_vectors_lie_beside_their_table():
    assert retired_of(table_of("hash@1")).TABLE.startswith("retired_vectors_")
    assert retired_of(table_of("hash@1")) is not retired_of(table_of("hash@2"))


def test_a_searcher_follows_the_pointer_with_the_embedder_of_the_table(store, chunks, embedder, update):
    from twin_assets.retrieval import Searcher
    from twin_assets_tests.features.conftest import HashEmbedder

    update(chunks)
    build_indexes(store, 8, record=table_of("hash@1"))
    activate(store, "hash@1", "hash")
    newer = HashEmbedder()
    newer.name, newer.dimensions = "hash@2", 16
    asked = []

    def embedder_of(name):
        asked.append(name)
        return {"hash@1": embedder, "hash@2": newer}[name]

    searcher = Searcher(store, newer, other_embedder=embedder_of)
    query = "Words of document 1."
    assert searcher.search(query)[0].text.endswith("document 1.")
    assert asked == ["hash@1"]
    with pytest.raises(StorageError, match="embedded by 'hash@1'"):
        Searcher(store, newer).search(query)
    update_store(store, newer)
    build_indexes(store, 16, record=table_of("hash@2"))
    activate(store, "hash@2", "hash")
    assert searcher.search(query)[0].text.endswith("document 1.")
    assert asked == ["hash@1", "hash@2"]


_KILLED = """
import os, signal, sys
from twin_assets.features.store import update_store
from twin_assets.settings import ROOT
from twin_assets.storage import TableStore

class Embedder:
    name, dimensions, calls = "hash@1", 8, 0

    def embed(self, texts, report=None):
        Embedder.calls += 1
        if Embedder.calls == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return [[1.0] * 8 for _ in texts]

update_store(TableStore(sys.argv[1]), Embedder(), batch_rows=2)
"""


def test_a_process_that_is_killed_leaves_the_table_readable_and_its_batches_in_it(
    tmp_path, store, chunks, embedder, update
):
    store.sync(Chunk, chunks)
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path / "lance")], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(store.read(table_of(embedder.name))) == 2
    done = update(chunks)
    assert (done.embedded, done.total) == (1, 3)
