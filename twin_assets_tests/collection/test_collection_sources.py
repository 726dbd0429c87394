import os
import zipfile
from pathlib import Path

import pytest

from twin_assets.collection import collect, fingerprint, recognize
from twin_assets.collection.archive import _Folder
from twin_assets.errors import SourceError
from twin_assets_tests.collection.conftest import MakeSource

KINDS = {
    "linkedin": {"Root/Shares_123.csv": "Date,ShareLink,ShareCommentary\n", "Root/Profile.csv": "a\n"},
    "substack": {"export/posts.csv": "post_id,is_published,title\n", "export/posts/1.a.html": "<p>A</p>"},
    "x": {"data/tweets.js": "window.YTD.tweets.part0 = []", "data/README.txt": "x"},
    "markdown": {"_posts/2020-01-01-a.md": "A.", "_data/x.csv": "a,b\n"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_recognized_zipped_and_unzipped(
    zip_source: MakeSource, folder_source: MakeSource, kind: str
) -> None:
    assert recognize(zip_source(KINDS[kind]).path) == kind
    assert recognize(folder_source(KINDS[kind]).path) == kind


def test_an_unknown_source_asks_for_its_kind(zip_source: MakeSource) -> None:
    with pytest.raises(
        SourceError, match=r"(?s)no source of a kind that is known.*`kind:`.*linkedin.*substack.*x .*mark"
    ):
        recognize(zip_source({"chat.txt": "hello"}).path)


def test_an_ambiguous_source_asks_for_its_kind_and_takes_the_answer(folder_source: MakeSource) -> None:
    files = {"a.md": "Words.", **KINDS["substack"]}
    with pytest.raises(SourceError, match=r"(?s)could be a Substack export and a folder of Markdown.*`kind:`"):
        collect(folder_source(files), "Jo")
    assert len(collect(folder_source(files, kind="markdown"), "Jo").documents) == 1


def test_a_folder_of_archives_says_that_each_is_a_source(folder_source: MakeSource) -> None:
    with pytest.raises(SourceError, match="each archive as a source"):
        recognize(folder_source({"export.zip": b"PK"}).path)


def test_an_empty_folder_is_an_error_with_a_remedy(folder_source: MakeSource) -> None:
    with pytest.raises(SourceError, match=r"'folder'.*nothing to collect\n  -> put \.md"):
        collect(folder_source({}, kind="markdown"), "Jo")


def test_collecting_twice_gives_the_same_rows(folder_source: MakeSource) -> None:
    source = folder_source({"b.md": "B.", "a.md": "---\ndraft: true\n---\nA.", "c.md": ""})
    first, second = collect(source, "Jo"), collect(source, "Jo")
    assert first == second
    assert [d.row_digest() for d in first.documents] == [d.row_digest() for d in second.documents]


def test_every_document_with_a_reason_is_among_the_exclusions(folder_source: MakeSource) -> None:
    collected = collect(folder_source({"a.md": "---\ndraft: true\n---\nA.", "b.md": "B."}), "Jo")
    aside = {d.document_id: d.excluded for d in collected.documents if d.excluded}
    assert aside == {e.document_id: e.reason for e in collected.exclusions}
    assert {e.stage for e in collected.exclusions} == {"collection"}


def test_of_two_files_with_one_address_the_last_own_one_counts(folder_source: MakeSource) -> None:
    front = "canonical_url: https://x.org/a"
    source = folder_source(
        {
            "1.md": f"---\n{front}\n---\nOld.",
            "2.md": f"---\n{front}\n---\nNew.",
            "3.md": f"---\n{front}\ndraft: true\n---\nDraft.",
        }
    )
    collected = collect(source, "Jo")
    assert [d.text for d in collected.documents] == ["New."]
    assert [(e.reason, e.file) for e in collected.exclusions] == [("duplicate_id", "1.md"), ("duplicate_id", "3.md")]


def test_progress_names_the_source_and_quotes_no_text(folder_source: MakeSource) -> None:
    lines: list[str] = []
    collect(folder_source({"a.md": "Secret words."}), "Jo", lines.append)
    assert any("folder: 1 documents, 1 own" in line for line in lines)
    assert not any("Secret" in line for line in lines)


def test_a_fingerprint_changes_with_the_files_and_the_config_only(folder_source: MakeSource) -> None:
    source = folder_source({"a.md": "A."})
    before = fingerprint(source)
    assert fingerprint(source) == before
    assert fingerprint(source.model_copy(update={"include_drafts": True})) != before
    folder_source({"picture.png": b"x", ".git/HEAD": "x"})
    assert fingerprint(source) == before
    folder_source({"b.md": "B."})
    added = fingerprint(source)
    assert added != before
    (source.path / "b.md").unlink()
    assert fingerprint(source) == before
    os.utime(source.path / "a.md", ns=(1, 1))
    assert fingerprint(source) not in (before, added)


def test_a_fingerprint_reads_no_contents(
    folder_source: MakeSource, zip_source: MakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [folder_source({"a.md": "A."}), zip_source(KINDS["x"])]

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("a file was opened")

    for owner, name in ((Path, "open"), (zipfile, "ZipFile"), (_Folder, "read")):
        monkeypatch.setattr(owner, name, opened)
    assert len({fingerprint(source) for source in sources}) == 2


def test_a_fingerprint_of_nothing_is_an_error(folder_source: MakeSource, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="gone"):
        fingerprint(folder_source({}, path=tmp_path / "gone"))
