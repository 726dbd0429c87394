"""The sample author's archives are what her sources give, and hold every pitfall that her README names."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLE_AUTHOR = REPOSITORY / "sample_author"
EXPORTS = SAMPLE_AUTHOR / "exports"
POSTS = SAMPLE_AUTHOR / "sources" / "blog" / "_posts"
TEXT_SUFFIXES = {".md", ".yaml", ".csv", ".py"}
EXPORT_NAMES = ["linkedin.zip", "substack.zip", "x.zip"]
LINKEDIN_ROOT = "Complete_LinkedInDataExport_11-02-2026"


def run_module(name: str, *arguments: str) -> str:
    command = [sys.executable, "-m", f"sample_author.{name}", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout


def read_archive(name: str) -> dict[str, bytes]:
    with zipfile.ZipFile(EXPORTS / name) as archive:
        return {entry: archive.read(entry) for entry in archive.namelist()}


def read_x(name: str) -> list[dict[str, Any]]:
    script = read_archive("x.zip")[f"data/{name}"].decode()
    assert script.startswith("window.YTD.")
    rows: list[dict[str, Any]] = json.loads(script[script.index("[") :])
    return rows


@pytest.fixture(scope="module")
def measured() -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = json.loads(run_module("measure"))
    return counts


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((SAMPLE_AUTHOR / "expected.yaml").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def shares() -> list[dict[str, str]]:
    text = read_archive("linkedin.zip")[f"{LINKEDIN_ROOT}/Shares_17529409.csv"].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def tweets() -> list[dict[str, Any]]:
    return [row["tweet"] for name in ("tweets.js", "tweets-part1.js") for row in read_x(name)]


def test_building_gives_exactly_the_checked_in_bytes(tmp_path: Path) -> None:
    run_module("build", "--output", str(tmp_path))
    for name in EXPORT_NAMES:
        assert (tmp_path / name).read_bytes() == (EXPORTS / name).read_bytes(), f"build {name} again"


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    run_module("build", "--output", str(tmp_path / "one"))
    run_module("build", "--output", str(tmp_path / "two"))
    for name in EXPORT_NAMES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_there_is_enough_own_writing_to_learn_a_voice_from(measured: dict[str, dict[str, int]]) -> None:
    own = [counts for source, counts in measured.items() if source != "guest"]
    assert sum(counts["pieces"] for counts in own) >= 60
    assert sum(counts["words"] for counts in own) >= 10_000
    assert measured["guest"]["words"] >= 3_500


def test_expected_yaml_counts_what_the_sources_hold(
    measured: dict[str, dict[str, int]], expected: dict[str, Any]
) -> None:
    for name, source in expected["sources"].items():
        assert source["own"] == measured[name]["pieces"], name
        if "own_by_kind" in source:
            assert sum(source["own_by_kind"].values()) == source["own"], name
    assert expected["sources"]["blog"]["excluded"]["guest"] == measured["guest"]["pieces"]


def test_every_phrase_of_expected_yaml_is_somewhere_in_the_sources(expected: dict[str, Any]) -> None:
    folders = [SAMPLE_AUTHOR / "sources", SAMPLE_AUTHOR / "builders"]
    paths = [path for folder in folders for path in folder.rglob("*") if path.suffix in TEXT_SUFFIXES]
    everything = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    for entry in [*expected["must_appear"], *expected["must_not_appear"]]:
        assert entry["text"] in everything


def test_no_paragraph_is_written_twice_apart_from_the_cross_post(expected: dict[str, Any]) -> None:
    copy = SAMPLE_AUTHOR / expected["cross_posts"][0]["blog"]
    paths = [path for path in (SAMPLE_AUTHOR / "sources").rglob("*.md") if path != copy]
    paragraphs = Counter(
        paragraph
        for path in paths
        for paragraph in path.read_text(encoding="utf-8").split("\n\n")
        if len(paragraph.split()) > 12
    )
    assert [paragraph for paragraph, times in paragraphs.items() if times > 1] == []


def test_the_blog_has_guests_a_draft_quotes_and_both_kinds_of_front_matter() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in POSTS.glob("*.md")}
    assert sum("\nauthor: Anselm Okafor-Lindqvist\n" in text for text in texts.values()) == 4
    assert sum("\ndraft: true\n" in text for text in texts.values()) == 1
    assert sum(text.startswith("+++\n") for text in texts.values()) == 1
    assert sum(len(re.findall(r"^> ", text, re.MULTILINE)) for text in texts.values()) == 3
    assert "2024-4-8-against-the-dashboard.md" in texts
    nmea = texts["2022-01-17-reading-nmea-sentences-with-suspicion.md"]
    assert all(tag in nmea for tag in ("{% highlight", "{% include", "{{ site.baseurl }}", "{{< notice"))


def test_the_letter_and_its_blog_copy_differ_in_the_footer_only() -> None:
    def paragraphs(path: Path) -> list[str]:
        return path.read_text(encoding="utf-8").split("\n---\n")[1].strip().split("\n\n")

    letter = paragraphs(SAMPLE_AUTHOR / "sources" / "newsletter" / "how-to-be-woken.md")
    copy = paragraphs(POSTS / "2025-03-04-how-to-be-woken.md")
    assert letter[:-1] == copy[:-1]
    assert letter[-1] != copy[-1]


def test_the_substack_export_lists_drafts_threads_pages_and_bodies_that_do_not_match() -> None:
    archive = read_archive("substack.zip")
    rows = list(csv.DictReader(io.StringIO(archive["posts.csv"].decode())))
    types = Counter(row["type"] for row in rows)
    listed = {row["post_id"].partition(".")[0] for row in rows}
    bodies = {name.removeprefix("posts/").partition(".")[0] for name in archive if name.endswith(".html")}
    assert (types["thread"], types["page"]) == (1, 1)
    assert [row["is_published"] for row in rows].count("false") == 1
    assert len(listed - bodies) == 1
    assert len(bodies - listed) == 1
    assert sum(row["post_id"].isdigit() for row in rows) == 2
    assert sum(len(row["post_date"]) == len("2023-01-22") for row in rows) == 1


def test_the_substack_export_has_widgets_and_lists_of_readers() -> None:
    archive = read_archive("substack.zip")
    pages = "\n".join(content.decode() for name, content in archive.items() if name.endswith(".html"))
    assert 'class="subscription-widget-wrap"' in pages
    assert 'class="tweet-embed"' in pages
    assert "[[" not in pages
    readers = archive["email_list.wennatregarrick.csv"].decode()
    assert set(re.findall(r"@\S+?(?=,)", readers)) == {"@example.com"}
    assert any(name.endswith(".opens.csv") for name in archive)
    assert any(name.endswith(".delivers.csv") for name in archive)


def test_the_linkedin_export_is_wrapped_suffixed_and_begins_with_a_byte_order_mark() -> None:
    archive = read_archive("linkedin.zip")
    assert {name.split("/")[0] for name in archive} == {LINKEDIN_ROOT, "__MACOSX"}
    assert archive[f"{LINKEDIN_ROOT}/Shares_17529409.csv"].startswith(b"\xef\xbb\xbf")
    assert archive[f"{LINKEDIN_ROOT}/Connections.csv"].startswith(b"Notes:")
    assert b"PRIVATE-MARKER-7" in archive[f"{LINKEDIN_ROOT}/messages.csv"]
    assert sum(name.startswith(f"{LINKEDIN_ROOT}/Articles/Articles/") for name in archive) == 2


def test_the_linkedin_shares_have_reshares_a_bare_url_a_blank_date_and_quoted_line_breaks(
    shares: list[dict[str, str]],
) -> None:
    commentaries = [row["ShareCommentary"] for row in shares]
    assert commentaries.count("") == 2
    assert sum(re.fullmatch(r"https://\S+", text) is not None for text in commentaries) == 1
    assert [row["Date"] for row in shares].count("") == 1
    assert sum('"\n"' in text for text in commentaries) > 10
    assert not any(re.search(r'(?<!")\n|\n(?!")', text) for text in commentaries)


def test_the_linkedin_comments_escape_quotes_with_a_backslash() -> None:
    comments = read_archive("linkedin.zip")[f"{LINKEDIN_ROOT}/Comments_17529409.csv"].decode()
    assert '\\"relief\\"' in comments
    assert '""' not in comments


def test_a_linkedin_post_is_also_the_first_tweet_of_a_thread(
    shares: list[dict[str, str]], tweets: list[dict[str, Any]]
) -> None:
    commentaries = {row["ShareCommentary"] for row in shares}
    first = [tweet for tweet in tweets if tweet["full_text"] in commentaries]
    assert len(first) == 1
    assert any(tweet.get("in_reply_to_status_id_str") == first[0]["id_str"] for tweet in tweets)


def test_the_x_archive_tells_retweets_replies_and_threads_apart_by_user(tweets: list[dict[str, Any]]) -> None:
    own = read_x("account.js")[0]["account"]["accountId"]
    answered = {tweet["id_str"]: tweet.get("in_reply_to_user_id_str") for tweet in tweets}
    followers = [tweet for tweet in tweets if tweet.get("in_reply_to_user_id_str") == own]
    starts = {
        tweet["in_reply_to_status_id_str"]
        for tweet in followers
        if answered[tweet["in_reply_to_status_id_str"]] is None
    }
    assert len(starts) == 3
    assert sum(user not in (None, own) for user in answered.values()) == 3
    assert sum(tweet["full_text"].startswith("RT @") for tweet in tweets) == 2


def test_one_thread_is_cut_across_two_files() -> None:
    later = {row["tweet"]["id_str"] for row in read_x("tweets-part1.js")}
    parents = {row["tweet"].get("in_reply_to_status_id_str") for row in read_x("tweets-part1.js")}
    earlier = {row["tweet"]["id_str"] for row in read_x("tweets.js")}
    assert earlier.isdisjoint(later)
    assert len(parents & earlier) == 1


def test_tweets_are_escaped_short_and_carry_their_links_expanded(tweets: list[dict[str, Any]]) -> None:
    texts = [tweet["full_text"] for tweet in tweets]
    assert any("&amp;" in text for text in texts)
    assert any("&lt;" in text for text in texts)
    assert not any("example.org" in text for text in texts)
    expanded = [url["expanded_url"] for tweet in tweets for url in tweet["entities"]["urls"]]
    assert sum("/status/" in url for url in expanded) == 1
    assert len(expanded) == 3
    assert max(len(text) for text in texts if not text.endswith("…")) <= 300


def test_the_long_tweet_is_whole_in_the_note_file_only(tweets: list[dict[str, Any]]) -> None:
    note = read_x("note-tweet.js")[0]["noteTweet"]
    cut = [tweet for tweet in tweets if tweet["full_text"].endswith("…")]
    assert len(cut) == 1
    assert note["core"]["text"].startswith(cut[0]["full_text"].removesuffix("…"))
    assert len(note["core"]["text"]) > 2 * len(cut[0]["full_text"])
