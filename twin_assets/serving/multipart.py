"""The file of a multipart form, as it comes in: nothing is kept in memory or in a temporary folder."""

from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from twin_assets.serving.openai_errors import bad_request

_LONGEST_HEADER = 4096


class FilePart:
    """Reads a multipart body up to its first file, then gives that file's bytes.

    Args:
        content_type: the request's Content-Type, which names the boundary.
        body: the request's body, piece by piece.

    Raises ApiError (400) when the body is no multipart form with a field `file`.
    """

    def __init__(self, content_type: str, body: AsyncIterator[bytes]) -> None:
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if not boundary:
            raise bad_request("the form names no boundary", "file")
        self._body = body
        self._pieces: deque[bytes] = deque()
        self._header, self._value = bytearray(), bytearray()
        self._disposition = b""
        self._inside = self._done = False
        self.name = ""
        callbacks: Any = {
            "on_part_begin": self._part_begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
        }
        self._parser = MultipartParser(boundary, callbacks)

    async def open(self) -> None:
        """Read up to the file, so that its `name` is known."""
        while not self._inside and not self._done:
            if not await self._feed():
                raise bad_request("the form has no file in a field called `file`", "file")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The bytes of the file."""
        while True:
            while self._pieces:
                yield self._pieces.popleft()
            if self._done:
                break
            if not await self._feed():
                raise bad_request("the form ends before its file does", "file")
        # What follows the file is read to its end, so that the connection can be used again.
        while await self._feed():
            pass

    async def _feed(self) -> bool:
        """Parse the next piece of the body; False when there is none."""
        async for piece in self._body:
            try:
                self._parser.write(piece)
            except FormParserError as error:
                raise bad_request(f"the form cannot be read: {error}", "file") from error
            return True
        return False

    def _part_begin(self) -> None:
        self._disposition = b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._grow(self._header, data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._grow(self._value, data[start:end])

    def _grow(self, part: bytearray, data: bytes) -> None:
        part += data
        if len(part) > _LONGEST_HEADER:
            raise bad_request("a header of the form is too long", "file")

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        if options.get(b"name") == b"file" and b"filename" in options and not self._done:
            self._inside = True
            self.name = options[b"filename"].decode("utf-8", "replace")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._inside:
            self._pieces.append(data[start:end])

    def _part_end(self) -> None:
        if self._inside:
            self._inside, self._done = False, True
