import json
from typing import Any

import pytest

from twin_assets.collection import Collected, collect
from twin_assets.errors import SourceError
from twin_assets_tests.collection.conftest import MakeSource

ME = "77"
ACCOUNT = 'window.YTD.account.part0 = [{"account": {"accountId": "77", "username": "jo"}}]'


def _tweet(identity: int, text: str, second: int = 0, **more: Any) -> dict[str, Any]:
    created = f"Wed Oct 10 20:{second // 60:02}:{second % 60:02} +0000 2018"
    return {"tweet": {"id_str": str(identity), "full_text": text, "created_at": created, **more}}


def _file(objects: list[Any], part: str = "tweets.part0") -> str:
    return f"window.YTD.{part} = " + json.dumps(objects, indent=2)


def _archive(*tweets: dict[str, Any], **files: str) -> dict[str, str]:
    return {"data/account.js": ACCOUNT, "data/tweets.js": _file(list(tweets)), **files}


def _texts(collected: Collected) -> list[str]:
    return [d.text for d in collected.documents if not d.excluded]


def test_a_post_is_unescaped_and_linked(zip_source: MakeSource) -> None:
    (document,) = collect(zip_source(_archive(_tweet(1, "Fish &amp; chips &lt; £10 😀"))), "Jo").documents
    assert document.text == "Fish & chips < £10 😀"
    assert (document.url, document.native_id) == ("https://x.com/jo/status/1", "1")
    assert document.published_at is not None
    assert document.published_at.isoformat() == "2018-10-10T20:00:00+00:00"


def test_short_links_are_expanded_and_links_to_pictures_removed(zip_source: MakeSource) -> None:
    entities = {
        "urls": [
            {"url": "https://t.co/a", "expanded_url": "https://example.org/1"},
            {"url": "https://t.co/ab", "expanded_url": "https://example.org/2"},
        ],
        "media": [{"url": "https://t.co/p"}],
    }
    tweet = _tweet(1, "See https://t.co/ab and https://t.co/a https://t.co/p", entities=entities)
    assert _texts(collect(zip_source(_archive(tweet)), "Jo")) == ["See https://example.org/2 and https://example.org/1"]


def test_a_repost_is_someone_elses(zip_source: MakeSource) -> None:
    collected = collect(zip_source(_archive(_tweet(1, "RT @al_bo: Their words"), _tweet(2, "Mine."))), "Jo")
    repost = next(d for d in collected.documents if d.excluded)
    assert (repost.excluded, repost.by) == ("repost", "@al_bo")
    assert [(e.reason, e.document_id) for e in collected.exclusions] == [("repost", repost.document_id)]


def test_a_post_passed_on_by_hand_keeps_the_comment_only(zip_source: MakeSource) -> None:
    tweet = _tweet(1, "So true! RT @al_bo: Their words")
    assert _texts(collect(zip_source(_archive(tweet)), "Jo")) == ["So true!"]


def test_a_quotation_keeps_the_authors_comment(zip_source: MakeSource) -> None:
    link = {"urls": [{"url": "https://t.co/q", "expanded_url": "https://twitter.com/al/status/9"}]}
    tweets = (_tweet(1, "I disagree. https://t.co/q", entities=link), _tweet(2, "https://t.co/q", entities=link))
    collected = collect(zip_source(_archive(*tweets)), "Jo")
    assert _texts(collected) == ["I disagree. https://twitter.com/al/status/9"]
    assert [(e.reason, e.row) for e in collected.exclusions] == [("empty", 2)]


def test_replies_to_others_keep_own_words_without_the_mentions(zip_source: MakeSource) -> None:
    reply = {"in_reply_to_status_id_str": "999", "in_reply_to_user_id_str": "5"}
    tweets = (
        _tweet(1, "@al @bo it is the datum, @al", **reply),
        _tweet(2, "@al", **reply),
        _tweet(3, "@gone Thank you"),
        _tweet(4, "@heroku is hiring"),
    )
    collected = collect(zip_source(_archive(*tweets)), "Jo")
    assert _texts(collected) == ["it is the datum, @al", "Thank you", "@heroku is hiring"]
    assert [(e.reason, e.row) for e in collected.exclusions] == [("empty", 2)]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("@gone +1. I like it.", "+1. I like it."),
        ('@gone "The tide", by Jo', '"The tide", by Jo'),
        ("@gone ありがとう", "ありがとう"),
        ("@heroku is hiring", "@heroku is hiring"),
        ("@al & @bo are here", "@al & @bo are here"),
        ("@al + one more", "@al + one more"),
    ],
)
def test_a_reply_to_an_account_that_is_gone_is_told_by_how_it_goes_on(
    zip_source: MakeSource, written: str, said: str
) -> None:
    assert _texts(collect(zip_source(_archive(_tweet(1, written))), "Jo")) == [said]


@pytest.mark.parametrize("written", ["@gone https://example.org/a", "@gone @al", "@gone"])
def test_a_mention_with_nothing_but_a_link_has_no_words(zip_source: MakeSource, written: str) -> None:
    collected = collect(zip_source(_archive(_tweet(1, written), _tweet(2, "Words."))), "Jo")
    assert _texts(collected) == ["Words."]
    assert [(e.reason, e.row) for e in collected.exclusions] == [("empty", 1)]


def _reply(to: int, user: str = ME) -> dict[str, str]:
    return {"in_reply_to_status_id_str": str(to), "in_reply_to_user_id_str": user}


def test_self_replies_are_one_document_in_the_order_of_time_across_files(zip_source: MakeSource) -> None:
    files = _archive(_tweet(3, "Three.", 30, **_reply(2)), _tweet(1, "One."), _tweet(9, "Other."))
    files["data/tweets-part1.js"] = _file([_tweet(2, "@jo Two.", 20, **_reply(1))], "tweets.part1")
    collected = collect(zip_source(files), "Jo")
    thread = next(d for d in collected.documents if d.native_id == "1")
    assert thread.text == "One.\n\nTwo.\n\nThree."
    assert len(collected.documents) == 2
    assert collected.exclusions == []


def test_a_thread_does_not_go_through_someone_else_or_round_in_circles(zip_source: MakeSource) -> None:
    tweets = (
        _tweet(1, "One."),
        _tweet(2, "Answer.", **_reply(1, user="5")),
        _tweet(5, "Ring a.", **_reply(6)),
        _tweet(6, "Ring b.", **_reply(5)),
    )
    assert sorted(_texts(collect(zip_source(_archive(*tweets)), "Jo"))) == ["Answer.", "One.", "Ring a.\n\nRing b."]


def _note(identity: str, text: str, created: str = "2018-10-10T20:00:00.000Z") -> dict[str, Any]:
    return {"noteTweet": {"noteTweetId": identity, "createdAt": created, "core": {"text": text, "urls": []}}}


LONG = "This is the beginning of a long post and it goes on " + "and on " * 60


@pytest.mark.parametrize("note_id", ["1", "555"])
def test_a_long_post_replaces_its_preview_by_id_or_by_time(zip_source: MakeSource, note_id: str) -> None:
    files = _archive(_tweet(1, LONG[:200] + "… https://t.co/x"), _tweet(2, "At the same second."))
    files["data/note-tweet.js"] = _file([_note(note_id, LONG)], "note_tweet.part0")
    assert _texts(collect(zip_source(files), "Jo")) == [LONG.strip(), "At the same second."]


def test_a_long_post_without_a_preview_stands_for_itself(zip_source: MakeSource) -> None:
    files = _archive(_tweet(1, "Short."))
    files["data/note-tweet.js"] = _file([_note("555", LONG, "2020-01-01T00:00:00.000Z")], "note_tweet.part0")
    collected = collect(zip_source(files), "Jo")
    assert [d.native_id for d in collected.documents] == ["1", "note:555"]


def test_old_and_wrapped_archives_are_read_and_code_in_them_is_not_run(zip_source: MakeSource) -> None:
    bare = [_tweet(1, "One.")["tweet"], _tweet(2, "Two.")["tweet"]]
    source = zip_source({"twitter-2019/tweet.js": "window.YTD.tweet.part0 = " + json.dumps(bare) + ";\n"})
    documents = collect(source, "Jo").documents
    assert [d.text for d in documents] == ["One.", "Two."]
    assert documents[0].url == "https://x.com/i/web/status/1"


def test_a_damaged_row_does_not_stop_the_others(zip_source: MakeSource) -> None:
    good = [json.dumps(_tweet(i, f"Number {i}.")) for i in (1, 3, 6)]
    body = ", ".join([good[0], '{"tweet": {"id_str": "2", "full_text": ', good[1], '"words"', '{"tweet": {}}', good[2]])
    collected = collect(zip_source({"data/tweets.js": f"window.YTD.tweets.part0 = [{body}"}), "Jo")
    assert _texts(collected) == ["Number 1.", "Number 3.", "Number 6."]
    assert [e.reason for e in collected.exclusions] == ["unreadable"] * 4
    assert "cut off" in collected.exclusions[-1].detail


def test_the_same_post_in_two_files_counts_once(zip_source: MakeSource) -> None:
    files = _archive(_tweet(1, "One."))
    files["data/community-tweet.js"] = _file([_tweet(1, "One.")], "community_tweet.part0")
    collected = collect(zip_source(files), "Jo")
    assert len(collected.documents) == 1
    assert [e.reason for e in collected.exclusions] == ["duplicate_id"]


def test_a_file_of_posts_of_zero_bytes_is_named(zip_source: MakeSource) -> None:
    with pytest.raises(SourceError, match=r"1 empty; for example 'data/tweets\.js': is empty \(0 bytes\)"):
        collect(zip_source({"data/tweets.js": ""}), "Jo")
