"""The corpus in its table: what is kept of a group, what is excluded, and that only what changed is done."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from twin_assets.digests import row_id, text_digest
from twin_assets.errors import StorageError
from twin_assets.features import corpus as stage
from twin_assets.features.corpus import CorpusPolicy, update_corpus
from twin_assets.records import CleanedDocument, CorpusDocument, Exclusion, Fingerprint
from twin_assets.storage import TableStore
from twin_assets_tests.features.texts import edited_throughout, new_words, rewritten_end

ARTICLE = " ".join(new_words("article", 200))
EDITED = " ".join(edited_throughout(ARTICLE.split(), 0.7, "edited"))
OTHER = " ".join(new_words("other", 200))
LINKS = "\n".join(f"- [Something to read, number {n}](https://example.org/{n})" for n in range(20))
SHORT = "Back at the harbour office tomorrow."
SOURCES = ("blog", "newsletter", "x")


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2024, 1, number, hour, tzinfo=UTC)


@pytest.fixture
def tables(tmp_path: Path) -> TableStore:
    return TableStore(str(tmp_path / "lance"))


@pytest.fixture
def update(tables):
    """Makes the cleaned documents these, and the corpus of them; returns its documents and exclusions."""

    def run(documents, policy=None, sources=SOURCES):
        tables.sync(CleanedDocument, documents)
        update_corpus(tables, sources, policy)
        return tables.read(CorpusDocument), tables.read(Exclusion, "stage = 'corpus'")

    return run


def test_a_group_is_one_document_that_remembers_the_others(update, cleaned):
    blog = cleaned("blog", ARTICLE, published_at=day(3), title="")
    letter = cleaned("letter", EDITED, published_at=day(5), source="newsletter")
    (kept, other), (exclusion,) = update([blog, letter, cleaned("other", OTHER)])
    if other.folded_ids:
        kept, other = other, kept
    assert (kept.document_id, kept.text, kept.published_at) == (blog.document_id, ARTICLE, day(3))
    assert (kept.url, kept.urls) == (blog.url, (blog.url, letter.url))
    assert (kept.sources, kept.folded_ids) == (("blog", "newsletter"), (letter.document_id,))
    assert kept.title == letter.title
    assert (other.urls, other.folded_ids) == ((other.url,), ())
    assert (exclusion.reason, exclusion.source) == ("duplicate", "newsletter")
    assert exclusion.document_id == letter.document_id
    assert exclusion.detail == f"{letter.url}: 71% of the 8-word runs in {blog.document_id} ({blog.url})"


def test_the_earliest_day_is_kept_and_of_one_day_the_longest(update, cleaned):
    longest = cleaned("longest", f"{EDITED} and more", published_at=day(2, 18))
    early = cleaned("early", EDITED, published_at=day(2, 9), source="x")
    late = cleaned("late", f"{EDITED} and more than that", published_at=day(3))
    undated = cleaned("undated", f"{EDITED} and much more than that", published_at=None)
    (kept,), _ = update([undated, late, early, longest])
    assert kept.document_id == longest.document_id
    assert len(kept.folded_ids) == 3


def test_a_private_copy_is_folded_into_the_public_one_even_when_it_is_older(update, cleaned):
    private = cleaned("private", f"{ARTICLE} and a secret", scope="private", published_at=day(1))
    public = cleaned("public", ARTICLE, published_at=day(9))
    (kept,), _ = update([private, public])
    assert (kept.document_id, kept.scope, kept.text) == (public.document_id, "public", ARTICLE)


def test_two_sources_of_one_id_are_one_document(update, cleaned):
    export = cleaned("post", ARTICLE)
    live = replace(export, source="x", row_id=row_id("x", export.document_id), text=OTHER, published_at=day(1))
    (kept,), (exclusion,) = update([export, live])
    assert (kept.text, kept.sources, kept.folded_ids) == (OTHER, ("x", "blog"), ())
    assert "another source's version" in exclusion.detail


def test_documents_of_a_source_that_was_taken_out_are_no_part_of_the_corpus(update, cleaned, tables):
    documents = [cleaned("a", ARTICLE), cleaned("b", OTHER, source="x")]
    assert len(update(documents)[0]) == 2
    (kept,), _ = update(documents, sources=("blog",))
    assert kept.text == ARTICLE
    assert len(tables.read(Fingerprint)) == 1


def test_what_is_low_in_quality_stays_and_is_marked_and_told_with_its_parts(update, cleaned, tables):
    documents, exclusions = update(
        [cleaned("good", ARTICLE), cleaned("links", LINKS), cleaned("short", SHORT, language_confidence=1.0)]
    )
    marks = {d.text: (d.retrievable, d.trainable) for d in documents}
    assert marks == {ARTICLE: (True, True), SHORT: (True, False), LINKS: (False, False)}
    told = {e.reason: e.detail for e in exclusions}
    assert told.keys() == {"low_quality", "not_for_training"}
    assert "links 0.96" in told["low_quality"]
    assert "length 0.39" in told["not_for_training"]
    links = next(d for d in documents if d.text == LINKS)
    assert (links.quality, links.language_confidence) == (0.0, 0.99)
    assert links.link_share == pytest.approx(0.96, abs=0.01)
    assert [d.text for d in tables.read(CorpusDocument, "trainable")] == [ARTICLE]


def test_thresholds_decide_what_is_searched_and_what_is_trained_on(update, cleaned):
    document = cleaned("short", SHORT)
    (kept,), exclusions = update([document], CorpusPolicy(min_quality=0.0, min_training_quality=0.0))
    assert (kept.retrievable, kept.trainable, exclusions) == (True, True, [])
    (kept,), (exclusion,) = update([document], CorpusPolicy(min_quality=0.9, min_training_quality=0.0))
    assert (kept.retrievable, kept.trainable, exclusion.reason) == (False, False, "low_quality")


def test_what_did_not_change_is_not_read_and_not_written(update, cleaned, tables):
    documents = [cleaned(f"d{n}", " ".join(new_words(n, 60))) for n in range(30)]
    update(documents)
    versions = [tables.open(record).version for record in (CorpusDocument, Exclusion, Fingerprint)]
    again = update_corpus(tables, SOURCES)
    assert (again.read, again.written, again.removed) == (0, 0, 0)
    assert again.data_version == tables.data_version(CorpusDocument)
    assert [tables.open(record).version for record in (CorpusDocument, Exclusion, Fingerprint)] == versions
    documents[7] = replace(documents[7], text=OTHER, content_digest=text_digest(OTHER))
    tables.sync(CleanedDocument, documents)
    change = update_corpus(tables, SOURCES)
    assert (change.read, change.written, change.removed) == (1, 1, 0)


def test_a_cleaner_that_gives_the_same_text_changes_no_corpus(update, cleaned, tables):
    document = cleaned("a", ARTICLE)
    update([document])
    before = tables.data_version(CorpusDocument)
    tables.sync(CleanedDocument, [replace(document, input_digest="of another cleaner")])
    change = update_corpus(tables, SOURCES)
    assert (change.read, change.written, change.data_version) == (1, 0, before)


def test_a_threshold_alone_reads_no_text_of_what_is_not_written(update, cleaned, tables):
    half = " ".join(rewritten_end(ARTICLE.split(), 0.4, "half"))
    update([cleaned("a", ARTICLE), cleaned("half", half)])
    change = update_corpus(tables, SOURCES, CorpusPolicy(near_duplicate=0.3))
    assert change.read == 0
    assert len(tables.read(CorpusDocument)) == 1


def test_the_last_corpus_stays_whole_when_writing_the_next_one_fails(update, cleaned, tables, monkeypatch):
    documents = [cleaned(f"d{n}", " ".join(new_words(n, 60))) for n in range(8)]
    before, _ = update(documents)
    monkeypatch.setattr(stage, "_BATCH", 2)
    whole = stage._document
    written = []

    def failing(kept, *rest):
        written.append(kept)
        if len(written) == 5:
            raise OSError("the disk is full")
        return whole(kept, *rest)

    monkeypatch.setattr(stage, "_document", failing)
    changed = [replace(d, text=f"{d.text} changed") for d in documents]
    tables.sync(CleanedDocument, changed)
    with pytest.raises((OSError, StorageError)):
        update_corpus(tables, SOURCES)
    assert tables.read(CorpusDocument) == before
    monkeypatch.setattr(stage, "_document", whole)
    change = update_corpus(tables, SOURCES)
    assert (change.read, change.written) == (0, 8)
    assert sorted(d.text for d in tables.read(CorpusDocument)) == sorted(d.text for d in changed)


def test_a_table_of_an_older_version_is_written_anew(update, cleaned, tables):
    update([cleaned("a", ARTICLE), cleaned("b", OTHER)])
    expected = tables.read(CorpusDocument)
    for record, lost in ((CorpusDocument, "quality"), (Fingerprint, "minhash")):
        rows = tables.columns(record, record.schema().names)
        tables.overwrite(record, rows.drop_columns([lost]))
    update_corpus(tables, SOURCES)
    assert tables.read(CorpusDocument) == expected


@pytest.mark.parametrize(("seed", "batch"), [(1, 1_000), (2, 3), (3, 5)])
def test_the_corpus_is_the_same_however_it_came_about(cleaned, tmp_path, seed, batch, monkeypatch):
    monkeypatch.setattr(stage, "_BATCH", batch)
    chance = random.Random(seed)
    grown = TableStore(str(tmp_path / "grown"))
    documents: dict[str, CleanedDocument] = {}
    for step in range(5):
        for _ in range(chance.randint(1, 6)):
            name, source = f"d{chance.randrange(14)}", chance.choice(SOURCES)
            if chance.random() < 0.25:
                documents.pop(f"{name} {source}", None)
                continue
            words = new_words(("family", chance.randrange(4)), 80)
            words[: chance.choice((0, 10, 30, 50))] = new_words((name, step), chance.choice((5, 30)))
            text = " ".join(words) if chance.random() < 0.8 else SHORT
            date = None if chance.random() < 0.2 else day(1) + timedelta(hours=chance.randrange(100))
            scope = chance.choice(("public", "private"))
            made = cleaned(name, text, source=source, published_at=date, scope=scope)
            documents[f"{name} {source}"] = replace(made, words=len(text.split()))
        shuffled = chance.sample(list(documents.values()), len(documents))
        grown.sync(CleanedDocument, shuffled)
        change = update_corpus(grown, SOURCES)
        fresh = TableStore(str(tmp_path / f"fresh{step}"))
        fresh.sync(CleanedDocument, shuffled)
        assert change.data_version == update_corpus(fresh, SOURCES).data_version
        for record in (CorpusDocument, Exclusion, Fingerprint):
            assert grown.read(record) == fresh.read(record), (step, record)
