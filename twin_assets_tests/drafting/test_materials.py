"""New material: pages, papers and files read as the collectors read them, or an error in words."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from twin_assets.drafting.materials import fetcher_for, read_link, read_text, read_upload
from twin_assets.settings import CollectionSettings
from twin_assets_tests.collection.pdf_writer import Paper
from twin_assets_tests.loopback import Loopback, Response, loopback

SENTENCE = "Kettles of copper boil the water for the tea of the whole house. "
SETTINGS = CollectionSettings(allow_hosts=("127.0.0.1",), delay_s=0, attempts=4, timeout_s=300)


@pytest.fixture
def site() -> Iterator[Loopback]:
    with loopback() as found:
        yield found


def paper() -> bytes:
    made = Paper().full("A Study of Kettles", 18, "bold").heading("Introduction")
    for _ in range(4):
        made = made.paragraph(SENTENCE * 4)
    return made.write()


def test_of_a_page_the_main_text_is_taken_as_markdown_without_what_is_around_it(site: Loopback) -> None:
    html = (
        "<html><head><title>On kettles</title></head><body><nav>Home Shop Login</nav><article><h1>On kettles</h1>"
        f"<p>{SENTENCE * 5}</p><ul><li>one</li><li>two</li></ul><p>{SENTENCE * 5}</p></article>"
        "<footer>Cookies and imprint</footer><script>alert(1)</script></body></html>"
    )
    site.routes["/a"] = Response(html, headers={"Content-Type": "text/html"})
    found = read_link(f"{site.url}/a", fetcher_for(SETTINGS))
    assert (found.kind, found.title, found.error) == ("link", "On kettles", "")
    assert SENTENCE.strip() in found.text
    assert "- one" in found.text or "* one" in found.text
    for around in ("Login", "imprint", "alert"):
        assert around not in found.text


def test_a_paper_and_a_plain_text_are_read_behind_a_link(site: Loopback) -> None:
    site.routes["/p"] = Response(paper(), headers={"Content-Type": "application/pdf"})
    site.routes["/t"] = Response(SENTENCE, headers={"Content-Type": "text/plain; charset=utf-8"})
    found = read_link(f"{site.url}/p", fetcher_for(SETTINGS))
    assert (found.title, found.error) == ("A Study of Kettles", "")
    assert "boil the water" in found.text
    assert read_link(f"{site.url}/t", fetcher_for(SETTINGS)).text == SENTENCE.strip()


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (Response("gone", 410), "status 410"),
        (Response("x", 503), "status 503"),
        (Response(b"\x89PNG\r\n\x1a\n", headers={"Content-Type": "image/png"}), "image/png"),
        (Response("<html><body></body></html>", headers={"Content-Type": "text/html"}), "no text"),
        (Response(b"%PDF-1.4 broken", headers={"Content-Type": "application/pdf"}), "PDF"),
    ],
)
def test_what_cannot_be_read_says_so_after_one_try(site: Loopback, response: Response, words: str) -> None:
    site.routes["/a"] = response
    found = read_link(f"{site.url}/a?token=secret", fetcher_for(SETTINGS))
    assert words in found.error
    assert "secret" not in found.error
    assert found.text == ""
    assert site.count("/a") == 1


def test_robots_are_obeyed_for_a_link_too(site: Loopback) -> None:
    site.routes["/robots.txt"] = Response("User-agent: *\nDisallow: /private")
    assert "robots" in read_link(f"{site.url}/private", fetcher_for(SETTINGS)).error
    assert site.count("/private") == 0


@pytest.mark.parametrize(
    ("name", "data", "title"),
    [
        ("notes.md", b"---\ntitle: My notes\n---\nKettles boil.", "My notes"),
        ("letter.txt", "Käthe's kettles boil.".encode("cp1252"), "letter"),
        ("page.html", b"<html><body><p>Kettles boil.</p><script>alert(1)</script></body></html>", "page"),
        ("paper.pdf", paper(), "A Study of Kettles"),
    ],
)
def test_an_uploaded_file_is_read_by_its_kind(tmp_path: Path, name: str, data: bytes, title: str) -> None:
    folder = tmp_path / "uploads" / "abc123"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(data)
    found = read_upload(tmp_path, "abc123")
    assert (found.kind, found.title, found.error) == ("file", title, "")
    assert "boil" in found.text
    assert "alert" not in found.text


def test_an_upload_is_read_from_its_own_folder_only(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("a secret")
    (tmp_path / "uploads" / "abc").mkdir(parents=True)
    (tmp_path / "uploads" / "abc" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "uploads" / "zip").mkdir()
    (tmp_path / "uploads" / "zip" / "export.zip").write_bytes(b"PK")
    for wrong in ("abc", "zip", "..", ".", "", "../uploads/abc", "/etc", "abc/..", "no\x00ne", "x" * 500):
        found = read_upload(tmp_path, wrong)
        assert found.error
        assert "secret" not in found.text


def test_a_text_without_words_is_an_error(tmp_path: Path) -> None:
    assert read_text("", "  https://example.org ").error.endswith("has no text")
    assert read_text("", "words").title == "Untitled text"
