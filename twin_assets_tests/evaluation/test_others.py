"""Where other people's text is taken from."""

from pathlib import Path

import pytest

from twin_assets.digests import text_digest
from twin_assets.errors import ConfigError
from twin_assets.evaluation.others import SAMPLE_AUTHOR, SAMPLE_AUTHOR_NAME, choose_others
from twin_assets.records import RawDocument

PROSE = "Friends, what a lake it was that day, and what a sky! " * 140


def raw(
    text: str, excluded: str, media_type: str = "text/markdown", by: str = "Guest", native: str = "1"
) -> RawDocument:
    return RawDocument(
        row_id=native,
        document_id=native,
        source="blog",
        kind="markdown",
        native_id=native,
        url="",
        title="",
        text=text,
        media_type=media_type,  # type: ignore[arg-type]
        published_at=None,
        scope="public",
        by=by,
        excluded=excluded,
        file="a.md",
        row=0,
        content_digest=text_digest(text),
    )


def test_a_configured_folder_comes_first_and_names_people_by_folder_or_front_matter(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "one.md").write_text("Ann writes.")
    (tmp_path / "two.txt").write_text("Somebody writes.")
    (tmp_path / "three.md").write_text("---\ntitle: x\nauthor: 'Bob Other'\n---\nBob writes.")
    (tmp_path / "mine.md").write_text("---\nauthor: ada  EXAMPLE\n---\nI write.")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "empty.md").write_text(" \n")
    others = choose_others(tmp_path, [raw(PROSE, "guest")], "Ada Example", [])
    assert others.source == "folder"
    assert {(p.by, p.text.strip()) for p in others.pieces} == {
        ("ann", "Ann writes."),
        (tmp_path.name, "Somebody writes."),
        ("Bob Other", "Bob writes."),
    }
    assert others.persons == 3


@pytest.mark.parametrize("state", ["missing", "empty"])
def test_a_configured_folder_without_text_is_a_clear_error(tmp_path: Path, state: str) -> None:
    folder = tmp_path / state
    if state == "empty":
        folder.mkdir()
    with pytest.raises(ConfigError, match=r"evaluation.others is '.*" + state):
        choose_others(folder, [], "Ada", [])


def test_what_attribution_set_aside_as_others_comes_next() -> None:
    documents = [
        raw(f"<p>{PROSE}</p><p>&amp; more</p>", "guest", "text/html"),
        raw(PROSE, "draft", native="2"),
        raw("Passed on.", "repost", by="Someone", native="3"),
    ]
    others = choose_others(None, documents, "Ada", [])
    assert others.source == "attribution"
    assert [p.by for p in others.pieces] == ["Guest", "Someone"]
    assert "<p>" not in others.pieces[0].text
    assert "& more" in others.pieces[0].text


def test_too_little_set_aside_is_passed_over_for_the_sample_author() -> None:
    others = choose_others(None, [raw("A short note.", "guest")], "Ada", [])
    assert others.source == "sample_author"
    assert others.persons == 2


@pytest.mark.parametrize(
    ("author", "paths"), [(SAMPLE_AUTHOR_NAME.upper(), []), ("Ada", [SAMPLE_AUTHOR / "exports" / "x.zip"])]
)
def test_the_sample_author_is_not_compared_with_her_own_text(author: str, paths: list[Path]) -> None:
    assert choose_others(None, [], author, paths).source == "none"
    guest = choose_others(None, [raw(PROSE, "guest")], author, paths)
    assert (guest.source, [p.by for p in guest.pieces]) == ("attribution", ["Guest"])
