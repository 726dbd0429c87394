"""The files of a source, whether they lie in a zip archive, in a folder, or are a single file: read, never extracted.

Names are relative, with `/`. Wherever a file lies inside counts little: exports are wrapped in a root folder or not.
Left out without a word are the desktop's own droppings (`__MACOSX`, `.DS_Store`, hidden files and folders) and folders
of installed packages.
"""

import contextlib
import os
import posixpath
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from twin_assets.collection.text import Unreadable
from twin_assets.errors import SourceError

MIB = 1 << 20
PROSE_BYTES = 8 * MIB
"""Limit for one file that holds one piece of writing."""
DATA_BYTES = 512 * MIB
"""Limit for one file that holds many pieces, and for a source as a whole times `_TOTAL`."""
_TOTAL = 4
_MEMBERS = 500_000
_RATIO, _RATIO_FROM = 300, 16 * MIB
"""Prose deflates 3-fold and JSON 30-fold; a larger member that claims to be 300-fold is a bomb."""
_PACKAGE_FOLDERS = frozenset({"__MACOSX", "__pycache__", "node_modules", "site-packages", "bower_components"})


@dataclass(frozen=True, slots=True)
class Refused:
    """A member that must not be read, and why."""

    name: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as the file system lists it."""

    size: int
    mtime_ns: int


class Files(Protocol):
    """What collectors read from."""

    names: tuple[str, ...]
    refused: tuple[Refused, ...]

    def read(self, name: str, limit: int = PROSE_BYTES) -> bytes:
        """The content of a file. Raises Unreadable when it is empty, larger than `limit` bytes or damaged."""
        ...


def list_folder(path: Path, suffixes: frozenset[str] | None = None) -> tuple[dict[str, Entry], list[Refused]]:
    """Relative name -> size and time of every file below a folder (or of the single file), by name.

    Only names with one of `suffixes`, if they are given. Raises SourceError when there is nothing at `path`.
    """
    try:
        if not path.is_dir():
            facts = path.stat()
            if not stat.S_ISREG(facts.st_mode):
                raise SourceError(f"{str(path)!r} is neither a file nor a folder", "correct the source's path")
            return {path.name: Entry(facts.st_size, facts.st_mtime_ns)}, []
        found: dict[str, Entry] = {}
        refused: list[Refused] = []
        _walk(path, "", suffixes, found, refused)
    except OSError as error:
        raise SourceError(
            f"{str(path)!r} cannot be read: {error.strerror or error}", "correct the source's path, or its permissions"
        ) from error
    return dict(sorted(found.items())), sorted(refused, key=lambda r: r.name)


def _walk(
    folder: Path, prefix: str, suffixes: frozenset[str] | None, found: dict[str, Entry], refused: list[Refused]
) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = prefix + entry.name
            if _is_dropping(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                try:
                    _walk(folder / entry.name, f"{name}/", suffixes, found, refused)
                except PermissionError:
                    refused.append(Refused(name, "unreadable", "the folder's permissions forbid reading it"))
                continue
            if suffixes is not None and suffix(name) not in suffixes:
                continue
            if entry.is_symlink():
                refused.append(Refused(name, "unreadable", "is a symbolic link: put the file itself in its place"))
            elif entry.is_file(follow_symlinks=False):
                # Editors write temporary files: one that is gone by now was none of the author's writing.
                with contextlib.suppress(FileNotFoundError):
                    facts = entry.stat(follow_symlinks=False)
                    found[name] = Entry(facts.st_size, facts.st_mtime_ns)


def suffix(name: str) -> str:
    """A file name's suffix in lower case, with its dot."""
    return posixpath.splitext(name)[1].lower()


def base_name(name: str) -> str:
    """A file's name without its folders."""
    return name.rpartition("/")[2]


def is_zip(path: Path) -> bool:
    """Whether the file at `path` is, or claims to be, a zip archive. Raises SourceError when it is empty."""
    try:
        if not path.is_file():
            return False
        if path.stat().st_size == 0:
            raise SourceError(f"{str(path)!r} is empty (0 bytes)", "download or copy it again")
        return path.suffix.lower() == ".zip" or zipfile.is_zipfile(path)
    except OSError as error:
        raise SourceError(f"{str(path)!r} cannot be read: {error}", "correct its permissions") from error


@contextlib.contextmanager
def open_files(path: Path) -> Iterator[Files]:
    """The files of the archive, folder or single file at `path`. Raises SourceError when it cannot be read at all."""
    if not is_zip(path):
        yield _Folder(path)
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError) as error:
        raise SourceError(
            f"{str(path)!r} cannot be read as a zip archive: {error}", "download it again: it is damaged or incomplete"
        ) from error
    with archive:
        yield _Zip(path, archive)


class _Folder:
    def __init__(self, path: Path) -> None:
        entries, refused = list_folder(path)
        self._root = path if path.is_dir() else path.parent
        self.names = tuple(entries)
        self.refused = tuple(refused)

    def read(self, name: str, limit: int = PROSE_BYTES) -> bytes:
        try:
            with (self._root / name).open("rb") as file:
                _check_size(os.fstat(file.fileno()).st_size, limit)
                return file.read(limit)
        except OSError as error:
            raise Unreadable("unreadable", f"cannot be read: {error.strerror or error}") from error


class _Zip:
    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left = DATA_BYTES * _TOTAL
        self._members: dict[str, zipfile.ZipInfo] = {}
        refused: list[Refused] = []
        members = archive.infolist()
        if len(members) > _MEMBERS:
            raise SourceError(
                f"{str(path)!r} holds {len(members)} files, more than the {_MEMBERS} that are read",
                "unpack it and give the folder instead, if you trust it",
            )
        for member in members:
            name = member.filename.replace("\\", "/")
            parts = name.split("/")
            if member.is_dir() or any(_is_dropping(part) for part in parts if part not in ("..", ".")):
                continue
            if problem := _member_problem(member, parts):
                refused.append(Refused(name, *problem))
                continue
            if name in self._members:
                refused.append(
                    Refused(name, "duplicate_id", "the archive holds two files of this name; the last is read")
                )
            self._members[name] = member
        self.names = tuple(sorted(self._members))
        self.refused = tuple(sorted(refused, key=lambda r: r.name))

    def read(self, name: str, limit: int = PROSE_BYTES) -> bytes:
        member = self._members[name]
        _check_size(member.file_size, min(limit, self._left))
        try:
            with self._archive.open(member) as file:
                data = file.read(member.file_size)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            ValueError,
            RuntimeError,
            NotImplementedError,
        ) as error:
            raise Unreadable("unreadable", f"is damaged inside the archive: {error}") from error
        self._left -= len(data)
        return data


def _member_problem(member: zipfile.ZipInfo, parts: list[str]) -> tuple[str, str] | None:
    if ".." in parts or not parts[0] or parts[0].endswith(":"):
        return "unreadable", "its name leads outside the archive"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "unreadable", "is a symbolic link"
    if member.flag_bits & 0x1:
        return "unreadable", "is encrypted: unpack the archive and give the folder"
    if member.file_size > _RATIO_FROM and member.file_size > _RATIO * max(member.compress_size, 1):
        return "too_large", f"unpacks to {member.file_size} bytes from {member.compress_size}, as no text does"
    return None


def _check_size(size: int, limit: int) -> None:
    if size == 0:
        raise Unreadable("empty", "is empty (0 bytes)")
    if size > limit:
        raise Unreadable("too_large", f"has {size} bytes, more than the {max(limit, 0)} that are read")


def _is_dropping(name: str) -> bool:
    return name.startswith(".") or name in _PACKAGE_FOLDERS
