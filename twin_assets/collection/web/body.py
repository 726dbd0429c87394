"""Bodies of answers: read within a limit, whatever they unpack to, and turned into text."""

import contextlib
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, to_unicode

from twin_assets.collection.text import Unreadable, decode, storable
from twin_assets.collection.web.connection import TooManyBytes

ACCEPT_ENCODING = "gzip, deflate"
_PIECE = 1 << 16
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_BARE_DEFLATE = -zlib.MAX_WBITS
"""What some servers send as `deflate`, which ought to be zlib."""
_NUL_SHARE = 20
"""Text with fewer NUL bytes than one in so many is damaged, not in an encoding of two bytes for a letter."""


class Undecodable(Exception):
    """A body that is compressed in a way that was not offered, or is damaged."""


def read_body(raw: Any, limit: int, *, cut: bool = False) -> bytes:
    """The unpacked body of urllib3's response.

    Args:
        limit: in bytes, of the unpacked body; nothing is unpacked beyond it.
        cut: take the first `limit` bytes of a larger body.

    Raises TooManyBytes when it is larger, Undecodable, EOFError when a compressed one ends early, and what urllib3
    raises.
    """
    coding = raw.headers.get("Content-Encoding", "").strip().lower()
    if not cut and (raw.length_remaining or 0) > limit:
        raise TooManyBytes
    pieces: Iterable[bytes] = raw.stream(_PIECE, decode_content=False)
    if coding in ("gzip", "x-gzip", "deflate"):
        pieces = _inflated(pieces)
    elif coding not in ("", "identity"):
        raise Undecodable(f"is compressed as {coding[:40]!r}, which was not asked for")
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > limit:
            if cut:
                break
            raise TooManyBytes
    return bytes(body[:limit])


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The content of gzip (one member after another), zlib or bare deflate, at most `_PIECE` bytes at a time."""
    formats = [_BARE_DEFLATE, _GZIP_OR_ZLIB]
    unpacker: Any = None
    members, started = 0, False
    for piece in pieces:
        data, pending = piece, False
        while data or pending:
            if unpacker is None:
                unpacker, started = zlib.decompressobj(formats.pop() if formats else _GZIP_OR_ZLIB), False
            try:
                found = unpacker.decompress(data, _PIECE)
            except zlib.error as error:
                if members and not started:
                    return  # What follows the last member is padding.
                if formats and not started:
                    unpacker = None
                    continue
                raise Undecodable("is damaged: it cannot be unpacked") from error
            started = started or bool(found)
            yield found
            # Output may be due although all input is taken.
            data, pending = unpacker.unconsumed_tail, len(found) == _PIECE
            if unpacker.eof:
                data, pending, unpacker = unpacker.unused_data, False, None
                members += 1
                formats.clear()
    if unpacker is not None and (started or not members):
        raise EOFError


def page_text(body: bytes, content_type: str) -> str:
    """A body as text: by its byte order mark, the charset of its header or (HTML and XML) its own declaration, else
    inferred. What is not valid in that encoding becomes U+FFFD; line ends become newlines, and NUL is removed."""
    encoding = None
    if read_bom(body)[0] is None:
        encoding = http_content_type_encoding(content_type) or _declared(body, content_type.lower())
    if encoding:
        # Some names mean codecs that do not give text, such as base64.
        with contextlib.suppress(LookupError, ValueError):
            return _clean(to_unicode(body, encoding))
    if body.count(0) * _NUL_SHARE < len(body):
        body = body.replace(b"\x00", b"")
    try:
        return _clean(decode(body))
    except Unreadable:
        return _clean(body.decode("utf-8", "replace"))


def _declared(body: bytes, content_type: str) -> str | None:
    if content_type and "html" not in content_type and "xml" not in content_type:
        return None
    declared = html_body_declared_encoding(body)
    # Were it UTF-16, its declaration could not have been read byte by byte.
    return "utf-8" if declared and declared.startswith(("utf-16", "utf-32")) else declared


def _clean(text: str) -> str:
    return storable(text).replace("\r\n", "\n").replace("\r", "\n")
