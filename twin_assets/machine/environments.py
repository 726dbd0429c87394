"""The three environments, made from complete, exact lists: `python3.11 -m twin_assets.machine.environments core train`.

Runs before anything is installed, so it imports the standard library only. A list is installed with `--no-deps`:
nothing is resolved, so what is written is what is installed, and Axolotl and SGLang never meet.
"""

import hashlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from twin_assets.errors import ProcessError

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Environment:
    """A virtual environment: its folder, its lists of exact versions, and local packages installed after them."""

    name: str
    folder: Path
    lists: tuple[Path, ...]
    local: tuple[str, ...] = ()

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def wanted(self) -> str:
        """Digest of what should be installed: the lists and the interpreter's version."""
        parts = [file.read_bytes() for file in self.lists]
        parts += [" ".join(self.local).encode(), repr(sys.version_info[:2]).encode(), str(self.folder).encode()]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def is_complete(self) -> bool:
        """Whether just this was installed to the end; a moved or interrupted environment is not complete."""
        return self.stamp.is_file() and self.stamp.read_text() == self.wanted() and self.python.exists()

    @property
    def stamp(self) -> Path:
        """The file that says what was installed to the end; `core` and `test` share a folder, but no stamp."""
        return self.folder / f"complete-{self.name}"

    def packages(self) -> int:
        """How many packages the lists name."""
        return sum(1 for file in self.lists for line in file.read_text().splitlines() if "==" in line)


def environments() -> dict[str, Environment]:
    """The project's environments by name; `test` adds the test tools to `core`."""
    lists = ROOT / "requirements"
    return {
        "core": Environment("core", ROOT / ".venv", (lists / "core.txt",), ("-e", str(ROOT))),
        "train": Environment("train", ROOT / ".venv-train", (lists / "train.txt",)),
        "serve": Environment("serve", ROOT / ".venv-serve", (lists / "serve.txt",)),
        "test": Environment("test", ROOT / ".venv", (lists / "core.txt", lists / "test.txt"), ("-e", str(ROOT))),
    }


class Installation(threading.Thread):
    """Installs one environment, and can say how far it is."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(name=environment.name, daemon=True)
        self.environment = environment
        self.error: str = ""
        self.collected = 0
        self.step = "creating"
        self.started = time.monotonic()
        self.seconds = 0.0

    def run(self) -> None:
        """Create, install, stamp. What failed is left in `error`."""
        environment = self.environment
        try:
            if not environment.python.exists():
                self._call([sys.executable, "-m", "venv", str(environment.folder)])
            environment.stamp.unlink(missing_ok=True)
            lists = [part for file in environment.lists for part in ("-r", str(file))]
            pip = [str(environment.python), "-m", "pip", "install", "--no-deps", "--disable-pip-version-check"]
            self._call([*pip, *lists])
            if environment.local:
                self.step = "installing this project"
                self._call([*pip, "-q", "--no-build-isolation", *environment.local])
            environment.stamp.write_text(environment.wanted())
        except ProcessError as error:
            self.error = str(error)
        self.seconds = time.monotonic() - self.started

    def line(self) -> str:
        """For example `serve 45/110 collecting`."""
        if not self.is_alive():
            return f"{self.environment.name}: {'failed' if self.error else 'ready'} ({self.seconds:.0f} s)"
        return f"{self.environment.name}: {self.collected}/{self.environment.packages()} {self.step}"

    def _call(self, command: list[str]) -> None:
        log = self.environment.folder.parent / f"{self.environment.folder.name}.log"
        tail: list[str] = []
        with log.open("a") as file:
            child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
            assert child.stdout is not None
            for line in child.stdout:
                file.write(line)
                tail = [*tail[-14:], line.rstrip()]
                if line.startswith(("Collecting ", "Requirement already")):
                    self.collected, self.step = self.collected + 1, "packages fetched"
                elif line.startswith("Installing collected"):
                    self.step = "packages being unpacked"
        if child.wait() != 0:
            shown = "\n     ".join(tail)
            raise ProcessError(
                f"environment {self.environment.name!r} could not be installed:\n     {shown}",
                f"see {log}; check the network and the disk, then run the same command again",
            )


def ensure(names: Iterable[str]) -> float:
    """Install the named environments that are not complete, side by side; returns the seconds it took.

    Raises ProcessError naming the environment that failed, with the installer's last lines.
    """
    started = time.monotonic()
    missing = [Installation(environments()[name]) for name in names if not environments()[name].is_complete()]
    for installation in missing:
        installation.start()
    shown = 0.0
    while any(installation.is_alive() for installation in missing):
        for installation in missing:
            installation.join(0.5)
        if time.monotonic() - shown >= 5:
            shown = time.monotonic()
            _say(f"  [{shown - started:4.0f} s] installing  " + "   ".join(i.line() for i in missing))
    for installation in missing:
        _say(f"  {installation.line()}")
    errors = [installation.error for installation in missing if installation.error]
    if errors:
        raise ProcessError(errors[0])
    return time.monotonic() - started


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(names: list[str]) -> int:
    """Install the environments named on the command line. Returns the exit status."""
    if sys.version_info[:2] != (3, 11):
        _say(
            f"Python 3.11 is needed, this is {sys.version.split()[0]}: set PYTHON, for example `make PYTHON=python3.11`"
        )
        return 2
    try:
        ensure(names)
    except ProcessError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
