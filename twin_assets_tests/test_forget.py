"""What is forgotten is gone from every table, every version and every file."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from twin_assets.collection.collector import Origin
from twin_assets.collection.keep import Keep, forgotten
from twin_assets.datasets.responses import FILE, Response, ResponseCache
from twin_assets.digests import document_id, text_digest
from twin_assets.drafting.store import DraftStore, StoredDraft
from twin_assets.errors import SourceError
from twin_assets.features.active import retired_of, table_of
from twin_assets.features.corpus import update_corpus
from twin_assets.forget import find_documents, forget
from twin_assets.monitoring.traces import Trace, TraceStore
from twin_assets.records import ChunkEmbedding, CleanedDocument, CorpusDocument, InstructionSample, RawDocument
from twin_assets.settings import Settings, SourceConfig, load_settings
from twin_assets.storage import TableStore
from twin_assets.storage.purge import purge
from twin_assets_tests.features.cleaned import clean_documents

SECRET = "the zebrafinch in the radio room"
TEXT = f"A letter about {SECRET}, and about what it sang in the winter of that year, which nobody wrote down."
PLAIN = "A letter about something else altogether, with as many words in it as the other letter has, or nearly."
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an author with a home of their own."""
    (tmp_path / "one.md").write_text("One.")
    (tmp_path / "sources.yaml").write_text("author: Ada\nsources:\n  - {name: blog, path: one.md}\n")
    monkeypatch.setenv("TWIN_HOME", str(tmp_path / "home"))
    return load_settings(tmp_path / "sources.yaml")


def collected(settings: Settings, source: str, native: str, text: str) -> RawDocument:
    origin = Origin(SourceConfig(name=source, path=Path("one.md")), "markdown", "Ada")
    document = origin.document(native, text, "text/markdown", file=f"{native}.md", url=f"https://ada.example/{native}")
    keep = Keep(TableStore.of(settings), source, settings.collection_dir / f"{source}.json")
    keep.replace_all([*keep.documents.values(), document], [])
    return document


def build(settings: Settings) -> str:
    """Everything from the corpus to a tagged dataset; returns the dataset's version."""
    tables = TableStore.of(settings)
    cleaned = clean_documents(tables.read(RawDocument)).documents
    tables.sync(CleanedDocument, cleaned)
    update_corpus(tables, {d.source for d in cleaned})
    corpus = tables.read(CorpusDocument)
    samples = [
        InstructionSample(
            sample_id=text_digest(d.text),
            document_id=d.document_id,
            start=0,
            end=len(d.text),
            instruction="What was in the radio room?",
            answer=d.text,
            origin="rules",
            split="train",
            chunk_ids=(),
            title=d.title,
            url=d.url,
            kind=d.kind,
            input_digest="",
            family="write",
            context="",
            edits="",
            context_documents=(),
            context_chunks=(),
        )
        for d in corpus
    ]
    version = tables.sync(InstructionSample, samples).data_version
    tables.tag(InstructionSample, version)
    return version


def on_disk(home: Path, text: str) -> list[Path]:
    return [f for f in home.rglob("*") if f.is_file() and text.encode() in f.read_bytes()]


def test_nothing_of_a_forgotten_document_is_left_anywhere(settings: Settings):
    collected(settings, "blog", "plain", PLAIN)
    before = build(settings)
    letter = collected(settings, "blog", "letter", TEXT)
    held = build(settings)
    (settings.home / "training" / "x").mkdir(parents=True)
    (settings.home / "training" / "x" / "train.jsonl").write_text(TEXT)
    assert on_disk(settings.home, SECRET)
    done = forget(settings, letter.document_id)
    assert on_disk(settings.home, SECRET) == []
    assert done.datasets == (held,)
    assert done.rows["instruction_dataset"] == done.rows["corpus"] == done.rows["raw_documents"] == 1
    tables = TableStore.of(settings)
    assert [d.native_id for d in tables.read(RawDocument)] == ["plain"]
    assert [s.answer for s in tables.read(InstructionSample, version=before)] == [PLAIN]
    assert forgotten(settings.collection_dir) == {"blog": [letter.document_id]}


def test_a_sample_that_shows_a_forgotten_document_in_its_context_goes_with_it(settings: Settings):
    collected(settings, "blog", "plain", PLAIN)
    letter = collected(settings, "blog", "letter", TEXT)
    build(settings)
    tables = TableStore.of(settings)
    shown = [
        replace(s, context=f"[1] A letter\n<<<\n{TEXT}\n>>>", context_documents=(letter.document_id,))
        for s in tables.read(InstructionSample)
        if s.document_id != letter.document_id
    ]
    tables.sync(InstructionSample, shown)
    forget(settings, letter.document_id)
    assert tables.read(InstructionSample) == []
    assert on_disk(settings.home, SECRET) == []


def test_what_a_teacher_said_of_a_forgotten_document_goes_with_it(settings: Settings):
    letter = collected(settings, "blog", "letter", TEXT)
    build(settings)
    with ResponseCache(settings.home / FILE) as cache:
        cache.put(Response("key", "sample", letter.document_id, "openai/base", SECRET))
    assert forget(settings, letter.document_id).rows["teacher_responses"] == 1
    assert on_disk(settings.home, SECRET) == []


def test_drafts_and_answers_from_a_forgotten_document_go_with_it(settings: Settings):
    letter = collected(settings, "blog", "letter", TEXT)
    build(settings)
    body = {"draft_id": "d", "variants": [{"text": TEXT}], "citations": []}
    citation = {"number": 1, "document_id": letter.document_id}
    drafts, traces = DraftStore(settings.home), TraceStore(settings.home)
    drafts.put(StoredDraft("d", WHEN.isoformat(), "public", "asked", (letter.document_id,), body, {}))
    traces.add(Trace("t", "chat", WHEN.isoformat(), "twin", "public", "asked", (TEXT,), (citation,), None))
    drafts.close()
    traces.close()
    forget(settings, letter.document_id)
    assert DraftStore(settings.home).get("d") is None
    assert TraceStore(settings.home).get("t") is None
    kept = [*(settings.home / "drafts").iterdir(), *(settings.home / "traces").iterdir()]
    assert SECRET.encode() not in b"".join(file.read_bytes() for file in kept)


def test_a_cross_post_is_forgotten_with_the_piece_it_was_folded_into(settings: Settings):
    collected(settings, "blog", "letter", TEXT)
    copy = collected(settings, "letters", "copy", TEXT)
    build(settings)
    done = forget(settings, copy.document_id)
    assert len(done.documents) == 2
    assert TableStore.of(settings).read(RawDocument) == []


def test_a_whole_source_is_forgotten_and_the_others_stay(settings: Settings):
    collected(settings, "blog", "plain", PLAIN)
    collected(settings, "letters", "letter", TEXT)
    build(settings)
    forget(settings, "letters")
    assert [d.source for d in TableStore.of(settings).read(RawDocument)] == ["blog"]
    assert [d.text for d in TableStore.of(settings).read(CorpusDocument)] == [PLAIN]


def test_a_document_is_found_by_its_url_and_by_the_beginning_of_its_id(settings: Settings):
    letter = collected(settings, "blog", "letter", TEXT)
    tables = TableStore.of(settings)
    assert find_documents(tables, letter.url) == {"blog": {letter.document_id}}
    assert find_documents(tables, letter.document_id[:8]) == {"blog": {letter.document_id}}
    with pytest.raises(SourceError, match=r"no source and no document 'nothing'"):
        find_documents(tables, "nothing")
    with pytest.raises(SourceError):
        find_documents(tables, letter.document_id[:4])


def test_purging_what_is_not_there_changes_nothing(settings: Settings):
    collected(settings, "blog", "plain", PLAIN)
    tables = TableStore.of(settings)
    assert purge(tables, RawDocument, [document_id("markdown", "other")]).rows == 0
    assert [d.text for d in tables.read(RawDocument)] == [PLAIN]
    assert purge(tables, CorpusDocument, ["none"]).tags == ()


def test_vectors_of_a_forgotten_document_are_gone_from_every_table_of_every_embedder(settings: Settings):
    letter = collected(settings, "blog", "letter", TEXT)
    plain = collected(settings, "blog", "plain", PLAIN)
    build(settings)
    tables = TableStore.of(settings)
    records = [table_of("old@1"), table_of("new@1")]
    for record in records:
        rows = [embedding(record, document) for document in (letter, plain)]
        tables.sync(record, rows, schema=record.schema_for(2))
        retired = retired_of(record)
        vectors = [retired(d.document_id, d.document_id, "", (1.0, 0.0)) for d in (letter, plain)]
        tables.sync(retired, vectors, schema=retired.schema_for(2))
    forgotten_now = forget(settings, letter.url)
    for record in (*records, *map(retired_of, records)):
        assert [row.document_id for row in tables.read(record)] == [plain.document_id]
        assert forgotten_now.rows[record.TABLE] == 1
    assert not on_disk(settings.home / "lance", SECRET)


def embedding(record: type[ChunkEmbedding], document: RawDocument) -> ChunkEmbedding:
    return record(
        chunk_id=document.document_id,
        document_id=document.document_id,
        position=0,
        start=0,
        end=len(document.text),
        text=document.text,
        heading_path="",
        title="",
        url=document.url,
        kind="markdown",
        published_at=WHEN,
        scope="public",
        embedder="old@1",
        vector=(1.0, 0.0),
    )
