import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.collection.web.bluesky import Bluesky, expand_links
from twin_assets.digests import document_id
from twin_assets.errors import FetchError
from twin_assets_tests.collection.json_damage import damaged
from twin_assets_tests.collection.live_runs import Kept, read_once
from twin_assets_tests.loopback import Loopback, Request, Response, loopback

PROFILE, FEED = "/xrpc/app.bsky.actor.getProfile", "/xrpc/app.bsky.feed.getAuthorFeed"
DID, OTHER = "did:plc:jo", "did:plc:al"
URL = "jo.bsky.social"
LINK = "https://example.org/a/long/way/to/the/page"


@dataclass
class Server:
    """Bluesky's API with one account; `cap` is the most items that it gives at once, the newest first."""

    site: Loopback
    cap: int = 100
    items: list[dict[str, Any]] = field(default_factory=list)
    refusals: dict[int, Response] = field(default_factory=dict)
    """Answers in place of that of the n-th request for posts, from 1."""
    repeated: bool = False
    """Each page begins with the last item of the one before."""

    def __post_init__(self) -> None:
        self.site.routes |= {PROFILE: self._profile, FEED: self._page}

    @property
    def api(self) -> Bluesky:
        return Bluesky(api=self.site.url)

    def post(self, key: str, text: str = "", did: str = DID, reply: dict[str, Any] | None = None, **more: Any) -> None:
        number = len(self.items)
        record = {"$type": "app.bsky.feed.post", "text": text or f"Post {key}.", **more}
        record["createdAt"] = f"2024-01-01T00:00:{number:02}.000Z"
        if reply:
            record["reply"] = {"root": reply, "parent": reply}
        author = {"did": did, "handle": "jo.bsky.social" if did == DID else "al.example"}
        self.items.insert(0, {"post": {"uri": _uri(key, did), "cid": f"cid-{key}", "author": author, "record": record}})

    def reply(self, key: str, to: str, text: str = "") -> None:
        self.post(key, text, reply={"uri": _uri(to), "cid": f"cid-{to}"})

    def repost(self, key: str) -> None:
        self.post(key, "Their words.", did=OTHER)
        reason = {"$type": "app.bsky.feed.defs#reasonRepost", "by": {"did": DID}, "indexedAt": "2024-01-02T00:00:00Z"}
        self.items[0]["reason"] = reason

    def _profile(self, request: Request) -> Response:
        known = request.query.get("actor") in (DID, "jo.bsky.social", "jo.example")
        body = {"did": DID, "handle": "jo.bsky.social"} if known else {"error": "InvalidRequest"}
        return Response(json.dumps(body), 200 if known else 400)

    def _page(self, request: Request) -> Response:
        if refusal := self.refusals.pop(self.site.count(FEED), None):
            return refusal
        assert request.query["actor"] == DID
        # A cursor counts from the oldest, so that it names the same place when posts are added.
        top = int(request.query.get("cursor") or len(self.items))
        start = len(self.items) - top
        page = self.items[start : start + min(int(request.query["limit"]), self.cap)]
        left = top - len(page)
        shown = [self.items[start - 1], *page] if self.repeated and start else page
        return Response(json.dumps({"feed": shown, **({"cursor": str(left)} if left else {})}))


@pytest.fixture
def server() -> Iterator[Server]:
    with loopback() as site:
        yield Server(site)


def _uri(key: str, did: str = DID) -> str:
    return f"at://{did}/app.bsky.feed.post/{key}"


def _said(kept: Kept) -> dict[str, str]:
    return {native_id.rpartition("/")[2]: text for native_id, text in kept.texts.items()}


@pytest.mark.parametrize(
    "address",
    [
        "https://bsky.app/profile/jo.example",
        "https://bsky.app/profile/did:plc:abc/",
        "jo.bsky.social",
        "@jo.bsky.social",
    ],
)
def test_profiles_and_handles_are_recognized(address: str) -> None:
    assert Bluesky().recognizes(address)


@pytest.mark.parametrize("address", ["jo.example", "@jo@bsky.social", "https://bsky.app/", "https://jo.bsky.social/"])
def test_domains_and_other_addresses_are_not_recognized(address: str) -> None:
    assert not Bluesky().recognizes(address)


def test_a_post_is_known_by_its_uri_and_links_to_its_page(server: Server) -> None:
    server.post("a", "Ünïcode & all.")
    kept = Kept()
    kept.run(server.api, URL)
    (document,) = kept.documents
    assert document.document_id == document_id("bluesky", _uri("a"))
    assert (document.native_id, document.url) == (_uri("a"), "https://bsky.app/profile/jo.bsky.social/post/a")
    assert (document.text, document.media_type, document.scope) == ("Ünïcode & all.", "text/plain", "public")
    assert document.published_at == datetime(2024, 1, 1, tzinfo=UTC)


def test_a_handle_of_a_domain_is_found_by_its_profile(server: Server) -> None:
    server.post("a")
    kept = Kept()
    kept.run(server.api, "https://bsky.app/profile/jo.example")
    assert _said(kept) == {"a": "Post a."}


def test_all_pages_are_read_though_the_server_gives_fewer_than_asked_for_and_repeats_some(server: Server) -> None:
    server.cap, server.repeated = 2, True
    for key in "abcdefg":
        server.post(key)
    kept = Kept()
    kept.run(server.api, URL)
    assert _said(kept) == {key: f"Post {key}." for key in "abcdefg"}
    assert (len(kept.documents), kept.exclusions) == (7, {})
    feeds = [request for request in server.site.requests if request.path == FEED]
    assert {(r.query["limit"], r.query["filter"]) for r in feeds} == {("100", "posts_with_replies")}


def test_a_second_run_with_nothing_new_asks_once_and_yields_nothing(server: Server) -> None:
    server.cap = 2
    for key in "abcd":
        server.post(key)
    server.reply("e", "d")
    server.repost("f")
    kept = Kept()
    kept.run(server.api, URL)
    before = len(server.site.requests)
    kept.run(server.api, URL)
    assert (kept.items, len(server.site.requests) - before) == ([], 1)


def test_a_later_run_stops_at_the_first_page_that_is_all_known(server: Server) -> None:
    server.cap = 2
    for key in "abcdefgh":
        server.post(key)
    kept = Kept()
    kept.run(server.api, URL)
    for key in "ijk":
        server.post(key)
    server.site.requests.clear()
    kept.run(server.api, URL)
    assert sorted(d.text for d in kept.documents) == ["Post i.", "Post j.", "Post k."]
    assert server.site.count(FEED) == 3


def test_a_run_that_fails_after_two_pages_goes_on_from_there(server: Server) -> None:
    server.cap = 2
    for key in "abcdefg":
        server.post(key)
    server.refusals[3] = Response("broken", 500)
    kept = Kept()
    with pytest.raises(FetchError):
        kept.run(server.api, URL)
    assert sorted(_said(kept)) == list("defg")
    server.site.requests.clear()
    kept.run(server.api, URL)
    assert sorted(_said(kept)) == list("abcdefg")
    assert [request.query.get("cursor", "") for request in server.site.requests] == ["", "3", "1"]


def test_a_server_that_asks_to_wait_is_waited_for(server: Server) -> None:
    server.post("a")
    server.refusals[1] = Response("", 429, {"Retry-After": "5"})
    kept = Kept()
    kept.run(server.api, URL)
    assert _said(kept) == {"a": "Post a."}
    assert sum(kept.waited) >= 4


def test_reposts_are_counted_and_nothing_of_them_is_kept(server: Server) -> None:
    server.post("a")
    server.repost("b")
    server.post("c", "Their words.", did=OTHER)
    kept = Kept()
    kept.run(server.api, URL)
    assert (_said(kept), kept.reasons) == ({"a": "Post a."}, ["repost", "repost"])
    assert "Their words" not in repr(kept)


def test_ones_own_post_passed_on_again_and_a_pinned_one_are_still_own(server: Server) -> None:
    server.post("a")
    server.post("b")
    again, pinned = dict(server.items[1]), dict(server.items[0])
    again["reason"] = {"$type": "app.bsky.feed.defs#reasonRepost", "uri": f"at://{DID}/app.bsky.feed.repost/x"}
    pinned["reason"] = {"$type": "app.bsky.feed.defs#reasonPin"}
    server.items = [again, pinned, server.items[1]]
    kept = Kept()
    kept.run(server.api, URL)
    assert (_said(kept), kept.reasons) == ({"a": "Post a.", "b": "Post b."}, ["repost"])


def test_a_thread_is_one_document_though_its_replies_come_before_it_on_other_pages(server: Server) -> None:
    server.cap = 2
    server.post("a", "One.")
    server.post("b")
    server.reply("c", "a", "Two.")
    server.post("d")
    server.reply("e", "c", "Three.")
    kept = Kept()
    kept.run(server.api, URL)
    assert _said(kept) == {"a": "One.\n\nTwo.\n\nThree.", "b": "Post b.", "d": "Post d."}
    assert len(kept.documents) == 3


def test_a_thread_that_grows_in_a_later_run_is_written_again_as_a_whole(server: Server) -> None:
    server.post("a", "One.")
    server.reply("b", "a", "Two.")
    kept = Kept()
    kept.run(server.api, URL)
    server.reply("c", "b", "Three.")
    kept.run(server.api, URL)
    assert [(d.native_id, d.text) for d in kept.documents] == [(_uri("a"), "One.\n\nTwo.\n\nThree.")]
    assert "Two." not in kept.notes


def test_replies_to_others_say_whom_they_answer_by_handle_or_by_address(server: Server) -> None:
    theirs = {"uri": _uri("z", OTHER), "cid": "cid-z"}
    server.post("a", "I agree.", reply=theirs)
    server.items[0]["reply"] = {"parent": {"author": {"handle": "al.example"}, "record": {"text": "Their words."}}}
    server.post("b", "Me, too.", reply=theirs)
    server.items[0]["reply"] = {"parent": {"$type": "app.bsky.feed.defs#notFoundPost"}}
    server.reply("c", "b", "And on.")
    kept = Kept()
    kept.run(server.api, URL)
    assert _said(kept) == {
        "a": "(in reply to @al.example)\n\nI agree.",
        "b": f"(in reply to https://bsky.app/profile/{OTHER}/post/z)\n\nMe, too.\n\nAnd on.",
    }
    assert "Their words" not in repr(kept)


def _facet(text: str, part: str, uri: str) -> dict[str, Any]:
    start = len(text[: text.index(part)].encode())
    feature = {"$type": "app.bsky.richtext.facet#link", "uri": uri}
    return {"index": {"byteStart": start, "byteEnd": start + len(part.encode())}, "features": [feature]}


def test_shortened_links_are_written_in_full_by_their_place_in_bytes(server: Server) -> None:
    text = "Zürich 🚂 example.org/a/long/wa... and here, über alles"
    facets = [_facet(text, "example.org/a/long/wa...", LINK), _facet(text, "here", "https://other.example/")]
    server.post("a", text, facets=facets)
    kept = Kept()
    kept.run(server.api, URL)
    assert _said(kept)["a"] == f"Zürich 🚂 {LINK} and here (https://other.example/), über alles"


def test_a_quotation_keeps_own_words_only_and_a_card_adds_its_link(server: Server) -> None:
    quoted = {"$type": "app.bsky.embed.record", "record": {"uri": _uri("z", OTHER), "cid": "x"}}
    card = {"$type": "app.bsky.embed.external", "external": {"uri": LINK, "title": "Their title", "description": ""}}
    both = {"$type": "app.bsky.embed.recordWithMedia", "record": quoted, "media": card}
    server.post("a", "I disagree.", embed=quoted)
    server.items[0]["post"]["embed"] = {"record": {"value": {"text": "Their words."}}}
    server.post("b", "Read this.", embed=card)
    server.post("c", f"Read {LINK}", embed=both)
    kept = Kept()
    kept.run(server.api, URL)
    assert _said(kept) == {"a": "I disagree.", "b": f"Read this.\n\n{LINK}", "c": f"Read {LINK}"}
    assert "Their" not in repr(kept)


def test_what_has_no_words_or_cannot_be_read_is_set_aside(server: Server) -> None:
    server.post("a", LINK)
    server.post("b")
    server.items[0]["post"]["record"] = {"text": 5}
    server.items.insert(0, {"post": None})
    server.post("c", **{"$type": "example.lexicon.other"})
    server.post("d")
    kept = Kept()
    kept.run(server.api, URL)
    assert (_said(kept), kept.reasons) == ({"d": "Post d."}, ["empty", "not_a_post", "unreadable", "unreadable"])


def test_an_unknown_account_is_named(server: Server) -> None:
    with pytest.raises(FetchError, match=r"'al\.bsky\.social'") as raised:
        Kept().run(server.api, "al.bsky.social")
    assert (raised.value.status, bool(raised.value.remedy)) == (400, True)


def test_an_account_that_is_taken_down_between_runs_is_noticed_and_its_documents_stay(server: Server) -> None:
    server.post("a")
    kept = Kept()
    kept.run(server.api, URL)
    server.refusals[2] = Response('{"error": "AccountTakedown"}', 400)
    with pytest.raises(FetchError, match="taken down"):
        kept.run(server.api, URL)
    assert _said(kept) == {"a": "Post a."}


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 40), st.text(max_size=6), st.just(LINK)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["index", "features", "byteStart", "byteEnd", "uri"]), inner, max_size=5),
    ),
    max_leaves=12,
)
FACET = st.fixed_dictionaries(
    {
        "index": st.fixed_dictionaries({"byteStart": st.integers(-2, 30), "byteEnd": st.integers(-2, 30)}),
        "features": st.just([{"uri": LINK}]),
    }
)


@settings(deadline=None)
@given(st.text(max_size=20), st.one_of(JSON, st.lists(FACET, max_size=4)))
def test_no_facets_damage_the_text(text: str, facets: Any) -> None:
    written = expand_links(text, facets)
    for link in (f" ({LINK})", LINK):
        written = written.replace(link, "")
    remaining = iter(text)
    assert all(character in remaining for character in written)


@settings(deadline=None)
@given(st.text(st.sampled_from("aé🚂 "), max_size=8), st.text(st.sampled_from("aé🚂 "), max_size=8))
def test_a_shortened_link_is_replaced_wherever_it_stands(before: str, behind: str) -> None:
    text = f"{before}example.org/a/lo…{behind}"
    assert expand_links(text, [_facet(text, "example.org/a/lo…", LINK)]) == f"{before}{LINK}{behind}"


def _feed() -> list[dict[str, Any]]:
    server = Server(Loopback("", {}))
    server.post("a", "See example.org/a", facets=[_facet("See example.org/a", "example.org/a", LINK)])
    server.post("b", reply={"uri": _uri("z", OTHER), "cid": "z"}, embed={"external": {"uri": LINK}})
    server.items[0]["reply"] = {"parent": {"author": {"handle": "al.example"}}}
    server.reply("c", "b")
    server.repost("d")
    return server.items


@settings(deadline=None)
@given(damaged(_feed()))
def test_no_item_is_lost_whatever_stands_in_it(feed: list[Any]) -> None:
    anchor = {"uri": _uri("anchor"), "author": {"did": DID}, "record": {"text": "The anchor."}}
    notes = {"address": URL, "did": DID, "handle": "jo.bsky.social"}
    kept = read_once(Bluesky(), URL, notes, {"feed": [*feed, {"post": anchor}]})
    assert _said(kept)["anchor"] == "The anchor."
    joined = sum(text.count("Post c.") for text in kept.texts.values() if "Post b." in text)
    assert len(kept.stored) + len(kept.exclusions) + joined >= len({json.dumps(item) for item in feed}) + 1
