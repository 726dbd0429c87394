"""Collecting two real people's writing, which is no part of this project: `TWIN_CORPORA` names its folder.

The same is tested of a few invented tweets, so that it is always tested.
"""

import html
import json
import os
import re
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from twin_assets.collection import Collected, collect
from twin_assets.collection.posts import read_post
from twin_assets.digests import document_id
from twin_assets.records import RawDocument
from twin_assets.settings import SourceConfig
from twin_assets_tests.collection.brandur import read_tweets, to_archive

FIXTURE = Path(__file__).with_name("tweets.toml")
INVENTED = ("wenna_t", 501)
_LINK = re.compile(r"https?://\S+")
_ADDRESSED = re.compile(r"\A(?:@\w+\s+)+")
_BY_HAND = re.compile(r"(?<=\s)[RM]T:? @")


def _corpus(name: str) -> Path:
    """The folder of a corpus; skips the test without it."""
    root = os.environ.get("TWIN_CORPORA")
    if not root:
        pytest.skip("the corpora are no part of this project: set TWIN_CORPORA to the folder that brandur_sorg is in")
    folder = Path(root) / name
    if not folder.is_dir():
        pytest.skip(f"TWIN_CORPORA={root!r} has no folder {name!r}")
    return folder


@dataclass(frozen=True)
class Feed:
    """Tweets as the TOML has them, and what was collected of the archive that was made of them."""

    tweets: Sequence[Mapping[str, Any]]
    user_id: int
    archive: Mapping[str, str]
    collected: Collected

    @property
    def own(self) -> dict[int, RawDocument]:
        """The author's own documents by the number of their first tweet."""
        return {int(d.native_id): d for d in self.collected.documents if not d.excluded}

    def threads(self) -> dict[int, list[Mapping[str, Any]]]:
        """All tweets by the first of their thread, as the replies in the TOML say, in the order of time."""
        parents = {t["id"]: t["reply"]["status_id"] if self._continues(t) else 0 for t in self.tweets}
        threads: dict[int, list[Mapping[str, Any]]] = {}
        for tweet in sorted(self.tweets, key=lambda t: (t["created_at"], t["id"])):
            root = tweet["id"]
            while parents[root] in parents:
                root = parents[root]
            threads.setdefault(root, []).append(tweet)
        return threads

    def _continues(self, tweet: Mapping[str, Any]) -> bool:
        return "reply" in tweet and tweet["reply"]["user_id"] == self.user_id


def _feed(toml: Path, user: str, user_id: int, folder: Path) -> Feed:
    tweets = read_tweets(toml.read_text(encoding="utf-8"))
    archive = to_archive(tweets, user, user_id)
    path = folder / "twitter.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in archive.items():
            written.writestr(name, content)
    return Feed(tweets, user_id, archive, collect(SourceConfig(name="tweets", path=path), user))


@pytest.fixture(scope="module", params=["invented", "brandur"])
def feed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Feed:
    """A few invented tweets, and the 5,086 of the corpus."""
    folder = tmp_path_factory.mktemp("feed")
    if request.param == "invented":
        return _feed(FIXTURE, *INVENTED, folder)
    return _feed(_corpus("brandur_sorg") / "data" / "twitter.toml", "brandur", 22980330, folder)


def _kind(tweet: Mapping[str, Any]) -> str:
    """What a tweet is, by the TOML: its 20 oldest retweets are known by their text alone."""
    if "retweet" in tweet or tweet["text"].startswith("RT @"):
        return "retweet"
    return "reply" if "reply" in tweet else "original"


def _words(text: str) -> list[str]:
    """The words of a text without links, those it is addressed to at its beginning, and what was passed on by hand."""
    said = _ADDRESSED.sub("", html.unescape(text))
    return _LINK.sub("", _BY_HAND.split(said)[0]).split()


def test_originals_replies_and_retweets_are_told_apart(feed: Feed) -> None:
    script = feed.archive["data/tweets.js"]
    posts = [read_post(o["tweet"], str(feed.user_id), file="", row=0) for o in json.loads(script[script.index("[") :])]
    kinds = {int(p.id): "retweet" if p.repost_of else "reply" if p.is_reply else "original" for p in posts}
    assert kinds == {tweet["id"]: _kind(tweet) for tweet in feed.tweets}


def test_all_that_was_passed_on_is_another_persons_and_nothing_else(feed: Feed) -> None:
    reposts = {int(d.native_id): d.by for d in feed.collected.documents if d.excluded}
    handles = {t["id"]: t["text"].split()[1].rstrip(":") for t in feed.tweets if _kind(t) == "retweet"}
    assert reposts == handles
    assert {d.excluded for d in feed.collected.documents} == {"", "repost"}


def test_a_thread_is_one_document_with_the_words_of_all_its_tweets(feed: Feed) -> None:
    threads = {root: thread for root, thread in feed.threads().items() if _kind(thread[0]) != "retweet"}
    assert max(map(len, threads.values())) > 2
    expected = {root: [w for tweet in thread for w in _words(tweet["text"])] for root, thread in threads.items()}
    assert {root: _words(d.text) for root, d in feed.own.items()} == {
        r: words for r, words in expected.items() if words
    }


def test_a_document_has_the_date_and_address_of_its_first_tweet(feed: Feed) -> None:
    dates = {tweet["id"]: tweet["created_at"] for tweet in feed.tweets}
    for root, document in feed.own.items():
        assert document.published_at == dates[root]
        assert document.url.endswith(f"/status/{root}")


def test_every_tweet_is_a_document_a_part_of_one_or_set_aside_with_a_reason(feed: Feed) -> None:
    aside = {e.document_id: e.reason for e in feed.collected.exclusions}
    documents = {int(d.native_id) for d in feed.collected.documents}
    outcomes = Counter[str]()
    for root, thread in feed.threads().items():
        for tweet in thread:
            reason = aside.get(document_id("x", str(tweet["id"])))
            if _kind(tweet) == "retweet":
                assert reason == "repost"
            elif not _words(tweet["text"]):
                assert reason == "empty"
            else:
                assert reason is None
                assert root in documents
            outcomes[reason or ("document" if tweet["id"] == root else "part")] += 1
    assert outcomes.total() == len(feed.tweets)
    assert outcomes["document"] + outcomes["part"] + len(feed.collected.exclusions) == len(feed.tweets)
    assert all(e.row and e.file == "data/tweets.js" and e.detail for e in feed.collected.exclusions)


def test_texts_are_as_the_author_saw_them(feed: Feed) -> None:
    expanded = {u["url"]: u["expanded_url"] for t in feed.tweets for u in t.get("entities", {}).get("urls", [])}
    for document in feed.own.values():
        assert not re.search(r"&(?:amp|lt|gt);", document.text)
        assert not any(link in expanded for link in re.findall(r"https?://t\.co/\w+", document.text))


def test_the_counts_of_the_real_tweets() -> None:
    tweets = read_tweets((_corpus("brandur_sorg") / "data" / "twitter.toml").read_text(encoding="utf-8"))
    assert Counter(map(_kind, tweets)) == {"original": 3100, "reply": 1861, "retweet": 125}


def test_an_archive_of_toml_tweets_is_written_as_x_writes_it() -> None:
    archive = to_archive(read_tweets(FIXTURE.read_text(encoding="utf-8")), *INVENTED)
    script = archive["data/tweets.js"]
    assert script.startswith("window.YTD.tweets.part0 = [")
    tweets = {o["tweet"]["id_str"]: o["tweet"] for o in json.loads(script[script.index("[") :])}
    assert tweets["1407"]["full_text"].endswith("buy small &amp; firm.")
    assert tweets["1408"]["full_text"].startswith("@wenna_t Second: salt &amp; water")
    assert tweets["1408"]["created_at"] == "Sun May 09 17:10:00 +0000 2021"
    assert tweets["1408"]["in_reply_to_status_id_str"] == "1407"
    assert tweets["1408"]["in_reply_to_user_id_str"] == "501"
    assert [m["url"] for m in tweets["1401"]["extended_entities"]["media"]] == ["https://t.co/Zz9Photo01"] * 2
    assert "retweet" not in tweets["1405"]
    account = archive["data/account.js"]
    assert json.loads(account[account.index("[") :])[0]["account"]["accountId"] == "501"


def test_the_invented_tweets_become_these_documents(tmp_path: Path) -> None:
    feed = _feed(FIXTURE, *INVENTED, tmp_path)
    assert {root: d.text for root, d in feed.own.items()} == {
        1401: "`if tide < 2.0` and the boat lies on the sand.",
        1402: "The pier, this morning. http://t.co/Old2Link",
        1403: "Quite so!",
        1406: "That is the 07:14, not the 07:41. Ask @gwens_boat.",
        1407: "What I know about pickling, in three tweets. First: buy small & firm.\n\n"
        "Second: salt & water only, 3 % by weight. https://kitchen.example.org/brine?unit=g&salt=3\n\n"
        "Third and last: write the *date* on the jar.\n\nYou will not remember.",
        1412: "+1. I would not trust that tide table either.",
    }
    assert Counter(e.reason for e in feed.collected.exclusions) == {"repost": 2, "empty": 2}


def _files(folder: Path) -> dict[str, str]:
    return {f.relative_to(folder).as_posix(): f.read_text(encoding="utf-8") for f in folder.rglob("*.md")}


def test_brandurs_articles_and_letters_are_collected_whole() -> None:
    corpus = _corpus("brandur_sorg") / "content"
    collected = collect(SourceConfig(name="brandur", path=corpus), "Brandur Leach")
    own = [d for d in collected.documents if not d.excluded]
    assert Counter(d.file.split("/")[0] for d in own) == {
        "articles": 76,
        "fragments": 335,
        "nanoglyphs": 52,
        "passages": 3,
    }
    assert collected.exclusions == []
    written = _files(corpus)
    for document in own:
        front, body = written[document.file].split("+++\n", 2)[1:]
        assert document.text.strip() == body.strip()
        said = re.search(r"^published_at = (\S+)$", front, re.MULTILINE)
        assert said
        assert document.published_at
        assert said[1].startswith(document.published_at.isoformat()[:4])
        title = re.search(r"^title = (['\"])(.*)\1$", front, re.MULTILINE)
        assert title
        assert document.title == " ".join(title[2].replace('\\"', '"').split())


def test_simons_notes_are_collected_whole_and_their_table_of_contents_is_none() -> None:
    corpus = _corpus("simonw_til")
    collected = collect(SourceConfig(name="simon", path=corpus), "Simon Willison")
    written = _files(corpus)
    assert {d.file: d.excluded for d in collected.documents} == {
        name: "not_a_post" if name == "README.md" else "" for name in written
    }
    assert len(written) == 578
    for document in collected.documents:
        assert document.text.strip() == written[document.file].strip()
        assert f"# {document.title}" in document.text.replace("  ", " ")
