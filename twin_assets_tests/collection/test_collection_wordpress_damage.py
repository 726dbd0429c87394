"""Exports that are damaged, large, or no exports."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.collection.sources import collect
from twin_assets.collection.wxr import Entry, read_wxr
from twin_assets.errors import SourceError
from twin_assets.records import Exclusion, RawDocument
from twin_assets_tests.collection.conftest import MakeSource
from twin_assets_tests.collection.wordpress_exports import (
    AL,
    JO,
    documents_of,
    exclusions_of,
    file_of,
    item_of,
    items_of,
)


def test_what_comes_before_the_damage_is_kept_and_the_rest_is_told_of() -> None:
    whole = file_of(item_of(), item_of(slug="on-leads"), item_of(slug="on-glue"))
    cut = whole[: whole.index("on-glue")]
    items = items_of(cut, file_of(item_of(slug="other")))
    assert [d.url.split("/")[-2] for d in items if isinstance(d, RawDocument)] == ["on-pencils", "on-leads", "other"]
    assert [(e.file, e.row, e.reason) for e in items if isinstance(e, Exclusion)] == [("0.xml", 3, "unreadable")]


def test_control_characters_and_warnings_before_the_file_do_no_harm() -> None:
    file = "\n<b>Warning</b>: in plugin.php\n" + file_of(item_of("Some \x08words\x1f here, \x00and more."))
    assert [d.text for d in documents_of(file)] == ["<p>Some words here, and more.</p>"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_a_file_is_read_in_its_own_encoding(encoding: str) -> None:
    declared = file_of(item_of("Über Bleistifte.")).replace("UTF-8", encoding if encoding == "iso-8859-1" else "UTF-8")
    assert [d.text for d in documents_of(declared.encode(encoding))] == ["<p>Über Bleistifte.</p>"]


def test_bytes_that_are_not_in_the_encoding_cost_themselves_only() -> None:
    data = file_of(item_of("Caf@ and more.")).encode().replace(b"Caf@", b"Caf\xe9")
    assert [d.text for d in documents_of(data)] == ["<p>Caf\ufffd and more.</p>"]


@pytest.mark.parametrize(
    "subset",
    ['<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">', '<!ENTITY a SYSTEM "file:///etc/hostname">', ""],
)
def test_a_document_type_ends_the_reading(subset: str) -> None:
    plain = file_of(item_of("words")).replace("<![CDATA[words]]>", "&a; words" if subset else "words")
    file = plain.replace("<rss", f"<!DOCTYPE rss [{subset}]><rss", 1)
    assert [(e.reason, "document type" in e.detail) for e in exclusions_of(file)][:1] == [("unreadable", True)]
    assert documents_of(file) == []


def test_a_large_file_costs_no_more_memory_than_its_items() -> None:
    whole = file_of(*(item_of("words " * 4000, slug=f"post-{i}") for i in range(200))).encode()
    tracemalloc.start()
    try:
        count = sum(isinstance(part, Entry) for part in read_wxr(whole))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 200
    assert peak < len(whole) / 4


def test_a_body_beyond_the_limit_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin_assets.collection.wordpress.PROSE_BYTES", 40)
    items = items_of(file_of(item_of("Short words."), item_of("Long words. " * 10, slug="long")))
    assert [type(i).__name__ for i in items] == ["RawDocument", "Exclusion"]
    assert [i.reason for i in items if isinstance(i, Exclusion)] == ["too_large"]


def test_xml_that_is_no_export_is_named_as_such(folder_source: MakeSource) -> None:
    source = folder_source({"sitemap.xml": "<urlset><url><loc>https://x.example</loc></url></urlset>", "a.xml": ""})
    with pytest.raises(SourceError, match=r"1 empty, 1 unreadable(.|\n)*All content"):
        collect(source, "Jo Doe")


@settings(deadline=None)
@given(st.integers(0, 4000), st.integers(0, 12), st.binary(max_size=12))
def test_no_damage_to_a_file_stops_the_collector(start: int, length: int, patch: bytes) -> None:
    whole = file_of(*(item_of(slug=f"post-{i}") for i in range(3))).encode()
    at = start % len(whole)
    items = items_of(whole[:at] + patch + whole[at + length :])
    assert items
    assert all(i.text.strip() if isinstance(i, RawDocument) else i.detail for i in items)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_stop_the_collector(data: bytes) -> None:
    assert [i.reason for i in exclusions_of(data)] in (["unreadable"], ["empty"])


_FACTS = st.tuples(
    st.sampled_from(["post", "page", "attachment"]),
    st.sampled_from(["publish", "draft", "private", "trash"]),
    st.sampled_from(["jo", "albo", ""]),
    st.sampled_from(["words", "", "[gallery]"]),
)


@settings(deadline=None)
@given(st.lists(_FACTS, min_size=1, max_size=8), st.integers(0, 8))
def test_every_item_before_the_damage_is_a_document_or_has_a_reason(
    facts: list[tuple[str, str, str, str]], cut: int
) -> None:
    parts = [
        item_of(content, kind=kind, status=status, by=by, slug=f"post-{i}")
        for i, (kind, status, by, content) in enumerate(facts)
    ]
    whole = file_of(*parts, authors=(JO, AL))
    kept = min(cut, len(parts))
    end = whole.index(parts[kept]) + 20 if kept < len(parts) else len(whole)
    items = items_of(whole[:end])
    rows = sorted(item.row for item in items)
    assert rows == list(range(1, kept + 1 + (kept < len(parts))))
    for item in items:
        if isinstance(item, Exclusion):
            assert item.reason
        else:
            kind, status, by, _ = facts[item.row - 1]
            own = (kind, status, by) == ("post", "publish", "jo")
            assert (not item.excluded) == own
