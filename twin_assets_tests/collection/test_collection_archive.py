import stat
import zipfile
from pathlib import Path

import pytest

from twin_assets.collection import collect, recognize
from twin_assets.collection.archive import open_files
from twin_assets.collection.text import Unreadable
from twin_assets.errors import SourceError
from twin_assets.settings import SourceConfig
from twin_assets_tests.collection.conftest import MakeSource


def _member(path: Path, name: str, content: bytes, mode: int = 0) -> None:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = mode << 16
        archive.writestr(info, content)


def _refused(path: Path) -> dict[str, tuple[str, str]]:
    with open_files(path) as files:
        return {r.name: (r.reason, r.detail) for r in files.refused}


def test_an_archive_of_zero_bytes_is_named_with_its_remedy(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.touch()
    with pytest.raises(SourceError, match=r"export.zip.* is empty \(0 bytes\)\n  -> download"):
        recognize(path)


@pytest.mark.parametrize("content", [b"PK\x03\x04 and then nothing", b"<html>Sign in</html>"])
def test_an_unreadable_archive_is_named_with_its_remedy(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"cannot be read as a zip archive(.|\n)*download it again"):
        collect(SourceConfig(name="x", path=path), "Jo")


def test_a_truncated_archive_is_an_error_and_not_a_traceback(zip_source: MakeSource) -> None:
    source = zip_source({"data/tweets.js": "window.YTD.tweets.part0 = []" * 1000})
    source.path.write_bytes(source.path.read_bytes()[:100])
    with pytest.raises(SourceError):
        collect(source, "Jo")


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="gone"):
        recognize(tmp_path / "gone")


def test_names_that_lead_outside_and_links_are_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "blog.zip"
    _member(path, "post.md", b"# Fine\n\nWords.")
    _member(path, "../../evil.md", b"# Evil")
    _member(path, "/etc/evil.md", b"# Evil")
    _member(path, "C:\\evil.md", b"# Evil")
    _member(path, "link.md", b"/etc/passwd", mode=stat.S_IFLNK | 0o777)
    collected = collect(SourceConfig(name="blog", path=path), "Jo")
    assert [d.file for d in collected.documents] == ["post.md"]
    refused = {e.file: (e.reason, e.detail) for e in collected.exclusions}
    assert set(refused) == {"../../evil.md", "/etc/evil.md", "C:/evil.md", "link.md"}
    assert {reason for reason, _ in refused.values()} == {"unreadable"}
    assert "symbolic link" in refused["link.md"][1]
    assert not (tmp_path.parent / "evil.md").exists()


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    _member(path, "bomb.md", b"a" * (20 << 20))
    _member(path, "post.md", b"Words.")
    collected = collect(SourceConfig(name="blog", path=path), "Jo")
    assert [(e.file, e.reason) for e in collected.exclusions] == [("bomb.md", "too_large")]


def test_a_file_larger_than_any_text_is_not_read(folder_source: MakeSource) -> None:
    source = folder_source({"post.md": "Words.", "large.md": b"word " * (2 << 20)})
    collected = collect(source, "Jo")
    assert [(e.file, e.reason) for e in collected.exclusions] == [("large.md", "too_large")]


def test_an_encrypted_member_is_refused(zip_source: MakeSource) -> None:
    path = zip_source({"post.md": "Words."}).path
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert _refused(path)["post.md"][0] == "unreadable"


def test_a_damaged_member_is_an_exclusion_and_the_rest_is_read(zip_source: MakeSource) -> None:
    body = "".join(f"Line {i} of a letter.\n" for i in range(400))
    source = zip_source({"a.md": "Fine words.", "b.md": body})
    data = bytearray(source.path.read_bytes())
    start = data.index(b"b.md") + 40
    data[start : start + 60] = b"\xff" * 60
    source.path.write_bytes(data)
    collected = collect(source, "Jo")
    assert [d.file for d in collected.documents] == ["a.md"]
    assert [(e.file, e.reason) for e in collected.exclusions] == [("b.md", "unreadable")]


def test_of_two_members_with_one_name_the_last_is_read_and_the_other_noted(tmp_path: Path) -> None:
    path = tmp_path / "blog.zip"
    _member(path, "post.md", b"First.")
    with pytest.warns(UserWarning, match="Duplicate name"):
        _member(path, "post.md", b"Second.")
    collected = collect(SourceConfig(name="blog", path=path), "Jo")
    assert [d.text for d in collected.documents] == ["Second."]
    assert [e.reason for e in collected.exclusions] == ["duplicate_id"]


def test_a_desktops_droppings_are_not_seen(zip_source: MakeSource) -> None:
    source = zip_source({"Blog/post.md": "Words.", "__MACOSX/Blog/._post.md": b"\x00\x05", "Blog/.DS_Store": b"\x00"})
    collected = collect(source, "Jo")
    assert [d.file for d in collected.documents] == ["Blog/post.md"]
    assert collected.exclusions == []


def test_a_symbolic_link_in_a_folder_is_not_followed(folder_source: MakeSource, tmp_path: Path) -> None:
    source = folder_source({"post.md": "Words."})
    (tmp_path / "outside.md").write_text("Not the author's.")
    (source.path / "link.md").symlink_to(tmp_path / "outside.md")
    (source.path / "loop").symlink_to(source.path)
    collected = collect(source, "Jo")
    assert [d.file for d in collected.documents] == ["post.md"]
    assert [(e.file, e.reason) for e in collected.exclusions] == [("link.md", "unreadable")]


def test_an_empty_file_is_refused_as_empty(folder_source: MakeSource) -> None:
    with open_files(folder_source({"post.md": ""}).path) as files, pytest.raises(Unreadable) as refused:
        files.read("post.md")
    assert refused.value.reason == "empty"
