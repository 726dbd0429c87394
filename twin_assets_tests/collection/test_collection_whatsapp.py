"""WhatsApp's chats: every layout is read back exactly, others' words are never kept, no line is lost."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.collection.archive import open_files
from twin_assets.collection.collector import Origin
from twin_assets.collection.whatsapp import WhatsApp
from twin_assets.records import RawDocument
from twin_assets_tests.collection.chat_exports import AUTHOR, Result, collect_chats, expected_turns
from twin_assets_tests.collection.conftest import MakeSource
from twin_assets_tests.collection.whatsapp_layouts import LAYOUTS, LRM, NO_BREAK, OTHERS, PLACEHOLDERS, SPOKEN

CHAT = "WhatsApp Chat with Bob.txt"


def _collect(text: str, name: str = CHAT, **config: object) -> Result:
    return collect_chats(WhatsApp(), {name: text}, **config)


def _shown(when: datetime, layout: str) -> datetime:
    return when if "iOS" in layout else when.replace(second=0)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_tells_date_time_sender_and_lines_apart(layout: str) -> None:
    head = LAYOUTS[layout]
    times = [datetime(2024, 3, 25, hour, 7, tzinfo=UTC) for hour in (0, 1, 11, 12, 13, 23)]
    result = _collect("\n".join(f"{head(t)}Jo Doe: At {t.hour}: sharp\nor so" for t in times))
    assert [(d.published_at, d.text) for d in result.documents] == [(t, f"At {t.hour}: sharp\nor so") for t in times]
    assert result.exclusions == []


@settings(deadline=None)
@given(st.sampled_from(sorted(LAYOUTS)), SPOKEN, st.integers(0, 23 * 3600))
def test_a_chat_in_any_layout_is_read_back_exactly(
    layout: str, spoken: list[tuple[str, int, str, int]], start: int
) -> None:
    head = LAYOUTS[layout]
    # A day above 12 tells day and month apart.
    when = datetime(2024, 3, 25, tzinfo=UTC) + timedelta(seconds=start)
    said: list[tuple[str, datetime, str]] = [("own", _shown(when, layout), "It begins.")]
    lines = [f"{head(when)}{AUTHOR}: It begins."]
    for who, pause, text, choice in spoken:
        when += timedelta(seconds=pause)
        said.append((who, _shown(when, layout), text))
        written = {
            "own": f"{AUTHOR}: {text}",
            "other": f"{OTHERS[choice]}: {text}",
            "system": f"{OTHERS[choice][:3]} changed this group's icon",
            "empty": f"{AUTHOR}: {PLACEHOLDERS[choice]}",
            "deleted": f"{AUTHOR}: {LRM}You deleted this message.",
        }
        lines.append(head(when) + written[who])
    result = _collect("\n".join(lines) + "\n")
    assert [(d.published_at, d.text) for d in result.documents] == expected_turns(said)
    assert result.counted("guest") == sum(who == "other" for who, _, _ in said)
    assert result.counted("system") == sum(who == "system" for who, _, _ in said)
    for reason in ("empty", "deleted"):
        assert sum(e.reason == reason for e in result.exclusions) == sum(who == reason for who, _, _ in said)
    assert not any(e.reason == "unreadable" for e in result.exclusions)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["own", "other", "system", ""]), st.text(max_size=30)), max_size=15),
    st.sampled_from(sorted(LAYOUTS)),
)
def test_no_text_stops_it_and_every_message_is_accounted_for(pieces: list[tuple[str, str]], layout: str) -> None:
    when = datetime(2024, 3, 25, 9, tzinfo=UTC)
    head = LAYOUTS[layout](when)
    lines: list[str] = []
    for number, (who, text) in enumerate(pieces):
        begin = {"own": f"{head}{AUTHOR}: ", "other": f"{head}Bob: ", "system": f"{head}Bob left ", "": ""}[who]
        # A system line with a colon and a space looks like a message of someone else's.
        said = text.replace("\r", "\n").replace(":", "." if who == "system" else ":")
        lines.append(f"{begin}{said} {who}{number}end")
    result = _collect("\n".join(lines))
    if [(e.reason, e.row) for e in result.exclusions] == [("unreadable", 0)]:
        return
    stored = result.stored()
    aside = {e.row for e in result.exclusions}
    row = 1
    for number, (who, _) in enumerate(pieces):
        if who == "own":
            holding = [d for d in result.documents if f"own{number}end" in d.text]
            assert len(holding) == 1 or (not holding and row in aside)
        elif who:
            assert f"{who}{number}end" not in stored
        row += lines[number].count("\n") + 1
    assert result.counted("guest") == sum(who == "other" for who, _ in pieces)
    assert result.counted("system") == sum(who == "system" for who, _ in pieces)


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from([CHAT, "_chat.txt", "letter.txt"]))
def test_any_bytes_give_a_reason_or_a_chat(data: bytes, name: str) -> None:
    result = collect_chats(WhatsApp(), {name: data})
    assert result.documents or result.exclusions


def test_names_of_chats_are_recognized_in_several_languages_and_others_are_not() -> None:
    names = (
        "_chat.txt",
        "export/_chat (1).txt",
        "WhatsApp Chat with Bob.txt",
        "WhatsApp-Chat mit Bob.txt",
        "WhatsApp-chat met Bob.txt",
        "Chat de WhatsApp con Bob.txt",
        "Chat WhatsApp con Bob.txt",
        "Conversa do WhatsApp com Bob.txt",
        "Discussion WhatsApp avec Bob.txt",
        "Чат WhatsApp с контактом Bob.txt",
        "Bob ile WhatsApp Sohbeti.txt",
    )
    assert [name for name in names if not WhatsApp().recognizes([name])] == []
    others = ("letter.txt", "why-i-left-whatsapp.txt", "WhatsApp Chat with Bob.jpg", "data/tweets.js", "chat.txt")
    assert [name for name in others if WhatsApp().recognizes([name])] == []


def test_a_chat_inside_a_zip_is_read_beside_its_pictures(zip_source: MakeSource) -> None:
    files = {"_chat.txt": "[25.03.24, 10:00:00] Jo Doe: Hello there.\n", "00000001-PHOTO.jpg": b"\xff\xd8"}
    source = zip_source(files, kind="whatsapp", include_private=True)
    assert source.path is not None
    with open_files(source.path) as archive:
        assert WhatsApp().recognizes(archive.names)
        items = list(WhatsApp().collect(archive, Origin(source, "whatsapp", AUTHOR), lambda _: None))
    (document,) = items
    assert isinstance(document, RawDocument)
    assert (document.text, document.scope, document.media_type) == ("Hello there.", "private", "text/plain")
    assert (document.by, document.url, document.title, document.row) == (AUTHOR, "", "", 1)


def test_a_file_of_another_name_is_a_chat_by_its_first_lines() -> None:
    chat = "25/03/2024, 10:00 - Jo Doe: Hello there."
    result = collect_chats(WhatsApp(), {"Sohbet.txt": chat, "shopping.txt": "milk\neggs"})
    assert result.texts == ["Hello there."]
    assert [(e.reason, e.file) for e in result.exclusions] == [("not_a_post", "shopping.txt")]


def test_without_consent_a_chat_gives_one_exclusion_with_the_number_of_own_messages_and_no_text() -> None:
    chat = "\n".join(
        [
            "25/03/2024, 10:00 - Messages and calls are end-to-end encrypted.",
            "25/03/2024, 10:01 - Jo Doe: A secret.",
            "25/03/2024, 10:02 - Bob: Another.",
            "25/03/2024, 10:03 - Jo Doe: <Media omitted>",
        ]
    )
    result = _collect(chat, include_private=False)
    assert result.documents == []
    (exclusion,) = result.exclusions
    assert exclusion.reason == "private"
    assert "messages of the author's: 2;" in exclusion.detail
    assert "include_private: true" in exclusion.detail
    assert "secret" not in result.stored()


def test_neither_other_peoples_words_nor_their_names_are_stored() -> None:
    chat = "\n".join(
        [
            "25/03/2024, 10:00 - Bob created group “Plotters”",
            "25/03/2024, 10:01 - Bob: Their words",
            "go on here",
            "25/03/2024, 10:02 - Jo Doe: Mine.",
            "25/03/2024, 10:03 - Carla: More of theirs",
        ]
    )
    result = _collect(chat)
    assert result.texts == ["Mine."]
    for word in ("Bob", "Plotters", "Their", "go on", "Carla", "theirs"):
        assert word not in result.stored()
    assert result.reasons == [("system", 1), ("guest", 2)]
    assert result.counted("guest") == 2


def test_a_turn_ends_with_a_longer_pause_or_when_someone_else_speaks_and_not_with_a_system_line() -> None:
    chat = "\n".join(
        [
            "[25.03.24, 10:00:00] Jo Doe: One",
            "[25.03.24, 10:10:00] Jo Doe: two",
            f"[25.03.24, 10:11:00] {LRM}Bob changed the subject",
            f"[25.03.24, 10:11:30] Jo Doe: {LRM}image omitted",
            "[25.03.24, 10:20:00] Jo Doe: three.",
            "[25.03.24, 10:30:01] Jo Doe: Later.",
            "[25.03.24, 10:30:02] Bob: Yes",
            "[25.03.24, 10:30:03] Jo Doe: Quite.",
        ]
    )
    result = _collect(chat)
    assert result.texts == ["One\ntwo\nthree.", "Later.", "Quite."]
    assert [d.row for d in result.documents] == [1, 6, 8]
    assert [d.published_at for d in result.documents] == [
        datetime(2024, 3, 25, 10, minute, second, tzinfo=UTC) for minute, second in ((0, 0), (30, 1), (30, 3))
    ]


def test_the_author_is_known_by_other_names_and_by_a_number_however_it_is_spaced() -> None:
    chat = "\n".join(
        [
            f"25/03/2024, 10:00 - +49{NO_BREAK}170{NO_BREAK}1234567: By number.",
            "25/03/2024, 11:00 - ~ joey: By nickname.",
            "25/03/2024, 12:00 - JO  DOE: By name.",
            "25/03/2024, 13:00 - +49 170 1234568: Not me.",
        ]
    )
    result = _collect(chat, own_names=("+49 1701234567", "Joey"))
    assert result.texts == ["By number.", "By nickname.", "By name."]
    assert result.counted("guest") == 1


def test_a_chat_without_a_message_of_the_authors_says_how_to_name_the_author() -> None:
    result = _collect("25/03/2024, 10:00 - Joanna: Hello.")
    (exclusion,) = result.exclusions
    assert exclusion.reason == "guest"
    assert "own_names" in exclusion.detail
    assert "Joanna" not in result.stored()


@pytest.mark.parametrize(
    ("days", "read"),
    [
        (["3/4/24", "3/25/24"], ["2024-03-04", "2024-03-25"]),
        (["3/4/24", "25/4/24"], ["2024-04-03", "2024-04-25"]),
        (["1/2/24", "1/9/24", "2/1/24"], ["2024-01-02", "2024-01-09", "2024-02-01"]),
        (["1/2/24", "9/2/24", "1/3/24"], ["2024-02-01", "2024-02-09", "2024-03-01"]),
        (["24/03/30", "24/04/01"], ["2024-03-30", "2024-04-01"]),
        (["2024-03-04", "2024-03-05"], ["2024-03-04", "2024-03-05"]),
        (["5/5/24"], ["2024-05-05"]),
    ],
)
def test_the_order_of_dates_is_inferred_over_the_whole_file(days: list[str], read: list[str]) -> None:
    result = _collect("\n".join(f"{day}, 10:00 - Jo Doe: Words." for day in days))
    assert [d.published_at.date().isoformat() for d in result.documents if d.published_at] == read
    assert not any("day or month first" in line for line in result.reports)


def test_dates_that_could_be_either_are_read_day_first_and_a_report_says_so_without_naming_anyone() -> None:
    result = _collect("3/4/24, 10:00 - Jo Doe: Words.\n5/6/24, 10:00 - Jo Doe: Words.")
    assert [d.published_at.date().isoformat() for d in result.documents if d.published_at] == [
        "2024-04-03",
        "2024-06-05",
    ]
    assert result.exclusions == []
    (line,) = [line for line in result.reports if "day or month first" in line]
    assert "Bob" not in line


@pytest.mark.parametrize(
    "written",
    [
        "<Media omitted>",
        "<Medien ausgeschlossen>",
        "<Multimedia omitido>",
        "<Médias omis>",
        "<Без медиафайлов>",
        "<メディアなし>",
        "null",
        f"{LRM}image omitted",
        "video omitted",
        "Bild weggelassen",
        f"{LRM}<attached: 00000012-PHOTO-2024-03-25-10-00-00.jpg>",
        "<Anhang: 00000012-PHOTO-2024-03-25-10-00-00.jpg>",
        f"{LRM}IMG-20240325-WA0001.jpg (file attached)",
        "PTT-20240325-WA0002.opus (in any language)",
        f"report.pdf • {LRM}12 pages {LRM}document omitted",
        "Alex.vcf (Datei angehängt)",
        "location: https://maps.google.com/?q=1.5,2.5",
        "https://example.org/only-a-link",
        f"{LRM}Missed voice call",
    ],
)
def test_what_has_no_words_of_the_authors_is_empty(written: str) -> None:
    result = _collect(f"25/03/2024, 10:00 - Jo Doe: {written}")
    assert result.documents == []
    assert result.reasons == [("empty", 1)]


@pytest.mark.parametrize(
    "written",
    ["This message was deleted", "You deleted this message", f"{LRM}You deleted this message.", "Bu mesajı sildiniz"],
)
def test_a_deleted_message_is_deleted(written: str) -> None:
    result = _collect(f"25/03/2024, 10:00 - Jo Doe: {written}")
    assert (result.documents, result.reasons) == ([], [("deleted", 1)])


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("Corrected. <This message was edited>", "Corrected."),
        (f"Corrected. {LRM}<This message was edited>", "Corrected."),
        ("Verbessert. <Diese Nachricht wurde bearbeitet.>", "Verbessert."),
        (f"{LRM}Changed in no known language{LRM} x\nMine. {LRM}<Muokattu>", "Mine."),
        (f"{LRM}IMG-20240325-WA0001.jpg (file attached)\nThe caption.", "The caption."),
        ("<Media omitted>\nThe caption.", "The caption."),
        (f"The caption. {LRM}<attached: 00000012-PHOTO-2024-03-25.jpg>", "The caption."),
        (f"{LRM}POLL:\nWhere to?\n{LRM}OPTION: North ({LRM}3 votes)", "Where to?"),
        ("Ask @\u2068Bob\u2069 then", "Ask @Bob then"),
        ("One: two: three", "One: two: three"),
        ("Lines\n\n  kept\n- as they are", "Lines\n\n  kept\n- as they are"),
        ("½ of it… ²", "½ of it… ²"),
        ("I <3 you", "I <3 you"),
        ("<sigh>", "<sigh>"),
        ("He said: this message was deleted", "He said: this message was deleted"),
    ],
)
def test_own_words_are_kept_as_written_without_whatsapps_remarks(written: str, text: str) -> None:
    assert _collect(f"25/03/2024, 10:00 - Jo Doe: {written}").texts == [text]


def test_what_follows_an_impossible_date_is_not_put_into_the_authors_mouth() -> None:
    chat = "\n".join(
        [
            "25/03/2024, 10:00 - Jo Doe: Before.",
            "31/02/2024, 10:01 - Bob: Theirs",
            "25/03/2024, 10:02 - Jo Doe: After.",
            "31/02/2024, 10:03 - Jo Doe: When?",
            "25/03/2024, 27:03 - Jo Doe: When?",
        ]
    )
    result = _collect(chat)
    assert result.texts == ["Before.", "After."]
    assert result.reasons == [("unreadable", 4), ("unreadable", 5), ("guest", 2)]


def test_lines_before_the_first_message_are_counted_and_not_kept() -> None:
    result = _collect("cut off in\nthe middle\n25/03/2024, 10:00 - Jo Doe: Mine.")
    assert result.texts == ["Mine."]
    assert result.reasons == [("unreadable", 1)]
    assert "2" in result.exclusions[0].detail
    assert "middle" not in result.stored()


def test_a_chat_in_no_known_layout_is_named_as_unreadable() -> None:
    result = _collect("Jo Doe wrote on Monday\nHello")
    assert [(e.reason, e.file) for e in result.exclusions] == [("unreadable", CHAT)]


def test_ids_stay_when_a_chat_grows_or_its_file_is_copied_and_differ_between_chats() -> None:
    one = "25/03/2024, 10:00 - Jo Doe: ok\n25/03/2024, 10:00 - Bob: ?\n25/03/2024, 10:00 - Jo Doe: ok"
    before = _collect(one).documents
    after = _collect(f"{one}\n25/03/2024, 10:05 - Jo Doe: and more", "WhatsApp Chat with Bob (1).txt").documents
    other = _collect(one, "WhatsApp Chat with Ann.txt").documents
    assert [d.document_id for d in before] == [d.document_id for d in after]
    assert after[1].text == "ok\nand more"
    assert not {d.document_id for d in before} & {d.document_id for d in other}
    assert "Bob" not in before[0].native_id
