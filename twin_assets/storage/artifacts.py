"""The artifact store: adapters and reports as folders below one URI, a local folder or `s3://`."""

import os
import shutil
import tempfile
from pathlib import Path

from pyarrow import fs

from twin_assets.digests import digest, file_sha256
from twin_assets.errors import StorageError


class ArtifactStore:
    """Folders of files by name, such as `adapters/<digest>`. A folder appears whole or not at all."""

    COMPLETE = "_complete"

    def __init__(self, uri: str, cache: Path) -> None:
        self._remote = "://" in uri
        self._uri = uri.rstrip("/")
        self._cache = cache

    def put(self, name: str, folder: Path) -> str:
        """Store a folder under a name and return its URI; what is already there under the name is replaced."""
        try:
            if self._remote:
                self._upload(name, folder)
            else:
                self._replace(Path(self._uri) / name, folder)
        except OSError as error:
            raise StorageError(
                f"artifact {name!r} could not be written below {self._uri!r}: {error}",
                "free disk space or mend the storage, then run again",
            ) from error
        return f"{self._uri}/{name}"

    def has(self, name: str) -> bool:
        """Whether a whole folder is stored under the name."""
        if not self._remote:
            return (Path(self._uri) / name / self.COMPLETE).is_file()
        filesystem, root = fs.FileSystem.from_uri(self._uri)
        return bool(filesystem.get_file_info(f"{root}/{name}/{self.COMPLETE}").type == fs.FileType.File)

    def get(self, name: str) -> Path:
        """A local folder with the files stored under the name, fetched when the store is remote."""
        if not self.has(name):
            raise StorageError(f"no artifact {name!r} below {self._uri!r}", "materialize the asset that makes it again")
        if not self._remote:
            return Path(self._uri) / name
        target = self._cache / name
        if not (target / self.COMPLETE).is_file():
            filesystem, root = fs.FileSystem.from_uri(self._uri)
            with tempfile.TemporaryDirectory(dir=_made(self._cache)) as scratch:
                fs.copy_files(f"{root}/{name}", scratch, source_filesystem=filesystem)
                self._replace(target, Path(scratch))
        return target

    def _upload(self, name: str, folder: Path) -> None:
        filesystem, root = fs.FileSystem.from_uri(self._uri)
        filesystem.create_dir(f"{root}/{name}", recursive=True)
        fs.copy_files(str(folder), f"{root}/{name}", destination_filesystem=filesystem)
        with filesystem.open_output_stream(f"{root}/{name}/{self.COMPLETE}") as marker:
            marker.write(b"")

    def _replace(self, target: Path, folder: Path) -> None:
        """Copy beside the target, then rename: a crash leaves the old folder or the new one."""
        _made(target.parent)
        staged = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            shutil.copytree(folder, staged, dirs_exist_ok=True)
            (staged / self.COMPLETE).touch()
            retired = target.with_name(f".{target.name}-old-{os.getpid()}")
            if target.exists():
                target.rename(retired)
            staged.rename(target)
            shutil.rmtree(retired, ignore_errors=True)
        finally:
            shutil.rmtree(staged, ignore_errors=True)


def folder_digest(folder: Path) -> str:
    """Digest of a folder's files, by relative name and content."""
    files = sorted(f for f in folder.rglob("*") if f.is_file() and f.name != ArtifactStore.COMPLETE)
    return digest([(f.relative_to(folder).as_posix(), file_sha256(f)) for f in files])


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
