import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from twin_assets.collection.collector import Gone
from twin_assets.collection.web import timeline
from twin_assets.collection.web.mastodon import MastodonApi
from twin_assets.digests import document_id
from twin_assets.errors import FetchError
from twin_assets_tests.collection.json_damage import damaged
from twin_assets_tests.collection.live_runs import Kept, read_once
from twin_assets_tests.collection.mastodon_server import STATUSES, MastodonServer
from twin_assets_tests.loopback import Loopback, Response, loopback

API = MastodonApi(scheme="http")


@pytest.fixture
def server() -> Iterator[MastodonServer]:
    with loopback() as site:
        yield MastodonServer(site)


def _uri(identity: int) -> str:
    return f"https://example.org/users/jo/statuses/{identity}"


def _said(kept: Kept) -> dict[int, str]:
    return {int(native_id.rpartition("/")[2]): text for native_id, text in kept.texts.items()}


@pytest.mark.parametrize("address", ["@me@server.tld", "@me@social.server.tld:8443", "https://server.tld/@me/"])
def test_handles_and_profiles_are_recognized(address: str) -> None:
    assert API.recognizes(address)


@pytest.mark.parametrize(
    "address",
    ["me@server.tld", "@me", "@me.bsky.social", "https://medium.com/@me", "https://server.tld/@me/1", "https://a.b/me"],
)
def test_mail_addresses_and_other_platforms_are_not_recognized(address: str) -> None:
    assert not API.recognizes(address)


def test_a_status_has_the_id_and_date_that_the_archive_gives_it(server: MastodonServer) -> None:
    server.post(5, "<p>One &amp; two</p>")
    kept = Kept()
    kept.run(API, server.url)
    (document,) = kept.documents
    assert (document.native_id, document.url) == (_uri(5), "https://example.org/@jo/5")
    assert document.document_id == document_id("mastodon", _uri(5))
    assert (document.text, document.media_type, document.scope) == ("<p>One &amp; two</p>", "text/html", "public")
    assert document.published_at == datetime(2024, 1, 1, 0, 0, 5, tzinfo=UTC)
    assert all(request.query.get("limit") == "40" for request in server.site.requests if request.path == STATUSES)


@pytest.mark.parametrize("links", [True, False], ids=["link header", "no link header"])
def test_all_pages_are_read_though_the_server_gives_fewer_than_asked_for_and_repeats_some(
    server: MastodonServer, links: bool
) -> None:
    server.cap, server.links, server.repeated = 3, links, True
    for identity in range(1, 12):
        server.post(identity)
    kept = Kept()
    kept.run(API, server.url)
    assert _said(kept) == {i: f"<p>Status {i}.</p>" for i in range(1, 12)}
    assert len(kept.documents) == 11
    assert kept.exclusions == {}


def test_a_second_run_with_nothing_new_asks_once_and_yields_nothing(server: MastodonServer) -> None:
    server.cap = 3
    for identity in range(1, 9):
        server.post(identity)
    server.reply(9, 8)
    kept = Kept()
    kept.run(API, server.url)
    before = server.asked
    kept.run(API, server.url)
    assert (kept.items, server.asked - before) == ([], 1)


def test_a_later_run_yields_only_what_is_new(server: MastodonServer) -> None:
    server.cap = 2
    for identity in range(1, 6):
        server.post(identity)
    kept = Kept()
    kept.run(API, server.url)
    for identity in range(6, 12):
        server.post(identity)
    kept.run(API, server.url)
    assert sorted(d.native_id for d in kept.documents) == sorted(_uri(i) for i in range(6, 12))


def test_a_run_that_fails_after_two_pages_goes_on_from_there(server: MastodonServer) -> None:
    server.cap = 2
    for identity in range(1, 10):
        server.post(identity)
    server.refusals[3] = Response("broken", 500)
    kept = Kept()
    with pytest.raises(FetchError):
        kept.run(API, server.url)
    assert sorted(_said(kept)) == [6, 7, 8, 9]
    server.site.requests.clear()
    kept.run(API, server.url)
    assert sorted(_said(kept)) == list(range(1, 10))
    assert [r.query.get("max_id", "") for r in server.site.requests] == ["", "6", "4", "2", "1"]
    assert len(kept.documents) == 5


def test_what_comes_in_while_an_older_part_is_still_missing_is_read_too(server: MastodonServer) -> None:
    server.cap = 2
    for identity in range(1, 8):
        server.post(identity)
    kept = Kept()
    server.refusals = {3: Response("", 500), 6: Response("", 500)}
    with pytest.raises(FetchError):
        kept.run(API, server.url)
    for identity in range(8, 16):
        server.post(identity)
    with pytest.raises(FetchError):
        kept.run(API, server.url)
    server.post(16)
    kept.run(API, server.url)
    assert sorted(_said(kept)) == list(range(1, 17))


def test_no_more_pages_than_allowed_are_fetched_and_the_next_run_goes_on(server: MastodonServer) -> None:
    server.cap = 2
    for identity in range(1, 9):
        server.post(identity)
    kept = Kept()
    kept.run(API, server.url, max_pages=2)
    assert (server.site.count(STATUSES), sorted(_said(kept))) == (2, [5, 6, 7, 8])
    kept.run(API, server.url, max_pages=9)
    assert sorted(_said(kept)) == list(range(1, 9))


def test_a_server_that_asks_to_wait_is_waited_for(server: MastodonServer) -> None:
    server.post(1)
    server.refusals[1] = Response("", 429, {"Retry-After": "7"})
    kept = Kept()
    kept.run(API, server.url)
    assert _said(kept) == {1: "<p>Status 1.</p>"}
    assert sum(kept.waited) >= 6


def test_an_edited_status_is_the_same_document_again(server: MastodonServer) -> None:
    server.post(1)
    server.post(2)
    kept = Kept()
    kept.run(API, server.url)
    server.post(1, "<p>Corrected.</p>", edited_at="2024-02-01T00:00:00.000Z")
    kept.run(API, server.url)
    assert [(d.native_id, d.text) for d in kept.documents] == [(_uri(1), "<p>Corrected.</p>")]
    kept.run(API, server.url)
    assert kept.items == []


def test_a_status_whose_words_were_edited_away_is_gone(server: MastodonServer) -> None:
    server.post(1)
    kept = Kept()
    kept.run(API, server.url)
    server.post(1, "<p></p>", edited_at="2024-02-01T00:00:00.000Z")
    kept.run(API, server.url)
    assert [item.document_id for item in kept.items if isinstance(item, Gone)] == [document_id("mastodon", _uri(1))]
    assert kept.reasons == ["empty"]


def test_boosts_are_counted_and_nothing_of_them_is_kept(server: MastodonServer) -> None:
    server.post(1)
    theirs = {"uri": "https://other.example/1", "content": "<p>Their words</p>"}
    server.post(2, "<p>Their words</p>", reblog=theirs)
    server.post(3, "<p>Their words</p>", reblog=theirs)
    kept = Kept()
    kept.run(API, server.url)
    assert _said(kept) == {1: "<p>Status 1.</p>"}
    assert kept.reasons == ["repost", "repost"]
    assert "Their words" not in repr(kept)


def test_unlisted_statuses_are_collected_only_where_wanted_and_stay_private(server: MastodonServer) -> None:
    server.post(1)
    server.post(2, "<p>Quietly.</p>", visibility="unlisted")
    kept = Kept()
    kept.run(API, server.url)
    assert (_said(kept), kept.reasons) == ({1: "<p>Status 1.</p>"}, ["private"])
    assert "Quietly" not in repr(kept)
    kept.run(API, server.url, include_private=True)
    assert {d.native_id: d.scope for d in kept.documents} == {_uri(1): "public", _uri(2): "private"}
    kept.run(API, server.url)
    assert _said(kept) == {1: "<p>Status 1.</p>"}


def test_a_thread_is_one_document_though_its_replies_come_before_it_on_other_pages(server: MastodonServer) -> None:
    server.cap = 2
    server.post(1, "<p>One.</p>")
    server.post(2, "<p>Other.</p>")
    server.reply(3, 1, "<p>Two.</p>")
    server.post(4, "<p>Another.</p>")
    server.reply(5, 3, "<p>Three.</p>")
    kept = Kept()
    kept.run(API, server.url)
    assert _said(kept) == {1: "<p>One.</p>\n\n<p>Two.</p>\n\n<p>Three.</p>", 2: "<p>Other.</p>", 4: "<p>Another.</p>"}
    assert len(kept.documents) == 3


def test_a_thread_that_grows_or_is_edited_in_a_later_run_is_written_again_as_a_whole(server: MastodonServer) -> None:
    server.post(1, "<p>One.</p>")
    kept = Kept()
    kept.run(API, server.url)
    server.reply(2, 1, "<p>Two.</p>")
    kept.run(API, server.url)
    assert [(d.native_id, d.text) for d in kept.documents] == [(_uri(1), "<p>One.</p>\n\n<p>Two.</p>")]
    server.reply(3, 2, "<p>Three.</p>")
    kept.run(API, server.url)
    assert _said(kept) == {1: "<p>One.</p>\n\n<p>Two.</p>\n\n<p>Three.</p>"}
    server.reply(2, 1, "<p>2.</p>", edited_at="2024-02-01T00:00:00.000Z")
    kept.run(API, server.url)
    assert _said(kept) == {1: "<p>One.</p>\n\n<p>2.</p>\n\n<p>Three.</p>"}
    assert kept.documents[0].published_at == datetime(2024, 1, 1, 0, 0, 1, tzinfo=UTC)


def test_a_thread_that_begins_with_a_picture_is_known_by_it(server: MastodonServer) -> None:
    server.post(1, "<p></p>")
    kept = Kept()
    kept.run(API, server.url)
    server.reply(2, 1, "<p>That was a picture.</p>")
    kept.run(API, server.url)
    assert _said(kept) == {1: "<p>That was a picture.</p>"}


def test_a_reply_to_a_status_that_is_gone_stands_for_itself(server: MastodonServer) -> None:
    server.reply(5, 4, "<p>Behind a gap.</p>")
    server.post(1)
    kept = Kept()
    kept.run(API, server.url)
    assert _said(kept) == {1: "<p>Status 1.</p>", 5: "<p>Behind a gap.</p>"}
    before = server.asked
    kept.run(API, server.url)
    assert (kept.items, server.asked - before) == ([], 1)


def test_an_unlisted_reply_does_not_become_public_with_its_thread(server: MastodonServer) -> None:
    server.post(1, "<p>One.</p>")
    server.reply(2, 1, "<p>Quietly.</p>", visibility="unlisted")
    server.reply(3, 2, "<p>And on.</p>", visibility="unlisted")
    kept = Kept()
    kept.run(API, server.url, include_private=True)
    assert _said(kept) == {1: "<p>One.</p>", 2: "<p>Quietly.</p>\n\n<p>And on.</p>"}
    assert {d.native_id: d.scope for d in kept.documents} == {_uri(1): "public", _uri(2): "private"}


def test_the_notes_hold_no_words_once_everything_was_read(server: MastodonServer) -> None:
    server.post(1, "<p>Walrus one.</p>")
    server.reply(2, 1, "<p>Walrus two.</p>")
    kept = Kept()
    kept.run(API, server.url)
    server.reply(3, 2, "<p>Walrus three.</p>")
    kept.run(API, server.url)
    assert "Walrus" not in kept.notes


def test_replies_to_others_name_whom_they_answer_without_the_mention(server: MastodonServer) -> None:
    link = '<span class="h-card"><a href="https://other.example/@al" class="u-url mention">@<span>al</span></a></span>'
    mentions = [{"id": "5", "acct": "bo"}, {"id": "9", "acct": "al@other.example"}]
    server.post(1, f"<p>{link} I agree.</p>", in_reply_to_id="44", in_reply_to_account_id="9", mentions=mentions)
    server.post(2, "<p>Me, too.</p>", in_reply_to_id="45", in_reply_to_account_id="8")
    kept = Kept()
    kept.run(API, server.url)
    said = _said(kept)
    assert said[1] == "(in reply to @al@other.example)\n\n<p>I agree.</p>"
    assert said[2] == f"(in reply to {server.site.url}/web/statuses/45)\n\n<p>Me, too.</p>"


def test_content_warnings_and_polls_are_own_words(server: MastodonServer) -> None:
    poll = {"options": [{"title": "Tea"}, {"title": "Coffee & milk"}]}
    server.post(1, "<p>Which?</p>", spoiler_text="Drinks", poll=poll)
    kept = Kept()
    kept.run(API, server.url)
    assert (
        _said(kept)[1] == "<p>CW: Drinks</p>\n\n<p>Which?</p>\n\n<ul>\n<li>Tea</li>\n<li>Coffee &amp; milk</li>\n</ul>"
    )


def test_what_cannot_be_read_on_a_page_does_not_stop_the_others(server: MastodonServer) -> None:
    server.post(1)
    server.post(2, id="")
    server.post(3, account={"id": "8"})
    kept = Kept()
    kept.run(API, server.url)
    assert _said(kept) == {1: "<p>Status 1.</p>"}
    assert kept.reasons == ["guest", "unreadable"]


@pytest.mark.parametrize(
    ("account", "message"),
    [
        ({"id": "7", "suspended": True}, "suspended"),
        ({"id": "7", "moved": {"url": "https://new.example/@jo", "acct": "jo@new.example"}}, "new.example/@jo"),
        ({"error": "x"}, "did not answer with an account"),
    ],
)
def test_an_account_that_is_not_there_any_more_says_where_to_go(
    server: MastodonServer, account: dict[str, Any], message: str
) -> None:
    server.account = account
    with pytest.raises(FetchError, match=message) as raised:
        Kept().run(API, server.url)
    assert raised.value.remedy


def test_an_unknown_account_is_named(server: MastodonServer) -> None:
    with pytest.raises(FetchError, match="no account 'al'") as raised:
        Kept().run(API, f"{server.site.url}/@al")
    assert raised.value.status == 404


@pytest.mark.parametrize("account", [{"suspended": True}, {"moved": {"url": "https://new.example/@jo"}}])
def test_an_account_that_is_suspended_or_moves_between_runs_is_noticed(
    server: MastodonServer, account: dict[str, Any]
) -> None:
    server.post(1)
    kept = Kept()
    kept.run(API, server.url)
    server.account |= account
    if "suspended" in account:
        server.statuses.clear()
    with pytest.raises(FetchError, match=r"suspended|moved"):
        kept.run(API, server.url)
    assert _said(kept) == {1: "<p>Status 1.</p>"}


def test_only_the_newest_posts_stay_in_the_notes_with_their_threads(
    server: MastodonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "KEPT", 3)
    server.cap = 2
    server.post(1)
    server.post(2, "<p>Old.</p>")
    for identity in (3, 4, 5):
        server.post(identity)
    server.reply(6, 2, "<p>New.</p>")
    kept = Kept()
    kept.run(API, server.url)
    assert sorted(json.loads(kept.notes)["posts"]) == ["2", "4", "5", "6"]
    server.reply(7, 6, "<p>Newest.</p>")
    server.reply(8, 1, "<p>To an old one.</p>")
    kept.run(API, server.url)
    assert _said(kept)[2] == "<p>Old.</p>\n\n<p>New.</p>\n\n<p>Newest.</p>"
    assert _said(kept)[8] == "<p>To an old one.</p>"


def _page() -> list[dict[str, Any]]:
    server = MastodonServer(Loopback("", {}))
    server.post(4, reblog={"uri": "https://other.example/1"})
    server.post(3, poll={"options": [{"title": "Tea"}]}, spoiler_text="Warning")
    server.reply(2, 1, visibility="unlisted")
    server.post(1, in_reply_to_id="44", in_reply_to_account_id="9", mentions=[{"id": "9", "acct": "al"}])
    return list(server.statuses.values())


@settings(deadline=None)
@given(damaged(_page()))
def test_no_status_is_lost_whatever_stands_in_it(page: list[Any]) -> None:
    anchor = _page()[1] | {"id": "0", "uri": "anchor", "content": "<p>The anchor.</p>"}
    notes = {"address": "@jo@example.org", "account": "7"}
    try:
        kept = read_once(MastodonApi(), "@jo@example.org", notes, [*page, anchor])
    except FetchError as raised:
        # A status says that its writer has moved, or is suspended.
        assert "moved" in str(raised) or "suspended" in str(raised)  # noqa: PT017
        return
    assert "The anchor." in kept.texts["anchor"]
    joined = sum(text.count("</p>\n\n<p>Status") for text in kept.texts.values())
    assert len(kept.stored) + len(kept.exclusions) + joined >= len({json.dumps(s) for s in page}) + 1
