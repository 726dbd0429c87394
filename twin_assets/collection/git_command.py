"""Running git on a repository that is not trusted: whatever its own config says, git only reads its objects.

A repository's config can name programs (hooks, fsmonitor, textconv, gpg, ssh, a proxy), files, and a remote that
missing objects are fetched from. So only a few facts are asked of the repository itself; all else is read from a
snapshot: an empty repository with a config of ours, over the same objects. The environment and the config of whoever
runs this are not read either, so that the same repository gives the same documents everywhere.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from twin_assets.collection.text import Unreadable
from twin_assets.errors import SourceError

_CONFIG = {
    "core.fsmonitor": "",
    "core.hooksPath": os.devnull,
    "core.attributesFile": os.devnull,
    "safe.directory": "*",
    "protocol.allow": "never",
    "mailmap.blob": "HEAD:.mailmap",
}
_ENVIRONMENT = {
    "HOME": os.devnull,
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    # A list of what is allowed wins over the repository's `protocol.<name>.allow`, and no protocol has this name.
    "GIT_ALLOW_PROTOCOL": "none",
}
_SNAPSHOT_CONFIG = "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectFormat = {}\n"
_SHA1_DIGITS = 40
_TIMEOUT_S = 300.0
"""For a command that is answered as a whole."""
_CHUNK = 1 << 16


class GitFailed(SourceError):
    """A git command that ended with an error; `what` is the last line that git wrote."""


def git_folder(path: Path) -> Path | None:
    """What git calls the GIT_DIR of the repository at `path`: its `.git`, or itself if it is bare; None for none."""
    inner = path / ".git"
    if inner.is_file() or _is_git_folder(inner):
        return inner
    return path if _is_git_folder(path) else None


def _is_git_folder(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


class Git:
    """Git commands on one GIT_DIR."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self._folder = folder.absolute()
        self._environment = {**_ENVIRONMENT, **(environment or {})}

    def run(self, *arguments: str, timeout_s: float = _TIMEOUT_S) -> bytes:
        """What a command writes. Raises GitFailed when it ends with an error or takes longer than `timeout_s`."""
        try:
            done = subprocess.run(
                self._command(arguments),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout_s,
                check=False,
                cwd=self._folder.anchor,
                env=self._variables(),
            )
        except subprocess.TimeoutExpired as error:
            raise GitFailed(f"git {arguments[0]} took longer than {timeout_s:g} s") from error
        except OSError as error:
            raise _not_started(error) from error
        if done.returncode:
            raise _failed(arguments[0], done.stderr)
        return done.stdout

    def ask(self, *arguments: str) -> str:
        """The line that a command answers with, blank when it ends with an error."""
        try:
            return os.fsdecode(self.run(*arguments)).removesuffix("\n")
        except GitFailed:
            return ""

    def tokens(self, *arguments: str) -> Iterator[bytes]:
        """What a command writes, parted at NUL, as it comes. Raises GitFailed when it ends with an error."""
        with tempfile.TemporaryFile() as errors, self._started(arguments, errors) as process:
            assert process.stdout is not None
            left = b""
            while chunk := process.stdout.read(_CHUNK):
                *whole, left = (left + chunk).split(b"\0")
                yield from whole
            if left:
                yield left
            if process.wait():
                errors.seek(0)
                raise _failed(arguments[0], errors.read())

    @contextmanager
    def blobs(self) -> Iterator["Blobs"]:
        """The contents of blobs, read by one process until the block ends."""
        with (
            tempfile.TemporaryFile() as errors,
            self._started(("cat-file", "--batch"), errors, subprocess.PIPE) as process,
        ):
            yield Blobs(process)

    @contextmanager
    def _started(
        self, arguments: tuple[str, ...], errors: IO[bytes], stdin: int = subprocess.DEVNULL
    ) -> Iterator[subprocess.Popen[bytes]]:
        try:
            process = subprocess.Popen(
                self._command(arguments),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=self._folder.anchor,
                env=self._variables(),
            )
        except OSError as error:
            raise _not_started(error) from error
        with process:
            try:
                yield process
            finally:
                # Whoever reads may have stopped half-way: what is left need not be written.
                process.kill()

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        config = [option for key, value in _CONFIG.items() for option in ("-c", f"{key}={value}")]
        return ["git", "--no-pager", "--bare", f"--git-dir={self._folder}", *config, *arguments]

    def _variables(self) -> dict[str, str]:
        return {**self._environment, "PATH": os.environ.get("PATH", os.defpath)}


class Repository(Git):
    """The repository at `path`, for facts about it. Raises SourceError when there is none, or git cannot read it."""

    def __init__(self, path: Path) -> None:
        folder = git_folder(path)
        if folder is None:
            raise SourceError(
                f"{str(path)!r} is no git repository", "give the folder that holds `.git`, or a bare repository"
            )
        super().__init__(folder)
        self.path = path
        try:
            self._objects = os.fsdecode(self.run("rev-parse", "--git-path", "objects")).removesuffix("\n")
        except GitFailed as error:
            raise SourceError(
                f"{str(path)!r} cannot be read as a git repository: {error.what}", "clone it again: it is damaged"
            ) from error

    @contextmanager
    def snapshot(self, commit: str) -> Iterator[Git]:
        """The repository as it is at a commit, which is HEAD there; until the block ends."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name in ("objects", "refs"):
                (root / name).mkdir()
            (root / "HEAD").write_text(f"{commit}\n")
            (root / "config").write_text(_SNAPSHOT_CONFIG.format("sha1" if len(commit) == _SHA1_DIGITS else "sha256"))
            objects = Path(self._folder.anchor) / self._objects
            yield Git(root, {"GIT_OBJECT_DIRECTORY": str(objects)})


class Blobs:
    """A running `git cat-file --batch`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def read(self, blob: str) -> bytes:
        """The content of a blob. Raises Unreadable when the repository does not hold it."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(blob.encode() + b"\n")
            stdin.flush()
        except OSError as error:
            raise Unreadable("unreadable", "git stopped reading the repository, which is damaged") from error
        header = stdout.readline().split()
        if len(header) != 3:
            # A partial clone leaves blobs with its remote, and nothing is fetched.
            problem = "is not in this clone, or is damaged: fetch the whole repository (git fsck names what is missing)"
            raise Unreadable("unreadable", problem)
        content = stdout.read(int(header[2]))
        stdout.read(1)
        return content


def _failed(command: str, written: bytes) -> GitFailed:
    lines = [line.strip() for line in os.fsdecode(written).splitlines() if line.strip()]
    return GitFailed(lines[-1] if lines else f"git {command} failed")


def _not_started(error: OSError) -> SourceError:
    return SourceError(f"git cannot be started: {error.strerror or error}", "install git, and see that it is in PATH")
