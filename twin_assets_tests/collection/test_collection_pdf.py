import io
import re
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from twin_assets.collection import paper as paper_module
from twin_assets.collection import pdf as pdf_module
from twin_assets.collection.hyphens import Vocabulary, join_lines
from twin_assets.collection.pdf import read_pdf
from twin_assets.collection.sources import collect
from twin_assets.collection.text import Unreadable
from twin_assets_tests.collection.conftest import MakeSource
from twin_assets_tests.collection.papers import document_of, essay, paragraph, take, words_of
from twin_assets_tests.collection.pdf_writer import MARGIN, Paper, Run, write_pdf


def _encrypted(data: bytes, password: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt(password, "owner", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_what_cannot_be_read_is_set_aside_with_what_to_do(
    folder_source: MakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = essay("Jo Doe").write()
    monkeypatch.setattr(paper_module, "PDF_BYTES", 100_000)
    monkeypatch.setattr(pdf_module, "MAX_PAGES", 4)
    files = {
        "damaged.pdf": good[: len(good) // 3],
        "encrypted.pdf": _encrypted(good, "secret"),
        "good.pdf": good,
        "html.pdf": b"<html>not found</html>",
        "large.pdf": good + b"\n" * 100_000,
        "long.pdf": write_pdf([[Run(MARGIN, 700, "Page")]] * 5),
        "nothing.pdf": b"",
        "scan.pdf": write_pdf([[], []]),
        "signs.pdf": write_pdf([[Run(MARGIN, 700, "1 2 3 + - 4")]]),
    }
    collected = collect(folder_source(files), "Jo Doe")
    aside = {exclusion.file: exclusion for exclusion in collected.exclusions}
    assert {name: exclusion.reason for name, exclusion in aside.items()} == {
        "damaged.pdf": "unreadable",
        "encrypted.pdf": "unreadable",
        "good.pdf": "not_a_post",
        "html.pdf": "unreadable",
        "large.pdf": "too_large",
        "long.pdf": "too_large",
        "nothing.pdf": "empty",
        "scan.pdf": "empty",
        "signs.pdf": "empty",
    }
    assert "save it without a password" in aside["encrypted.pdf"].detail
    assert "save or download it again" in aside["html.pdf"].detail
    assert "(OCR)" in aside["scan.pdf"].detail


def test_a_file_that_only_its_owner_may_change_is_read() -> None:
    assert document_of(_encrypted(essay("Jo Doe").write(), "")).text.startswith("## Abstract")


def test_a_page_that_cannot_be_read_costs_that_page_only() -> None:
    pages = [[Run(MARGIN, 700 - 12 * i, " ".join(words_of(8, 20 * page + i))) for i in range(20)] for page in range(3)]
    data = write_pdf(pages)
    second = data.index(b"<< /Length", data.index(b"/Contents"))
    collected = take(data[:second] + data[second:].replace(b"<< /Length", b"<< /Filter /NoSuch /Length", 1))
    (document,) = collected.documents
    assert words_of(8, 0)[0] in document.text
    assert words_of(8, 59)[0] in document.text
    assert [e.detail for e in collected.exclusions] == ["1 of its 3 pages cannot be read"]


@pytest.mark.parametrize("far", [Run(10**12, 700, "far"), Run(MARGIN, 10**9, "far"), Run(MARGIN, 700, "far", 10**12)])
def test_what_stands_beyond_any_page_is_not_there(far: Run) -> None:
    document = document_of(write_pdf([[far, Run(MARGIN, 600, "Some words of a paper.")]]))
    assert document.text == "Some words of a paper."


def _bomb(chunk: bytes, times: int) -> bytes:
    """A page whose content is so often this, compressed."""
    packer = zlib.compressobj(9, wbits=-15)
    packed = b"\x78\xda" + (packer.compress(chunk) + packer.flush(zlib.Z_FULL_FLUSH)) * times
    plain = write_pdf([[Run(MARGIN, 700, "@@")]])
    start = plain.index(b"<< /Length")
    stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream\n" % (len(packed), packed)
    return plain[:start] + stream + plain[plain.index(b"endobj", start) :]


def test_a_stream_that_unpacks_to_gigabytes_takes_little_memory() -> None:
    data = _bomb(b" " * (1 << 20), 2048)
    assert len(data) < 4 << 20
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable) as caught:
            read_pdf(data)
        assert tracemalloc.get_traced_memory()[1] < 256 << 20
    finally:
        tracemalloc.stop()
    assert caught.value.reason == "unreadable"


def test_a_page_of_endless_strokes_is_given_up_and_the_next_file_is_read(
    folder_source: MakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10**9))
    monkeypatch.setattr("twin_assets.collection.pdf.time.monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(pdf_module, "MAX_SECONDS", 1000.0)
    source = folder_source({"a.pdf": _bomb(b"q Q\n" * 1000, 1), "b.pdf": essay("Jo Doe").write()})
    collected = collect(source, "Jo Doe")
    assert [d.file for d in collected.documents] == ["b.pdf"]
    assert next(e for e in collected.exclusions if e.file == "a.pdf").reason == "too_large"


GOOD = essay("Jo Doe, Ann Roe").heading("References").paragraph("[1] A. Roe. Tides. 1999.").write(Author="Jo Doe")


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(GOOD)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data) - 1))
        data[at : at + draw(st.integers(0, 40))] = draw(st.binary(max_size=12) | st.from_regex(rb"-?[0-9]{1,40}"))
    return bytes(data)


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda tail: b"%PDF-1.4\n" + tail) | _mutated())
@settings(deadline=None)
def test_whatever_a_file_holds_it_becomes_a_document_or_an_exclusion(data: bytes) -> None:
    try:
        collected = take(data)
    except Unreadable:
        return
    assert collected.documents or collected.exclusions


@given(st.lists(st.text("abc-Q.,\u2014\u00ad ", min_size=1, max_size=12), max_size=6))
@settings(deadline=None)
def test_joining_lines_loses_no_letter(lines: list[str]) -> None:
    joined = join_lines(lines, Vocabulary(lines))
    assert re.sub("[- \u00ad]", "", joined) == re.sub("[- \u00ad]", "", "".join(lines))


@given(st.integers(1, 2), st.booleans(), st.lists(st.integers(5, 80), min_size=4, max_size=8))
@settings(deadline=None)
def test_no_word_is_lost_however_a_paper_is_set(columns: int, by_rows: bool, lengths: list[int]) -> None:
    paper = Paper(columns=columns, by_rows=by_rows).full("How It Is Set", 20).full("Jo Doe")
    for number, length in enumerate(lengths):
        paper.paragraph(paragraph(length, number))
    (document,) = take(paper.write()).documents
    words = document.text.lower().replace(".", "").split()
    expected = [word for number, length in enumerate(lengths) for word in words_of(length, number)]
    # A column of one line or two, written row by row, is told from words far apart by nothing.
    assert words == expected if columns == 1 or not by_rows else sorted(words) == sorted(expected)
