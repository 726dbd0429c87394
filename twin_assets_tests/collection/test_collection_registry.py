"""What a person gives (a path, a URL, a handle, an id) is recognized, or asked about, never guessed."""

import zipfile
from pathlib import Path

import git
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.collection.registry import FILES, LIVE, existing_path, recognize, understand
from twin_assets.errors import SourceError


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://medium.com/@jo", "medium"),
        ("https://jo.medium.com", "medium"),
        ("https://letters.substack.com", "substack"),
        ("https://letters.substack.com/p/first", "substack"),
        ("https://github.com/jo", "git"),
        ("https://github.com/jo/lighthouse", "git"),
        ("github:jo", "git"),
        ("jo.bsky.social", "bluesky"),
        ("@jo.bsky.social", "bluesky"),
        ("https://bsky.app/profile/jo.example", "bluesky"),
        ("@jo@mastodon.social", "mastodon"),
        ("https://mastodon.social/@jo", "mastodon"),
        ("arXiv:2401.01234", "paper"),
        ("https://arxiv.org/abs/2401.01234v2", "paper"),
        ("https://jo.example", "site"),
        ("https://jo.example/2024/a-long-night/", "site"),
        (" https://jo.example/feed.xml ", "site"),
    ],
)
def test_an_address_is_recognized_by_its_form(address: str, kind: str) -> None:
    given = understand(address)
    assert (given.kind, given.path, given.url) == (kind, None, address.strip())


@pytest.mark.parametrize(
    ("address", "way"),
    [
        ("https://www.linkedin.com/in/jo", "Get a copy of your data"),
        ("https://de.linkedin.com/in/jo/", "Get a copy of your data"),
        ("https://x.com/jo", "Download an archive"),
        ("https://mobile.twitter.com/jo", "Download an archive"),
    ],
)
def test_a_profile_that_may_not_be_read_is_answered_with_the_way_to_the_archive(address: str, way: str) -> None:
    with pytest.raises(SourceError, match="forbids reading profiles by program") as caught:
        understand(address)
    assert way in caught.value.remedy
    assert address in str(caught.value)


def test_a_bare_handle_is_a_question() -> None:
    with pytest.raises(SourceError, match="on which site is '@jo'") as caught:
        understand("@jo")
    assert "@me@mastodon.social" in caught.value.remedy


@pytest.mark.parametrize("unknown", ["", "no such file.zip", "ftp://jo.example", "jo", "mailto:jo@jo.example"])
def test_what_is_nothing_known_says_what_can_be_given(unknown: str) -> None:
    with pytest.raises(SourceError, match="no file or folder here") as caught:
        understand(unknown)
    assert "a path, a URL" in caught.value.remedy


def test_a_path_is_recognized_before_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("jo.bsky.social", "w") as archive:
        archive.writestr("data/tweets.js", "window.YTD.tweets.part0 = []")
    given = understand("jo.bsky.social")
    assert (given.kind, given.path, given.url) == ("x", tmp_path / "jo.bsky.social", "")


def test_a_repository_is_told_from_a_blog_that_lies_in_one(tmp_path: Path) -> None:
    git.Repo.init(tmp_path).close()
    (tmp_path / "README.md").write_text("# Lighthouse\n")
    assert recognize(tmp_path) == "git"
    (tmp_path / "_posts").mkdir()
    with pytest.raises(SourceError, match="is a git repository, and its folder '_posts' looks like that of a blog"):
        recognize(tmp_path)


def test_every_kind_has_a_title_and_files_have_a_hint() -> None:
    assert all(collector.title for collector in (*FILES.values(), *LIVE.values()))
    assert all(collector.looked_for and collector.suffixes for collector in FILES.values())


@given(st.text() | st.from_regex(r"(https?://|@|arxiv:|github:)[\w.@/:\[\]%-]*", fullmatch=True))
def test_whatever_is_given_is_recognized_or_asked_about(text: str) -> None:
    try:
        understand(text)
    except SourceError as error:
        assert error.remedy  # noqa: PT017


def test_a_text_that_can_be_no_path_is_none(tmp_path: Path):
    assert existing_path(f"{tmp_path}") == tmp_path
    for text in ("", "~nobody-of-that-name/blog", "a" * 5000, "a\x00b", str(tmp_path / "gone")):
        assert existing_path(text) is None
