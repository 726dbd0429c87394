"""A source kept clean: only what changed is read and cleaned, and a run that was cut off is made up for."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from twin_assets.digests import document_id, row_id
from twin_assets.features import clean_source as module
from twin_assets.features.clean import CleaningPolicy
from twin_assets.features.clean_source import clean_source
from twin_assets.records import CleanedDocument, CleaningState, Exclusion, RawDocument
from twin_assets.storage import TableStore
from twin_assets_tests.features.cleaned import clean_documents

FOOTER = "I am a consultant for lighthouses and write about light, glass and fog every week."


def body(number: int, tail: str = FOOTER) -> str:
    return f"The first words of post number {number}, which nobody else has. ![x](y.png)\n\nMore of {number}.\n\n{tail}"


@pytest.fixture
def tables(tmp_path) -> TableStore:
    return TableStore(str(tmp_path / "lance"))


@pytest.fixture
def collected(raw, tables):
    """Makes these texts all that a source holds; returns the raw documents."""

    def make(texts: dict[str, str], source: str = "blog", **changes) -> dict[str, RawDocument]:
        rows = {
            name: raw(
                text, source=source, native_id=name, row_id=row_id(source, document_id("markdown", name)), **changes
            )
            for name, text in texts.items()
        }
        tables.sync(RawDocument, rows.values(), f"source = '{source}'")
        return rows

    return make


@pytest.fixture
def prepared(monkeypatch) -> list[str]:
    """Native ids of the documents that were prepared, in order."""
    names: list[str] = []
    real = module.prepare

    def noting(document, policy):
        names.append(document.native_id)
        return real(document, policy)

    monkeypatch.setattr(module, "prepare", noting)
    return names


def stored(tables: TableStore, source: str = "blog") -> tuple[list[CleanedDocument], list[Exclusion]]:
    where = f"source = '{source}'"
    return tables.read(CleanedDocument, where), tables.read(Exclusion, where)


def anew(tables: TableStore, source: str = "blog", policy: CleaningPolicy | None = None):
    """What cleaning everything in memory gives."""
    cleaned = clean_documents(tables.read(RawDocument, f"source = '{source}'"), policy)
    return (
        sorted(cleaned.documents, key=lambda d: d.row_id),
        sorted(cleaned.exclusions, key=lambda e: e.exclusion_id),
    )


def test_a_source_is_cleaned_as_its_documents_are_in_memory(collected, tables):
    collected({str(n): body(n) for n in range(12)} | {"short": "Too short."})
    change = clean_source(tables, "blog")
    assert change.cleaned == 13
    assert stored(tables) == anew(tables)
    assert all(FOOTER not in document.text for document in stored(tables)[0])


def test_nothing_changed_is_nothing_done(collected, tables, prepared):
    collected({str(n): body(n) for n in range(12)} | {"short": "Too short."})
    first = clean_source(tables, "blog")
    versions = {record: tables.open(record).version for record in (CleanedDocument, Exclusion, CleaningState)}
    prepared.clear()
    second = clean_source(tables, "blog")
    assert prepared == []
    assert (second.cleaned, second.data_version) == (0, first.data_version)
    assert {record: tables.open(record).version for record in versions} == versions


def test_one_changed_document_is_the_only_one_cleaned(collected, tables, prepared):
    texts = {str(n): body(n) for n in range(12)}
    collected(texts)
    first = clean_source(tables, "blog")
    prepared.clear()
    collected(texts | {"7": body(70)})
    second = clean_source(tables, "blog")
    assert prepared == ["7"]
    assert second.data_version != first.data_version
    assert stored(tables) == anew(tables)


def test_a_paragraph_that_becomes_boilerplate_is_taken_out_of_the_documents_that_have_it(collected, tables, prepared):
    texts = {str(n): body(n, FOOTER if n < 2 else f"End of {n}.") for n in range(12)}
    collected(texts)
    clean_source(tables, "blog")
    assert FOOTER in "".join(document.text for document in stored(tables)[0])
    prepared.clear()
    collected(texts | {"9": body(9)})
    clean_source(tables, "blog")
    assert sorted(prepared) == ["0", "1", "9"]
    assert FOOTER not in "".join(document.text for document in stored(tables)[0])
    assert stored(tables) == anew(tables)
    collected(texts)
    clean_source(tables, "blog")
    assert stored(tables) == anew(tables)


def test_what_is_gone_or_not_own_any_more_leaves_nothing_behind(collected, tables):
    rows = collected({str(n): body(n) for n in range(4)} | {"short": "Too short."})
    clean_source(tables, "blog")
    left = [rows["0"], rows["1"], replace(rows["2"], excluded="deleted")]
    tables.sync(RawDocument, left, "source = 'blog'")
    assert clean_source(tables, "blog").removed == 3
    assert stored(tables) == anew(tables)
    assert [d.document_id for d in stored(tables)[0]] == [
        d.document_id for d in sorted(left[:2], key=lambda d: d.row_id)
    ]
    assert len(tables.read(CleaningState)) == 2


def test_sources_do_not_touch_each_other(collected, tables):
    collected({str(n): body(n) for n in range(4)})
    collected({str(n): body(n) for n in range(2)}, source="mirror")
    clean_source(tables, "blog")
    clean_source(tables, "mirror")
    assert stored(tables) == anew(tables)
    assert stored(tables, "mirror") == anew(tables, "mirror")
    collected({}, source="mirror")
    clean_source(tables, "mirror")
    assert stored(tables, "mirror") == ([], [])
    assert stored(tables) == anew(tables)


def test_another_policy_cleans_everything_again(collected, tables, prepared):
    collected({str(n): body(n) for n in range(4)})
    clean_source(tables, "blog")
    prepared.clear()
    policy = CleaningPolicy(min_words=40)
    clean_source(tables, "blog", policy)
    assert len(prepared) == 4
    assert stored(tables) == anew(tables, policy=policy)
    assert stored(tables)[0] == []


@pytest.mark.parametrize("record", [CleanedDocument, Exclusion, CleaningState])
def test_a_run_that_was_cut_off_before_any_write_is_made_up_for(record, collected, tables, monkeypatch):
    texts = {str(n): body(n) for n in range(6)}
    collected(texts)
    clean_source(tables, "blog")
    collected(texts | {"3": body(30)})
    sync: Callable = tables.sync

    def cut_off(kind, *arguments):
        if kind is record:
            raise KeyboardInterrupt
        return sync(kind, *arguments)

    monkeypatch.setattr(tables, "sync", cut_off)
    with pytest.raises(KeyboardInterrupt):
        clean_source(tables, "blog")
    monkeypatch.undo()
    clean_source(tables, "blog")
    assert stored(tables) == anew(tables)


def test_documents_that_somebody_took_out_of_the_table_are_made_again(collected, tables):
    collected({str(n): body(n) for n in range(6)})
    clean_source(tables, "blog")
    expected = stored(tables)
    tables.sync(CleanedDocument, expected[0][2:], "source = 'blog'")
    clean_source(tables, "blog")
    assert stored(tables) == expected


def test_more_documents_than_a_batch_are_all_cleaned(collected, tables, monkeypatch):
    monkeypatch.setattr(module, "_BATCH", 4)
    collected({str(n): body(n) for n in range(11)})
    assert clean_source(tables, "blog").cleaned == 11
    assert stored(tables) == anew(tables)
