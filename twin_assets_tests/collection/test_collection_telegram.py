"""Telegram's exports: own turns come back exactly, forwards and others' words are never kept, no row is lost."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.collection.archive import open_files
from twin_assets.collection.collector import Origin
from twin_assets.collection.telegram import Telegram
from twin_assets.collection.text import has_words
from twin_assets_tests.collection.chat_exports import AUTHOR, Result, collect_chats, expected_turns
from twin_assets_tests.collection.conftest import MakeSource

START = datetime(2024, 3, 25, 10, tzinfo=UTC)
ME, BOB = "user77", "user5"


def _message(identity: int, text: Any, /, *, minute: float = 0, sender: str = ME, **more: Any) -> dict[str, Any]:
    when = START + timedelta(minutes=minute)
    return {
        "id": identity,
        "type": "message",
        "date": f"{when:%Y-%m-%dT%H:%M:%S}",
        "date_unixtime": str(int(when.timestamp())),
        "from": AUTHOR if sender == ME else "Bob Smith",
        "from_id": sender,
        "text": text,
        "text_entities": [],
        **more,
    }


def _chat(*messages: Any, kind: str = "personal_chat", identity: int = 5, name: str = "Bob Smith") -> dict[str, Any]:
    return {"name": name, "type": kind, "id": identity, "messages": list(messages)}


def _export(*chats: Any, user: int = 77, left: tuple[Any, ...] = ()) -> dict[str, Any]:
    return {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": user, "first_name": "Jo", "last_name": "Doe"},
        "chats": {"about": "…", "list": list(chats)},
        "left_chats": {"about": "…", "list": list(left)},
    }


def _collect(export: Any, **config: Any) -> Result:
    content = export if isinstance(export, str | bytes) else json.dumps(export, ensure_ascii=False)
    return collect_chats(Telegram(), {"result.json": content}, **config)


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30).map(str.strip).filter(has_words)
SPOKEN = st.lists(
    st.tuples(
        st.sampled_from(["own", "own", "other", "service", "sticker", "forward"]),
        st.one_of(st.integers(0, 1300), st.integers(0, 200_000)),
        TEXTS,
        st.booleans(),
    ),
    max_size=25,
)


def _split(text: str) -> list[Any]:
    """The same text as the list that Telegram makes of a formatted one."""
    middle = len(text) // 2
    return [text[:middle], {"type": "bold", "text": text[middle:]}]


@settings(deadline=None)
@given(SPOKEN, st.booleans(), st.sampled_from(["personal_chat", "private_group", "public_supergroup"]))
def test_a_chat_is_read_back_exactly(spoken: list[tuple[str, int, str, bool]], whole_account: bool, kind: str) -> None:
    when = START
    said: list[tuple[str, datetime, str]] = []
    messages: list[dict[str, Any]] = []
    for number, (who, pause, text, formatted) in enumerate(spoken, 1):
        when += timedelta(seconds=pause)
        said.append((who, when, text))
        message = _message(number, _split(text) if formatted else text, sender=BOB if who == "other" else ME)
        message |= {"date": f"{when:%Y-%m-%dT%H:%M:%S}", "date_unixtime": str(int(when.timestamp()))}
        if who == "service":
            message |= {"type": "service", "action": "pin_message", "actor": "Bob Smith"}
        elif who == "sticker":
            message |= {"text": "", "media_type": "sticker", "sticker_emoji": "👍"}
        elif who == "forward":
            message["forwarded_from"] = "Bob Smith" if formatted else None
        messages.append(message)
    chat = _chat(*messages, kind=kind)
    result = _collect(_export(chat) if whole_account else chat)
    assert [(d.published_at, d.text) for d in result.documents] == expected_turns(said)
    assert {d.scope for d in result.documents} <= {"public" if kind == "public_supergroup" else "private"}
    assert result.counted("guest") == sum(who == "other" for who, _, _ in said)
    assert result.counted("system") == sum(who == "service" for who, _, _ in said)
    aside = {(e.reason, e.row) for e in result.exclusions}
    for row, (who, _, _) in enumerate(said, 1):
        assert who not in ("sticker", "forward") or ({"sticker": "empty", "forward": "repost"}[who], row) in aside


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["id", "type", "date", "date_unixtime", "from", "from_id", "text", "text_entities", "poll", "reply_to_message_id"]
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.dictionaries(FIELDS, JSON, max_size=3)), max_size=8), st.lists(JSON))
def test_whatever_a_field_holds_every_row_is_accounted_for(
    changes: list[tuple[bool, dict[str, Any]]], strangers: list[Any]
) -> None:
    messages: list[Any] = [
        {**_message(number, f"word{number}end", minute=60 * number, sender=ME if own else BOB), **change}
        for number, (own, change) in enumerate(changes, 1)
    ]
    messages += strangers
    result = _collect(_chat(*messages))
    rows = [d.row for d in result.documents]
    single = [e.row for e in result.exclusions if e.reason not in ("guest", "system") and "no messages" not in e.detail]
    assert len({*rows, *single}) + result.counted("guest") + result.counted("system") >= len(messages)
    for number, (own, change) in enumerate(changes, 1):
        assert change or own == any(f"word{number}end" in d.text for d in result.documents)


@settings(deadline=None)
@given(JSON, st.sampled_from(["chats", "messages", "personal_information", "name", "type", "id", "left_chats"]))
def test_whatever_an_export_holds_there_is_a_reason(value: Any, key: str) -> None:
    for export in (value, {**_export(_chat(_message(1, "Hello."))), key: value}, {**_chat(), key: value}):
        result = _collect(json.dumps(export))
        assert result.documents or result.exclusions


@settings(deadline=None)
@given(st.data())
def test_damage_anywhere_in_the_file_is_one_exclusion_or_leaves_it_readable(data: st.DataObject) -> None:
    whole = json.dumps(_export(_chat(_message(1, "Hello."), _message(2, "There.", sender=BOB))), indent=1).encode()
    start = data.draw(st.integers(0, len(whole)))
    damaged = whole[:start] + data.draw(st.binary(max_size=6)) + whole[start + data.draw(st.integers(0, 30)) :]
    result = _collect(damaged)
    assert result.documents or result.exclusions
    if any(e.row == 0 for e in result.exclusions):
        assert (result.documents, len(result.exclusions)) == ([], 1)


@pytest.mark.parametrize(
    "content", ['{"messages": [', "[]", "null", '{"about": "x"}', "[" * 100_000, '{"messages": [{"id": ' + "9" * 5000]
)
def test_what_is_no_export_is_one_exclusion(content: str) -> None:
    result = _collect(content)
    assert [(e.reason, e.file, e.row) for e in result.exclusions] == [("unreadable", "result.json", 0)]
    assert result.documents == []


def test_control_characters_that_telegram_escapes_as_no_json_does_are_read() -> None:
    content = json.dumps(_chat(_message(1, "one@two \\x41 three"))).replace("@", "\\x1F")
    assert _collect(content).texts == ["one\x1ftwo \\x41 three"]


def test_an_export_inside_a_folder_is_recognized_and_read(folder_source: MakeSource) -> None:
    chat = json.dumps(_chat(_message(1, "Hello."), kind="private_group"))
    source = folder_source({"ChatExport/result.json": chat, "ChatExport/photos/a.jpg": b"\xff"}, include_private=True)
    assert source.path is not None
    with open_files(source.path) as files:
        assert Telegram().recognizes(files.names)
        (document,) = Telegram().collect(files, Origin(source, "telegram", AUTHOR), lambda _: None)
    assert document.file == "ChatExport/result.json"
    assert not Telegram().recognizes(["messages.html", "results.json"])


def test_a_document_is_known_by_its_chat_and_first_message() -> None:
    chat = _chat(_message(7, "Hello."), _message(8, "There.", minute=3), identity=5)
    (document,) = _collect(chat).documents
    assert (document.native_id, document.text, document.row) == ("user5/7", "Hello.\nThere.", 1)
    assert (document.by, document.url, document.title, document.scope) == (AUTHOR, "", "", "private")
    assert document.published_at == START
    (same,) = _collect(_export(_chat(kind="bot_chat", identity=9), chat)).documents
    assert same.document_id == document.document_id


def test_without_consent_a_private_chat_gives_one_exclusion_and_a_public_one_is_collected() -> None:
    private = _chat(_message(1, "A secret."), _message(2, "Theirs.", sender=BOB), _message(3, "Another."))
    result = _collect(private, include_private=False)
    assert (result.documents, result.reasons) == ([], [("private", 1)])
    assert "messages of the author's: 2;" in result.exclusions[0].detail
    assert "include_private: true" in result.exclusions[0].detail
    assert "secret" not in result.stored()
    public = _chat(_message(1, "For all."), kind="public_supergroup", identity=6)
    both = _collect(_export(private, public, private), include_private=False)
    assert [(d.text, d.scope, d.row) for d in both.documents] == [("For all.", "public", 4)]
    assert both.reasons == [("private", 1), ("private", 5)]


def test_neither_other_peoples_words_nor_any_name_is_stored() -> None:
    chat = _chat(
        {"id": 1, "type": "service", "actor": "Carla", "action": "create_group", "title": "Plotters", "text": ""},
        _message(2, "Their words", sender=BOB),
        _message(3, "Mine."),
        _message(4, "Passed on", forwarded_from="Dan Brown"),
        _message(5, [{"type": "blockquote", "text": "Quoted words"}, "I agree."], minute=30),
        _message(6, "Inline result", via_bot="@gif"),
        kind="private_group",
        name="Plotters",
    )
    result = _collect(chat)
    assert result.texts == ["Mine.", "I agree."]
    for word in ("Carla", "Plotters", "Their", "Bob", "Passed", "Dan", "Quoted", "Inline", "gif"):
        assert word not in result.stored()
    assert sorted(result.reasons) == [("generated", 6), ("guest", 2), ("guest", 5), ("repost", 4), ("system", 1)]


def test_the_users_id_decides_where_the_export_has_it_and_the_name_where_it_does_not() -> None:
    namesake = {**_message(1, "Of a namesake.", sender="user9"), "from": AUTHOR}
    renamed = {**_message(2, "Mine.", minute=20), "from": "Joey"}
    chat = _chat(namesake, renamed, kind="private_group")
    assert _collect(_export(chat)).texts == ["Mine."]
    assert _collect(chat, own_names=("user77",)).texts == ["Mine."]
    assert _collect(chat).texts == ["Of a namesake."]
    assert _collect(chat, own_names=("JOEY",)).texts == ["Of a namesake.", "Mine."]
    old = {**renamed, "from_id": 77}
    assert _collect(_export(_chat(old))).texts == ["Mine."]


def test_a_chat_without_a_message_of_the_authors_says_how_to_name_the_author() -> None:
    (exclusion,) = _collect(_chat(_message(1, "Hello.", sender=BOB))).exclusions
    assert exclusion.reason == "guest"
    assert "own_names" in exclusion.detail


@pytest.mark.parametrize("named", ["channel6", "6", "jo's letters"])
def test_posts_of_a_channel_are_own_only_where_it_is_named(named: str) -> None:
    post = {**_message(1, "A post.", sender="channel6"), "from": "Jo's Letters"}
    signed = {**_message(2, "Bob's post.", sender="channel6"), "from": "Jo's Letters", "author": "Bob Smith"}
    mine = {**_message(3, "Signed.", sender="channel6", minute=90), "from": "Jo's Letters", "author": AUTHOR}
    channel = _export(_chat(post, signed, mine, kind="public_channel", identity=6, name="Jo's Letters"))
    unnamed = _collect(channel, include_private=False)
    assert (unnamed.documents, unnamed.counted("guest")) == ([], 3)
    collected = _collect(channel, include_private=False, own_names=(named,))
    assert [(d.text, d.scope, d.native_id) for d in collected.documents] == [
        ("A post.", "public", "channel6/1"),
        ("Signed.", "public", "channel6/3"),
    ]
    assert collected.counted("guest") == 1


def test_a_channel_is_not_own_because_it_is_called_like_the_author() -> None:
    post = {**_message(1, "A post.", sender="channel6"), "from": AUTHOR}
    assert _collect(_chat(post, kind="public_channel", identity=6, name=AUTHOR)).documents == []


def test_saved_messages_are_own_unless_they_were_forwarded() -> None:
    note = {**_message(1, "A note."), "from": None, "from_id": None}
    chat = {"type": "saved_messages", "id": 77, "messages": [note, _message(2, "Theirs.", saved_from="Bob Smith")]}
    result = _collect(chat)
    assert result.texts == ["A note."]
    assert result.reasons == [("repost", 2)]


def test_a_reply_to_another_person_is_marked_and_one_to_oneself_is_not() -> None:
    chat = _chat(
        _message(1, "A question", sender=BOB),
        _message(2, "An answer.", reply_to_message_id=1),
        _message(3, "An addition.", minute=20, reply_to_message_id=2),
        _message(4, "To something gone.", minute=40, reply_to_message_id=999),
        _message(5, "Elsewhere.", minute=60, reply_to_message_id=2, reply_to_peer_id="channel3"),
    )
    marker = "(in reply to another message)\n\n"
    assert _collect(chat).texts == [
        f"{marker}An answer.",
        "An addition.",
        f"{marker}To something gone.",
        f"{marker}Elsewhere.",
    ]


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"text": ["See ", {"type": "link", "text": "https://example.org"}, "!"]}, "See https://example.org!"),
        (
            {"text": ["Look ", {"type": "text_link", "text": "here", "href": "https://example.org/1"}]},
            "Look here (https://example.org/1)",
        ),
        ({"text": [{"type": "text_link", "text": "same.org", "href": "same.org"}, " it is"]}, "same.org it is"),
        ({"text": "A caption.", "photo": "photos/a.jpg", "width": 3}, "A caption."),
        ({"text": [{"type": "pre", "text": "x = 1", "language": "python"}, "\nruns"]}, "x = 1\nruns"),
        ({"text": None, "text_entities": [{"type": "plain", "text": "Of entities."}]}, "Of entities."),
        (
            {
                "text": "",
                "poll": {"question": "Where to?", "answers": [{"text": "North", "voters": 2}, {"text": "South"}]},
            },
            "Where to?\n- North\n- South",
        ),
    ],
)
def test_parts_of_a_text_are_joined(more: dict[str, Any], text: str) -> None:
    assert _collect(_chat(_message(1, "", **more))).texts == [text]


@pytest.mark.parametrize(
    "more",
    [
        {"media_type": "sticker", "sticker_emoji": "👍"},
        {"text": [{"type": "link", "text": "https://example.org"}]},
        {"contact_information": {"first_name": "Carla", "phone_number": "123"}},
        {"location_information": {"latitude": 1.5, "longitude": 2.5}},
    ],
)
def test_what_has_no_words_is_empty(more: dict[str, Any]) -> None:
    result = _collect(_chat(_message(1, "", **more)))
    assert (result.documents, result.reasons) == ([], [("empty", 1)])


def test_rows_that_cannot_be_read_are_named_and_end_a_turn() -> None:
    chat = _chat(_message(1, "One."), {"id": 2, "type": "unsupported"}, "x", _message(4, "Two.", minute=1))
    result = _collect(chat)
    assert result.texts == ["One.", "Two."]
    assert result.reasons == [("unreadable", 2), ("unreadable", 3)]


def test_a_message_that_is_there_twice_counts_once() -> None:
    result = _collect(_chat(_message(1, "One."), _message(1, "One."), _message(2, "Two.")))
    assert result.texts == ["One.\nTwo."]
    assert result.reasons == [("duplicate_id", 2)]


def test_a_date_without_unix_time_is_read_and_none_is_no_obstacle() -> None:
    messages = [_message(number, f"Number {number}.") for number in (1, 2, 3)]
    for message in messages:
        del message["date_unixtime"]
    messages[1]["date"] = "yesterday"
    result = _collect(_chat(*messages))
    assert [(d.text, d.published_at) for d in result.documents] == [
        ("Number 1.", START),
        ("Number 2.", None),
        ("Number 3.", START),
    ]


def test_chats_that_were_left_and_chats_without_messages_are_accounted_for() -> None:
    result = _collect(_export(_chat(), {"type": "personal_chat"}, left=(_chat(_message(1, "Once.")),)))
    assert result.texts == ["Once."]
    assert [(e.reason, e.detail.partition(" has")[0]) for e in result.exclusions] == [
        ("empty", "chat 1"),
        ("unreadable", "chat 2"),
    ]
