"""Uploads: streamed to `<home>/uploads/<id>/<name>`, examined, and removed again when anything is wrong with them."""

import re
import shutil
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from anyio import to_thread
from starlette.exceptions import HTTPException

from twin_assets.collection.archive import open_files
from twin_assets.collection.registry import recognize
from twin_assets.errors import SourceError
from twin_assets.serving.openai_errors import ApiError, bad_request, not_found

_ID = re.compile(r"[0-9a-f]{32}")
_LONGEST_NAME = 120
_HARMLESS = frozenset({"duplicate_id"})
"""What an archive may hold and still be taken; it is never unpacked, and the file named twice is read once."""


@dataclass(frozen=True)
class Upload:
    """A file that was taken: `kind` is None when it is no source of its own, and `advice` says why."""

    upload_id: str
    path: Path
    bytes: int
    kind: str | None
    advice: str | None


class FileSink:
    """Writes to a file in a thread, and stops at `limit` bytes."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file, self._limit, self.size = file, limit, 0

    async def write(self, data: bytes) -> None:
        """Write the next piece. Raises ApiError (413, 507)."""
        self.size += len(data)
        if self.size > self._limit:
            raise TooLarge(self._limit)
        try:
            await to_thread.run_sync(self._file.write, data)
        except OSError as error:
            raise ApiError(
                507, f"the upload cannot be written: {error.strerror}", kind="server_error", code="disk_full"
            ) from error


class TooLarge(ApiError, HTTPException):
    """The body has more bytes than are taken. An HTTPException, too: FastAPI calls any other a body it cannot parse."""

    def __init__(self, limit: int) -> None:
        message = f"the body has more than the {limit} bytes that are taken (service.upload_bytes, service.body_bytes)"
        ApiError.__init__(self, 413, message, kind="invalid_request_error", code="too_large")
        self.status_code, self.detail = 413, message


async def take(home: Path, name: str, body: AsyncIterator[bytes], limit: int) -> Upload:
    """Store a body as an upload and examine it.

    Raises ApiError: it is too large (413), empty, or an archive that must not be read (400). Nothing is left of it
    then, nor when the client goes away.
    """
    upload_id = uuid4().hex
    path = home / "uploads" / upload_id / safe_name(name)
    with _kept_only_whole(path.parent):
        with path.open("wb") as file:
            sink = FileSink(file, limit)
            async for piece in body:
                await sink.write(piece)
        if not sink.size:
            raise bad_request("the file is empty (0 bytes)", "file")
        kind, advice = await to_thread.run_sync(examine, path)
        return Upload(upload_id, path, sink.size, kind, advice)


def examine(path: Path) -> tuple[str | None, str | None]:
    """The kind of an uploaded file, else None and why it is none.

    Raises ApiError (400): an archive that is damaged, or holds a bomb, a link, or a name that leads outside.
    """
    try:
        with open_files(path) as files:
            refused = next((one for one in files.refused if one.reason not in _HARMLESS), None)
    except SourceError as error:
        raise bad_request(f"{_about(path, error)}", "file", "bad_archive") from error
    if refused is not None:
        raise bad_request(f"{refused.name[:200]!r} in {path.name!r} {refused.detail}", "file", "bad_archive")
    try:
        return recognize(path), None
    except SourceError as error:
        return None, _about(path, error)


def find_upload(home: Path, upload_id: str) -> Path:
    """The file of an upload. Raises ApiError (404) when there is none."""
    folder = home / "uploads" / upload_id
    files = sorted(folder.iterdir()) if _ID.fullmatch(upload_id) and folder.is_dir() else []
    if not files:
        raise not_found(f"there is no upload {upload_id!r}", "upload_id")
    return files[0]


def discard_upload_of(home: Path, path: Path | None) -> None:
    """Remove the upload that a source was made of, if it was made of one."""
    uploads = (home / "uploads").resolve()
    if path is not None and path.resolve().parent.parent == uploads and _ID.fullmatch(path.parent.name):
        shutil.rmtree(path.parent)


def safe_name(name: str) -> str:
    """A file name without folders, control characters or a leading dot; its suffix stays."""
    base = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    base = "".join(c for c in base if c.isprintable()).strip().lstrip(".")
    stem, dot, ending = base.rpartition(".")
    ending = f".{ending[:16]}" if dot else ""
    stem = (stem if dot else base)[: _LONGEST_NAME - len(ending)].strip()
    while len(f"{stem}{ending}".encode()) > 2 * _LONGEST_NAME:
        stem = stem[:-1]
    return f"{stem or 'upload'}{ending}"


def _about(path: Path, error: SourceError) -> str:
    """An error about a file, without the folder that it lies in."""
    text = f"{error.what}. {error.remedy}" if error.remedy else error.what
    return text.replace(str(path), path.name)


@contextmanager
def _kept_only_whole(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
