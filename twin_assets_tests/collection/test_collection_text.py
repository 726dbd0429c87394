import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.collection.text import Unreadable, decode, has_words, storable


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Plain words.", "ascii"),
        ("Grüße, naïve façade — “quoted”.", "utf-8"),
        ("Grüße", "utf-8-sig"),
        ("Grüße", "utf-16"),
        ("Grüße", "utf-32"),
        ("Words that are wide throughout", "utf-16-le"),
        ("Le café à Genève était très bon, déjà vu.", "latin-1"),
        ("Het weer is mooi, één keer", "latin-1"),
        ("“Smart” quotes — and a dash", "cp1252"),
        ("café", "latin-1"),
        ("Привет мир, это русский текст о погоде", "cp1251"),
        ("Żółw wyszedł na spacer i wrócił. Długo myślałem o tym, co się stało.", "cp1250"),
        ("これは日本語のテキストです。", "shift_jis"),
        ("你好，世界，这是中文文本", "gb18030"),
    ],
)
def test_text_is_decoded_whatever_its_encoding(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_a_damaged_byte_in_utf8_costs_one_character_and_not_the_others() -> None:
    assert decode("Grüße an ".encode() + b"\xff" + "die Köchin".encode()) == "Grüße an \ufffddie Köchin"


def test_line_ends_of_all_systems_become_newlines() -> None:
    assert decode(b"a\r\nb\rc\n") == "a\nb\nc\n"


def test_a_picture_is_not_taken_for_text() -> None:
    with pytest.raises(Unreadable) as refused:
        decode(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 20)
    assert refused.value.reason == "unreadable"


def test_surrogates_and_nul_never_reach_a_table() -> None:
    assert storable("a\ud83d\ude00b\ud83dc\x00d") == "a😀b\ufffdcd"


def test_links_are_not_words() -> None:
    assert not has_words(" https://example.org/a?b=c  www.example.org \n")
    assert has_words("see https://example.org")


@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_refused_with_a_reason(data: bytes) -> None:
    result: str | Unreadable
    try:
        result = decode(data)
    except Unreadable as refused:
        result = refused
    if isinstance(result, Unreadable):
        assert (result.reason, bool(result.detail)) == ("unreadable", True)
    else:
        storable(result).encode("utf-8")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_utf8_is_never_changed(text: str) -> None:
    assert decode(text.encode("utf-8")) == text.removeprefix("\ufeff")
