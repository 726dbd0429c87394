"""Bytes to text, and text to what a table can hold."""

import codecs
import io
import re
from collections.abc import Iterator

import charset_normalizer

from twin_assets.errors import SourceError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 1 << 18
"""Bytes that an unknown encoding is inferred from: detection reads its input many times."""
_WESTERN_CHAOS = 0.1
"""charset-normalizer's measure of disorder up to which bytes that read as Windows-1252 are taken to be that."""
_CONTROL = bytes([*range(0x09), *range(0x0E, 0x20), 0x7F])
_PIECE = 1 << 22
"""Bytes that are decoded at once of a text that is read in pieces."""
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


class Unreadable(SourceError):
    """A file or row that cannot be read; the collector that meets it writes an exclusion for `reason`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def decode(data: bytes) -> str:
    """The text in `data`: by its byte order mark, as UTF-8, else in the encoding that charset-normalizer infers.

    UTF-8 with a few damaged bytes stays UTF-8 with U+FFFD for them. Raises Unreadable for what is not text.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _lines(data[len(mark) :].decode(encoding, "replace"))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = _decode_unknown(data)
    else:
        if "\x00" in text:
            text = _decode_unknown(data)
    if _controls(text.encode("utf-8", "surrogatepass")) > len(text) / 100:
        raise Unreadable("unreadable", "is not text: it holds control characters throughout")
    return _lines(text)


def decode_pieces(data: bytes) -> Iterator[str]:
    """The text of `decode`, piece by piece: of a text in UTF-8, as exports are, no more than one lies in memory.

    Raises Unreadable like `decode`, before the first piece.
    """
    if not _is_plain_utf8(data):
        yield decode(data)
        return
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8-sig")(), translate=True)
    for start in range(0, len(data), _PIECE):
        yield decoder.decode(data[start : start + _PIECE], final=start + _PIECE >= len(data))


def _is_plain_utf8(data: bytes) -> bool:
    """Whether it is UTF-8 without damage, NUL, or many control characters: where there is nothing to infer."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    characters = controls = 0
    try:
        for start in range(0, len(data), _PIECE):
            piece = data[start : start + _PIECE]
            if b"\x00" in piece:
                return False
            characters += len(decoder.decode(piece, final=start + _PIECE >= len(data)))
            controls += _controls(piece)
    except UnicodeDecodeError:
        return False
    return controls <= characters / 100


def _controls(utf8: bytes) -> int:
    return len(utf8) - len(utf8.translate(None, _CONTROL))


def _decode_unknown(data: bytes) -> str:
    lenient = data.decode("utf-8", "replace")
    damaged = lenient.count("\ufffd")
    multibyte = sum(1 for c in lenient if ord(c) > 127) - damaged
    if "\x00" not in lenient and multibyte >= damaged:
        return lenient
    sample = data[:_SAMPLE]
    # Western European text is what an old file most often is, and a general search confuses short ones with others.
    match = None if b"\x00" in sample else charset_normalizer.from_bytes(sample, cp_isolation=["cp1252"]).best()
    if match is None or match.chaos > _WESTERN_CHAOS:
        match = charset_normalizer.from_bytes(sample).best()
    if match is None:
        raise Unreadable("unreadable", "is in no encoding that is known: save it as UTF-8")
    return data.decode(match.encoding, "replace")


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def storable(text: str) -> str:
    """The text as UTF-8 can hold it: surrogate pairs joined, lone surrogates as U+FFFD, NUL removed."""
    if text.isascii():
        return text.replace("\x00", "")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\x00", "")


def is_link(text: str) -> bool:
    """Whether a text begins with a link."""
    return _LINK.match(text) is not None


def has_words(text: str) -> bool:
    """Whether anything is left of a text without its links."""
    return bool(_LINK.sub("", text).strip())
