"""The chunks follow the corpus, and only what changed is cut again."""

from dataclasses import replace

import pytest

from twin_assets.features import chunk_corpus as module
from twin_assets.features.chunk import chunk_documents
from twin_assets.features.chunk_corpus import chunk_corpus
from twin_assets.records import Chunk, CorpusDocument
from twin_assets.storage import TableStore

PARAGRAPH = "One two three four five six seven. Eight nine ten eleven twelve thirteen! "


@pytest.fixture
def tables(tmp_path):
    return TableStore(str(tmp_path / "lance"))


@pytest.fixture
def documents(corpus_document):
    return [corpus_document(f"{PARAGRAPH * 9}{n}", f"post-{n}") for n in range(7)]


def by_place(chunks):
    return sorted(chunks, key=lambda chunk: (chunk.document_id, chunk.start))


@pytest.fixture
def follow(tables, embedder):
    """Makes a corpus of documents and chunks it; what is counted is in `embedder.counted`."""
    embedder.counted = []

    def counting(texts):
        embedder.counted += texts
        return embedder.count_tokens(texts)

    def follow_them(documents, window=64):
        tables.sync(CorpusDocument, documents)
        embedder.counted.clear()
        change = chunk_corpus(tables, counting, window)
        expected = chunk_documents(documents, embedder.count_tokens, window)
        assert by_place(tables.read(Chunk)) == by_place(expected)
        assert change.data_version == tables.data_version(Chunk)
        return change

    return follow_them


@pytest.mark.parametrize("batch", [1, 3, 1000])
def test_every_document_is_cut_in_batches_of_any_size(follow, documents, monkeypatch, batch):
    monkeypatch.setattr(module, "_BATCH", batch)
    assert follow(documents).cut == 7


def test_nothing_is_read_or_cut_again_when_nothing_changed(tables, follow, documents, embedder, monkeypatch):
    version = follow(documents).data_version
    monkeypatch.setattr(TableStore, "read", None)
    monkeypatch.setattr(module, "chunk_documents", None)
    again = chunk_corpus(tables, embedder.count_tokens, 64)
    assert (again.cut, again.removed, again.data_version) == (0, 0, version)


def test_only_changed_documents_are_cut_again(follow, documents, embedder):
    follow(documents)
    documents[1] = replace(documents[1], text=documents[1].text + "\n\nNew.")
    assert follow(documents).cut == 1
    assert not any(text.endswith((" 0", " 2")) for text in embedder.counted)
    assert any("New." in text for text in embedder.counted)


@pytest.mark.parametrize("change", [{"title": "Other"}, {"url": "https://x.org"}, {"scope": "private"}])
def test_what_a_chunk_says_of_its_document_is_kept_up_to_date(follow, documents, change):
    before = follow(documents).data_version
    documents[2] = replace(documents[2], **change)
    after = follow(documents)
    assert (after.cut, after.data_version != before) == (1, True)


def test_chunks_of_vanished_documents_vanish(follow, documents):
    before = follow(documents[:4]).data_version
    follow(documents)
    change = follow(documents[:4])
    assert (change.cut, change.removed, change.data_version) == (0, 3, before)


def test_a_document_of_too_low_a_quality_has_no_chunks(tables, follow, documents, embedder):
    follow(documents)
    tables.sync(CorpusDocument, [replace(documents[0], retrievable=False), *documents[1:]])
    assert chunk_corpus(tables, embedder.count_tokens, 64).removed == 1
    assert documents[0].document_id not in {chunk.document_id for chunk in tables.read(Chunk)}


def test_another_window_cuts_everything_again(follow, documents):
    follow(documents)
    assert follow(documents, 24).cut == 7


def test_a_run_that_was_cut_off_is_gone_on_with(tables, follow, documents, embedder, monkeypatch):
    monkeypatch.setattr(module, "_BATCH", 3)
    tables.sync(CorpusDocument, documents)
    cut = module.chunk_documents

    def failing(batch, *rest):
        if tables.read(Chunk):
            raise KeyboardInterrupt
        return cut(batch, *rest)

    monkeypatch.setattr(module, "chunk_documents", failing)
    with pytest.raises(KeyboardInterrupt):
        chunk_corpus(tables, embedder.count_tokens, 64)
    monkeypatch.setattr(module, "chunk_documents", cut)
    assert follow(documents).cut == 4
