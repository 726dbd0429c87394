"""Edits of the sources file change what they are about, and nothing else."""

from pathlib import Path

import pytest

from twin_assets.errors import ConfigError
from twin_assets.settings import load_settings, load_sources
from twin_assets.sources_file import SourcesFile

TEXT = """\
# Whose writing it is. A long comment that says a good deal more than a hundred columns hold, and stays one line.
author: "Ada Example"   # quoted

sources:
  # the blog comes first
  - name: blog
    path: blog          # relative
    own_names: [ada, 'A. Example']
  # then the feed,
  # which is live
  - name: feed
    url: https://ada.example.org/feed
    schedule: weekly
  # the end
"""


@pytest.fixture
def sources(tmp_path: Path) -> SourcesFile:
    (tmp_path / "blog").mkdir()
    (tmp_path / "sources.yaml").write_text(TEXT)
    return SourcesFile(tmp_path / "sources.yaml", tmp_path / "lock")


def test_adding_a_source_leaves_every_line_as_it_was(sources: SourcesFile):
    added = sources.add({"name": "notes", "url": "https://notes.example.org", "schedule": "daily"})
    assert added.url == "https://notes.example.org"
    text = sources.file.read_text()
    assert [line for line in text.splitlines() if line not in TEXT.splitlines()] == [
        "  - name: notes",
        "    url: https://notes.example.org",
        "    schedule: daily",
    ]
    assert [line for line in TEXT.splitlines() if line not in text.splitlines()] == []


def test_a_pause_is_one_line(sources: SourcesFile):
    assert sources.change("feed", {"paused": True}).paused
    changed = sources.file.read_text().splitlines()
    assert [line for line in changed if line not in TEXT.splitlines()] == ["    paused: true"]
    assert [line for line in TEXT.splitlines() if line not in changed] == []
    assert not sources.change("feed", {"paused": False}).paused


def test_removing_a_source_keeps_the_comments_around_it(sources: SourcesFile):
    sources.remove("blog")
    lines = sources.file.read_text().splitlines()
    gone = [line for line in TEXT.splitlines() if line not in lines]
    assert gone == [
        "  - name: blog",
        "    path: blog          # relative",
        "    own_names: [ada, 'A. Example']",
    ]
    assert [source.name for source in sources.read().sources] == ["feed"]


def test_what_the_settings_refuse_never_reaches_the_file(sources: SourcesFile):
    for entry in (
        {"name": "blog", "url": "https://other.example.org"},
        {"name": "No Name!", "url": "https://other.example.org"},
        {"name": "both", "url": "https://other.example.org", "path": "blog"},
        {"name": "gone", "path": "nowhere"},
    ):
        with pytest.raises(ConfigError) as refused:
            sources.add(entry)
        assert "staged" not in refused.value.what
    assert sources.file.read_text() == TEXT
    assert sorted(file.name for file in sources.file.parent.iterdir()) == ["blog", "lock", "sources.yaml"]


def test_an_unknown_source_is_neither_changed_nor_removed(sources: SourcesFile):
    with pytest.raises(KeyError):
        sources.change("nobody", {"paused": True})
    with pytest.raises(KeyError):
        sources.remove("nobody")
    assert sources.file.read_text() == TEXT


def test_the_last_source_stays(sources: SourcesFile):
    sources.remove("blog")
    with pytest.raises(ConfigError, match="is the last"):
        sources.remove("feed")


def test_a_folder_of_writing_gets_a_file_that_keeps_watching_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "writing"
    folder.mkdir()
    (folder / "one.md").write_text("One.")
    (folder / "paper.pdf").write_bytes(b"%PDF-1.4")
    monkeypatch.setenv("TWIN_HOME", str(tmp_path / "home"))
    sources = SourcesFile.of(load_settings(folder))
    before = {source.name for source in load_sources(folder).sources}
    sources.add({"name": "feed", "url": "https://ada.example.org/feed"})
    assert {source.name for source in load_sources(folder).sources} == before | {"feed"}
    assert load_sources(folder).author == "writing"
    sources.remove("feed")
    assert {source.name for source in load_sources(folder).sources} == before
    sources.add({"name": "feed", "url": "https://ada.example.org/feed"})
    sources.change("writing", {"paused": True})
    assert {s.name for s in load_sources(folder).sources} == before | {"feed"}
    assert [s.name for s in load_sources(folder).sources if s.paused] == ["writing"]
    (folder / "tweets.zip").write_bytes(b"PK")
    assert "tweets" in {source.name for source in load_sources(folder).sources}
    with pytest.raises(ConfigError, match="watched folder"):
        sources.remove("tweets")
