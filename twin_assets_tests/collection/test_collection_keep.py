"""What is stored of a source, over several runs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from twin_assets.collection.collector import Origin
from twin_assets.collection.keep import FORGOTTEN, Keep
from twin_assets.files import write_json
from twin_assets.records import Exclusion, RawDocument
from twin_assets.settings import SourceConfig
from twin_assets.storage import TableStore

Open = Callable[..., Keep]
ORIGIN = Origin(SourceConfig(name="blog", url="https://ada.example"), "site", "Ada")


@pytest.fixture
def keep(tmp_path: Path) -> Open:
    """Opens the stored state of a source."""

    def make(name: str = "blog") -> Keep:
        return Keep(TableStore(str(tmp_path / "lance")), name, tmp_path / "collection" / f"{name}.json")

    return make


def piece(name: str, text: str = "A text.", **changes: str) -> RawDocument:
    return replace(ORIGIN.document(name, text, "text/plain", file=name), **changes)  # type: ignore[arg-type]


def test_what_is_gone_from_a_source_is_marked_and_kept(keep: Open) -> None:
    keep().replace_all([piece("one"), piece("two")], [])
    keep().replace_all([piece("one")], [])
    stored = keep()
    assert {d.native_id: d.excluded for d in stored.documents.values()} == {"one": "", "two": "deleted"}
    assert [(e.reason, e.file) for e in stored.exclusions.values()] == [("deleted", "two")]
    assert [d.native_id for d in stored.own] == ["one"]


def test_what_comes_back_is_own_again(keep: Open) -> None:
    for documents in ([piece("one"), piece("two")], [piece("one")], [piece("one"), piece("two")]):
        keep().replace_all(documents, [])
    assert {d.excluded for d in keep().documents.values()} == {""}
    assert keep().exclusions == {}


def test_the_same_again_writes_nothing_and_keeps_the_version(keep: Open) -> None:
    first = keep().replace_all([piece("one"), piece("two")], [])
    again = keep().replace_all([piece("two"), piece("one")], [])
    assert (again.added, again.updated, again.removed) == (0, 0, 0)
    assert again.data_version == first.data_version


def test_an_edited_piece_is_a_new_version_of_the_same_document(keep: Open) -> None:
    before = keep().replace_all([piece("one")], [])
    after = keep().replace_all([piece("one", "Another text.")], [])
    assert (after.added, after.updated) == (0, 1)
    assert after.data_version != before.data_version
    assert [d.text for d in keep().documents.values()] == ["Another text."]


def test_two_sources_may_hold_one_document(keep: Open) -> None:
    other = replace(ORIGIN, source=SourceConfig(name="export", path=Path("export.zip")))
    keep().replace_all([piece("one")], [])
    keep("export").replace_all([other.document("one", "A text.", "text/plain", file="one.html")], [])
    keep("export").replace_all([], [])
    assert [d.excluded for d in keep().documents.values()] == [""]
    assert [d.excluded for d in keep("export").documents.values()] == ["deleted"]


def test_a_document_that_can_be_read_again_is_not_set_aside_any_more(keep: Open) -> None:
    stored = keep()
    stored.add(piece("one"))
    stored.set_aside(ORIGIN.exclusion("unreadable", "status 500", file="two"))
    stored.save()
    stored = keep()
    stored.add(piece("two"))
    stored.save()
    assert keep().exclusions == {}


def test_what_is_said_of_one_thing_is_said_once(keep: Open) -> None:
    stored = keep()
    for detail in ("5 files", "6 files"):
        stored.set_aside(ORIGIN.exclusion("vendored", detail, file="vendor/"))
    stored.set_aside(ORIGIN.exclusion("vendored", "1 file", file="dist/"))
    stored.save()
    assert sorted((e.file, e.detail) for e in keep().exclusions.values()) == [
        ("dist/", "1 file"),
        ("vendor/", "6 files"),
    ]


def test_a_memory_counts_only_together_with_its_documents(keep: Open, tmp_path: Path) -> None:
    stored = keep()
    stored.validators["https://ada.example/feed"] = {"etag": "1"}
    stored.notes["cursor"] = 7
    stored.add(piece("one"))
    stored.save()
    assert (keep().notes, keep().validators) == ({"cursor": 7}, {"https://ada.example/feed": {"etag": "1"}})
    TableStore(str(tmp_path / "lance")).sync(RawDocument, [], "source = 'blog'")
    assert (keep().notes, keep().validators) == ({}, {})


def test_a_damaged_memory_is_no_memory(keep: Open) -> None:
    stored = keep()
    stored.notes["cursor"] = 7
    stored.add(piece("one"))
    stored.save()
    stored.memory.write_text('{"notes": ')
    assert keep().notes == {}
    assert len(keep().documents) == 1


def test_a_forgotten_document_does_not_come_back(keep: Open, tmp_path: Path) -> None:
    one = piece("one")
    write_json(tmp_path / "collection" / FORGOTTEN, {"blog": [one.document_id]})
    stored = keep()
    stored.replace_all([one, piece("two")], [])
    stored = keep()
    stored.add(one)
    stored.save()
    assert [d.native_id for d in keep().documents.values()] == ["two"]
    rows = TableStore(str(tmp_path / "lance")).read(Exclusion)
    assert rows == []
