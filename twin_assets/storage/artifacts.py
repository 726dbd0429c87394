"""The artifact store: adapters and reports as folders below one URI, a local folder or `s3://`."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pyarrow import fs

from twin_assets.digests import digest, file_sha256
from twin_assets.errors import StorageError
from twin_assets.settings import Settings


class ArtifactStore:
    """Folders of files by name, such as `adapters/<digest>`. A folder appears whole or not at all.

    Args:
        uri: a local folder, or an `s3://` or other URI that Arrow knows.
        cache: where folders of a remote store are kept once fetched.
        options: the storage options that LanceDB takes for `s3://`: `aws_endpoint`, `aws_access_key_id` and so on.
    """

    COMPLETE = "_complete"
    """The file that is written last; it holds the digest of the folder."""

    def __init__(self, uri: str, cache: Path, options: Mapping[str, str] | None = None) -> None:
        self._remote = "://" in uri
        self._uri = uri.rstrip("/")
        self._cache = cache
        self._options = dict(options or {})

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The store that the settings name."""
        return cls(settings.artifacts_uri, settings.home / "artifact-cache", settings.storage.options)

    def put(self, name: str, folder: Path) -> str:
        """Store a folder under a name and return its URI; what is already there under the name is replaced.

        Raises StorageError.
        """
        with self._faults(name, "written", "free disk space or mend the storage, then run again"):
            if self._remote:
                self._upload(name, folder)
            else:
                _replace(Path(self._uri) / name, folder)
        return f"{self._uri}/{name}"

    def has(self, name: str) -> bool:
        """Whether a whole folder is stored under the name. Raises StorageError when the store is out of reach."""
        return self._marker(name) is not None

    def get(self, name: str) -> Path:
        """A local folder with the files stored under the name, fetched from a remote store. Raises StorageError."""
        marker = self._marker(name)
        if marker is None:
            raise StorageError(f"no artifact {name!r} below {self._uri!r}", "materialize the asset that makes it again")
        if not self._remote:
            return Path(self._uri) / name
        target = self._cache / name
        if _read_marker(target) != marker:
            with self._faults(name, "fetched", "check the storage and the room on this disk, then run again"):
                filesystem, root = self._filesystem()
                scratch = _scratch(target, "fetch")
                try:
                    fs.copy_files(f"{root}/{name}", str(scratch), source_filesystem=filesystem)
                    _replace(target, scratch)
                finally:
                    shutil.rmtree(scratch, ignore_errors=True)
        return target

    def names(self, folder: str) -> list[str]:
        """The names of the whole folders below `folder`. Raises StorageError."""
        with self._faults(folder, "listed", "check that the storage can be reached (`twin doctor`)"):
            filesystem, root = self._filesystem() if self._remote else (fs.LocalFileSystem(), self._uri)
            found = filesystem.get_file_info(fs.FileSelector(f"{root}/{folder}", allow_not_found=True))
            names = sorted(i.base_name for i in found if i.type == fs.FileType.Directory and i.base_name[0] != ".")
        return [name for name in names if self.has(f"{folder}/{name}")]

    def delete(self, name: str) -> None:
        """Remove what is stored under a name, and what was fetched of it. Raises StorageError."""
        with self._faults(name, "deleted", "check the permissions of the storage, then run again"):
            if self._remote:
                filesystem, root = self._filesystem()
                filesystem.delete_dir(f"{root}/{name}")
            else:
                shutil.rmtree(Path(self._uri) / name)
            shutil.rmtree(self._cache / name, ignore_errors=True)

    def _marker(self, name: str) -> str | None:
        with self._faults(name, "looked up", "check that the storage can be reached (`twin doctor`)"):
            if not self._remote:
                target = Path(self._uri) / name
                _recover(target)
                return _read_marker(target)
            filesystem, root = self._filesystem()
            file = f"{root}/{name}/{self.COMPLETE}"
            if filesystem.get_file_info(file).type != fs.FileType.File:
                return None
            with filesystem.open_input_stream(file) as stream:
                return str(stream.read().decode())

    def _upload(self, name: str, folder: Path) -> None:
        """The marker goes first and comes last, so that a half-written folder is none."""
        filesystem, root = self._filesystem()
        target = f"{root}/{name}"
        if filesystem.get_file_info(f"{target}/{self.COMPLETE}").type == fs.FileType.File:
            filesystem.delete_file(f"{target}/{self.COMPLETE}")
        filesystem.create_dir(target, recursive=True)
        filesystem.delete_dir_contents(target)
        for file in _files(folder):
            with (
                file.open("rb") as source,
                filesystem.open_output_stream(f"{target}/{file.relative_to(folder).as_posix()}") as sink,
            ):
                shutil.copyfileobj(source, sink, 1 << 20)
        with filesystem.open_output_stream(f"{target}/{self.COMPLETE}") as marker:
            marker.write(folder_digest(folder).encode())

    def _filesystem(self) -> tuple[fs.FileSystem, str]:
        """The remote file system and the root path in it."""
        if not self._uri.startswith("s3://") or not self._options:
            filesystem, root = fs.FileSystem.from_uri(self._uri)
            return filesystem, root
        given = {key.lower().removeprefix("aws_"): value for key, value in self._options.items()}
        filesystem = fs.S3FileSystem(
            access_key=given.get("access_key_id"),
            secret_key=given.get("secret_access_key"),
            session_token=given.get("session_token"),
            region=given.get("region", given.get("default_region")),
            endpoint_override=given.get("endpoint", given.get("endpoint_url")),
            allow_bucket_creation=False,
        )
        return filesystem, self._uri.removeprefix("s3://")

    @contextmanager
    def _faults(self, name: str, done: str, remedy: str) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            reason = " ".join(str(error).split())[:500]
            raise StorageError(
                f"artifact {name!r} below {self._uri!r} could not be {done}: {reason}", remedy
            ) from error


def folder_digest(folder: Path) -> str:
    """Digest of a folder's files, by relative name and content."""
    return digest([(f.relative_to(folder).as_posix(), file_sha256(f)) for f in _files(folder)])


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder at {str(folder)!r}")
    return sorted(f for f in folder.rglob("*") if f.is_file() and f.name != ArtifactStore.COMPLETE)


def _replace(target: Path, folder: Path) -> None:
    """Copy beside the target, then rename. A crash leaves the old folder or the new one, which `_recover` finds."""
    _recover(target)
    staged = _scratch(target, "new")
    try:
        contents = folder_digest(folder)
        shutil.copytree(folder, staged, dirs_exist_ok=True)
        (staged / ArtifactStore.COMPLETE).write_text(contents, encoding="utf-8")
        retired = target.with_name(f".{target.name}.old-{os.getpid()}")
        if target.exists():
            target.rename(retired)
        staged.rename(target)
        shutil.rmtree(retired, ignore_errors=True)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _recover(target: Path) -> None:
    """Put back the old folder where a process died between the two renames."""
    for retired in _left_behind(target, "old"):
        if target.exists():
            shutil.rmtree(retired, ignore_errors=True)
        else:
            retired.rename(target)


def _scratch(target: Path, purpose: str) -> Path:
    """An empty folder of this process beside the target; those that dead processes left behind are removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for stale in _left_behind(target, purpose):
        shutil.rmtree(stale, ignore_errors=True)
    folder = target.with_name(f".{target.name}.{purpose}-{os.getpid()}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _left_behind(target: Path, purpose: str) -> list[Path]:
    """Folders beside the target whose process, which their name tells, is dead."""
    if not target.parent.is_dir():
        return []
    prefix = f".{target.name}.{purpose}-"
    found = (f for f in target.parent.iterdir() if f.name.startswith(prefix))
    return sorted(f for f in found if not _alive(f.name.removeprefix(prefix)))


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _read_marker(folder: Path) -> str | None:
    marker = folder / ArtifactStore.COMPLETE
    return marker.read_text(encoding="utf-8") if marker.is_file() else None
