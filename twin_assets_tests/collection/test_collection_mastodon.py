import io
import json
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.collection.collector import Collected
from twin_assets.collection.registry import recognize
from twin_assets.collection.sources import collect
from twin_assets.digests import document_id
from twin_assets.errors import SourceError, TwinError
from twin_assets.settings import SourceConfig
from twin_assets_tests.collection.conftest import MakeSource
from twin_assets_tests.collection.json_damage import damaged

ME, THEM = "https://example.org/users/jo", "https://other.example/users/al"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
FOLLOWERS = f"{ME}/followers"
ACTOR = json.dumps({"id": ME, "type": "Person", "preferredUsername": "jo", "name": "Jo"})
MENTION = '<span class="h-card"><a href="https://other.example/@al" class="u-url mention">@<span>al</span></a></span>'


def _id(number: int) -> str:
    return f"{ME}/statuses/{number}"


def _create(number: int, content: str = "", **more: Any) -> dict[str, Any]:
    status = {
        "id": _id(number),
        "type": "Note",
        "summary": None,
        "inReplyTo": None,
        "published": f"2024-01-01T00:{number // 60 % 60:02}:{number % 60:02}Z",
        "url": f"https://example.org/@jo/{number}",
        "attributedTo": ME,
        "to": [PUBLIC],
        "cc": [FOLLOWERS],
        "content": content or f"<p>Status {number}.</p>",
        "tag": [],
        **more,
    }
    activity = {"id": f"{_id(number)}/activity", "type": "Create", "actor": ME, "published": status["published"]}
    return {**activity, "to": status["to"], "cc": status["cc"], "object": status}


def _announce(number: int, boosted: Any = f"{THEM}/statuses/9") -> dict[str, Any]:
    return {"id": f"{_id(number)}/activity", "type": "Announce", "actor": ME, "to": [PUBLIC], "object": boosted}


def _outbox(items: list[Any]) -> str:
    outbox = {"@context": ["https://www.w3.org/ns/activitystreams", {"toot": "x"}], "id": "outbox.json"}
    return json.dumps({**outbox, "type": "OrderedCollection", "totalItems": len(items), "orderedItems": items})


def _archive(*items: Any, **files: str) -> dict[str, str]:
    return {"outbox.json": _outbox(list(items)), "actor.json": ACTOR, **files}


def _said(collected: Collected) -> dict[int, str]:
    return {int(d.native_id.rpartition("/")[2]): d.text for d in collected.documents}


def _aside(collected: Collected) -> list[tuple[str, int]]:
    return sorted((e.reason, e.row) for e in collected.exclusions)


def test_a_status_is_known_by_its_address_and_keeps_its_html(zip_source: MakeSource) -> None:
    (document,) = collect(zip_source(_archive(_create(5, "<p>One &amp; two</p>"))), "Jo").documents
    assert document.document_id == document_id("mastodon", _id(5))
    assert (document.url, document.file, document.row) == ("https://example.org/@jo/5", "outbox.json", 1)
    assert (document.text, document.media_type, document.scope) == ("<p>One &amp; two</p>", "text/html", "public")
    assert document.published_at == datetime(2024, 1, 1, 0, 0, 5, tzinfo=UTC)


def test_an_archive_is_recognized_in_a_zip_in_a_folder_and_by_itself(
    zip_source: MakeSource, folder_source: MakeSource
) -> None:
    files = {"archive/outbox.json": _outbox([_create(1)]), "archive/actor.json": ACTOR, "archive/media/a.png": "x"}
    sources = [zip_source(files), folder_source(files)]
    assert sources[1].path is not None
    alone = SourceConfig(name="alone", path=sources[1].path / "archive" / "outbox.json")
    assert [recognize(s.path) for s in (*sources, alone) if s.path] == ["mastodon"] * 3
    assert [_said(collect(s, "Jo")) for s in (*sources, alone)] == [{1: "<p>Status 1.</p>"}] * 3


def test_a_tar_archive_is_known_and_the_advice_is_to_unpack_it(tmp_path: Path) -> None:
    path = tmp_path / "archive-20240101000000-0123456789abcdef.tar.gz"
    path.write_bytes(b"\x1f\x8b")
    assert recognize(path) == "mastodon"
    with pytest.raises(SourceError, match="unpack it and give the folder"):
        collect(SourceConfig(name="tar", path=path), "Jo")


def test_boosts_are_counted_and_nothing_of_them_is_kept(zip_source: MakeSource) -> None:
    theirs = {"id": f"{THEM}/statuses/8", "type": "Note", "content": "<p>Their words</p>"}
    collected = collect(zip_source(_archive(_create(1), _announce(2), _announce(3, theirs))), "Jo")
    assert (_said(collected), _aside(collected)) == ({1: "<p>Status 1.</p>"}, [("repost", 2), ("repost", 3)])
    assert "Their words" not in repr(collected)


AUDIENCES = {
    "unlisted": {"to": [FOLLOWERS], "cc": [PUBLIC]},
    "for followers only": {"to": [FOLLOWERS], "cc": []},
    "a direct message": {"to": [THEM], "cc": []},
}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_what_is_not_for_everyone_is_collected_only_where_wanted_and_stays_private(
    zip_source: MakeSource, audience: str
) -> None:
    files = _archive(_create(1), _create(2, "<p>Quietly.</p>", **AUDIENCES[audience]))
    collected = collect(zip_source(files), "Jo")
    assert (_said(collected), _aside(collected)) == ({1: "<p>Status 1.</p>"}, [("private", 2)])
    assert audience in collected.exclusions[0].detail
    assert "Quietly" not in repr(collected)
    wanted = collect(zip_source(files, include_private=True), "Jo").documents
    assert [d.scope for d in wanted] == ["public", "private"]


@pytest.mark.parametrize("public", ["as:Public", "Public"])
def test_short_names_of_the_public_and_single_addressees_are_understood(zip_source: MakeSource, public: str) -> None:
    (document,) = collect(zip_source(_archive(_create(1, to=public, cc=FOLLOWERS))), "Jo").documents
    assert document.scope == "public"


def test_a_thread_is_one_document_in_the_order_of_time(zip_source: MakeSource) -> None:
    items = [
        _create(9, "<p>Three.</p>", inReplyTo=_id(4)),
        _create(4, f"<p>{MENTION} Two.</p>", inReplyTo=_id(1)),
        _create(5, "<p>Other.</p>"),
        _create(1, "<p>One.</p>"),
    ]
    collected = collect(zip_source(_archive(*items)), "Jo")
    assert _said(collected) == {1: "<p>One.</p>\n\n<p>Two.</p>\n\n<p>Three.</p>", 5: "<p>Other.</p>"}
    assert collected.exclusions == []


def test_a_private_reply_does_not_become_public_with_its_thread(zip_source: MakeSource) -> None:
    quiet = AUDIENCES["unlisted"]
    items = [_create(1), _create(2, inReplyTo=_id(1), **quiet), _create(3, inReplyTo=_id(2), **quiet)]
    documents = collect(zip_source(_archive(*items), include_private=True), "Jo").documents
    assert [(d.native_id, d.scope) for d in documents] == [(_id(1), "public"), (_id(2), "private")]
    assert documents[1].text == "<p>Status 2.</p>\n\n<p>Status 3.</p>"


def test_replies_to_others_name_what_they_answer_without_the_mentions_before_it(zip_source: MakeSource) -> None:
    there = f"{THEM}/statuses/9?a=1&b=2"
    items = [
        _create(1, f"<p>{MENTION} {MENTION}, I agree, {MENTION}</p>", inReplyTo=there),
        _create(2, "<p>@al@other.example: plainly</p>", inReplyTo=there),
        _create(3, f"<p>{MENTION}</p>", inReplyTo=there),
        _create(4, f"<p>{MENTION} hello</p>"),
        _create(5, '<p><a class="mention hashtag" href="x">#<span>Tag</span></a> it</p>', inReplyTo=there),
        _create(6, "<p>To one of mine that is gone.</p>", inReplyTo=_id(77)),
    ]
    collected = collect(zip_source(_archive(*items)), "Jo")
    marker = "(in reply to https://other.example/users/al/statuses/9?a=1&amp;b=2)\n\n"
    said = _said(collected)
    later = said.pop(1)
    assert later.startswith(f"{marker}<p>I agree, <span")
    assert later.count("@<span>al</span>") == 1
    assert said == {
        2: f"{marker}<p>plainly</p>",
        4: f"<p>{MENTION} hello</p>",
        5: f'{marker}<p><a class="mention hashtag" href="x">#<span>Tag</span></a> it</p>',
        6: "<p>To one of mine that is gone.</p>",
    }
    assert _aside(collected) == [("empty", 3)]


def test_content_warnings_and_polls_are_own_words(zip_source: MakeSource) -> None:
    options = [{"type": "Note", "name": "Tea"}, {"type": "Note", "name": "Coffee & milk"}]
    items = [
        _create(1, "<p>Which?</p>", type="Question", oneOf=options),
        _create(2, "<p>Body.</p>", summary="Long & dull"),
        _create(3, "<p>Any?</p>", type="Question", anyOf=options[:1]),
    ]
    assert _said(collect(zip_source(_archive(*items)), "Jo")) == {
        1: "<p>Which?</p>\n\n<ul>\n<li>Tea</li>\n<li>Coffee &amp; milk</li>\n</ul>",
        2: "<p>CW: Long &amp; dull</p>\n\n<p>Body.</p>",
        3: "<p>Any?</p>\n\n<ul>\n<li>Tea</li>\n</ul>",
    }


def test_an_article_has_its_title_and_content_may_be_only_in_its_language(zip_source: MakeSource) -> None:
    article = _create(1, "<p>Long.</p>", type="Article", name="On soup", summary="An abstract")
    translated = _create(2, content=None, contentMap={"de": "<p>Nur hier.</p>"})
    translated["object"]["content"] = None
    documents = collect(zip_source(_archive(article, translated)), "Jo").documents
    assert [(d.title, d.text) for d in documents] == [("On soup", "<p>Long.</p>"), ("", "<p>Nur hier.</p>")]


def test_the_line_that_announces_a_quotation_is_not_the_authors(zip_source: MakeSource) -> None:
    content = '<p class="quote-inline">RE: <a href="https://other.example/1">x</a></p><p>I disagree.</p>'
    assert _said(collect(zip_source(_archive(_create(1, content))), "Jo")) == {1: "<p>I disagree.</p>"}


def test_other_activities_other_writers_and_pictures_alone_are_set_aside(zip_source: MakeSource) -> None:
    items = [
        _create(1),
        {**_create(2), "type": "Like"},
        {**_create(3), "object": _id(3)},
        _create(4, attributedTo=THEM),
        _create(5, "<p></p>"),
        _create(6, type="Video"),
        "a string",
        _create(8, id=""),
        _create(9, content=7),
        _create(1, "<p>Again.</p>"),
    ]
    collected = collect(zip_source(_archive(*items)), "Jo")
    assert _said(collected) == {1: "<p>Again.</p>"}
    assert _aside(collected) == [
        ("duplicate_id", 1),
        ("empty", 5),
        ("guest", 4),
        ("missing_body", 3),
        ("not_a_post", 2),
        ("not_a_post", 6),
        ("unreadable", 7),
        ("unreadable", 8),
        ("unreadable", 9),
    ]


def test_a_former_account_of_the_author_is_own_where_it_is_said(zip_source: MakeSource) -> None:
    files = _archive(_create(1, attributedTo=THEM))
    assert _said(collect(zip_source(files, own_names=(THEM,)), "Jo")) == {1: "<p>Status 1.</p>"}


def test_a_damaged_outbox_gives_what_can_be_read(zip_source: MakeSource) -> None:
    text = _outbox([_create(i) for i in range(1, 6)])
    broken = text.replace('"Note", "summary": null, "inReplyTo": null, "published": "2024-01-01T00:00:02Z"', '"No')
    collected = collect(zip_source({"outbox.json": broken[:-400], "actor.json": ACTOR}), "Jo")
    assert sorted(_said(collected)) == [1, 3, 4]
    assert _aside(collected) == [("unreadable", 2), ("unreadable", 5)]


@pytest.mark.parametrize("content", ["", "[]", "{}", "words", '{"orderedItems": 5}', "\x00\x01\x02" * 50])
def test_an_outbox_that_is_none_is_named(zip_source: MakeSource, content: str) -> None:
    with pytest.raises(SourceError, match=r"outbox\.json"):
        collect(zip_source({"outbox.json": content}), "Jo")


def _collect_bytes(outbox: bytes, actor: bytes) -> Collected:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("outbox.json", outbox)
        archive.writestr("actor.json", actor)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive.zip"
        path.write_bytes(buffer.getvalue())
        return collect(SourceConfig(name="s", path=path, kind="mastodon", include_private=True), "Jo")


ITEMS = [
    _create(1, f"<p>{MENTION} Words</p>", inReplyTo=f"{THEM}/1", summary="Warning"),
    _create(2, "<p>Which?</p>", type="Question", oneOf=[{"type": "Note", "name": "Tea"}]),
    _create(3, inReplyTo=_id(1)),
    _announce(4),
]


@settings(deadline=None)
@given(damaged(ITEMS), st.one_of(st.just(ACTOR), damaged({"id": ME}).map(json.dumps)))
def test_no_activity_is_lost_whatever_stands_in_it(items: list[Any], actor: str) -> None:
    anchor = _create(99, "<p>The anchor.</p>")
    outbox = _outbox([*items, anchor])
    try:
        collected = _collect_bytes(outbox.encode(), actor.encode())
    except SourceError as error:
        # A damaged actor.json names another account: then nothing is by it.
        assert actor != ACTOR
        assert "guest" in str(error)  # noqa: PT017
        return
    accounted = {e.row for e in collected.exclusions} | {d.row for d in collected.documents}
    joined = sum(d.text.count("</p>\n\n<p>") for d in collected.documents)
    assert len(accounted) + joined >= len(items) + 1
    assert all(e.detail for e in collected.exclusions)


@settings(deadline=None)
@given(st.data())
def test_no_bytes_stop_the_collector(data: st.DataObject) -> None:
    whole = _outbox(ITEMS).encode()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    patch = data.draw(st.one_of(st.binary(max_size=20), st.text('"[]{},:\\u0aé', max_size=20).map(str.encode)))
    outbox = data.draw(st.sampled_from([whole[:start] + patch + whole[end:], whole[:start], patch]))
    try:
        collected = _collect_bytes(outbox, ACTOR.encode())
    except TwinError as raised:
        error = raised
    else:
        assert all(d.text.strip() for d in collected.documents)
        assert all(e.detail for e in collected.exclusions)
        return
    assert error.remedy


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["public", "unlisted", "direct", "boost"]), st.one_of(st.none(), st.integers(0, 9))),
        min_size=1,
        max_size=10,
    )
)
def test_every_status_is_in_one_document_of_its_own_scope(plan: list[tuple[str, int | None]]) -> None:
    audiences = {"unlisted": AUDIENCES["unlisted"], "direct": AUDIENCES["a direct message"]}
    items = []
    for number, (what, parent) in enumerate(plan):
        more = {**audiences.get(what, {}), "inReplyTo": None if parent is None else _id(parent)}
        items.append(_announce(number) if what == "boost" else _create(number, f"<p>word{number}end</p>", **more))
    collected = _collect_bytes(_outbox([*items, _create(99)]).encode(), ACTOR.encode())
    for number, (what, _) in enumerate(plan):
        holding = [d for d in collected.documents if f"word{number}end" in d.text]
        if what == "boost":
            assert not holding
            assert ("repost", number + 1) in _aside(collected)
        else:
            assert [d.scope for d in holding] == ["public" if what == "public" else "private"]
