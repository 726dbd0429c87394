"""Real git repositories, made commit by commit, without the config of whoever runs the tests."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twin_assets.collection.collector import Item, Origin
from twin_assets.collection.git import collect_repository
from twin_assets.progress import Report, silent
from twin_assets.records import Exclusion, RawDocument
from twin_assets.settings import SourceConfig

JO = ("Jo Doe", "jo@example.org")
MAX = ("Max Roe", "max@example.org")
Content = str | bytes | None


@dataclass
class Repository:
    """A repository at `path`. Each commit is a day after the last one, from 2024-01-02 on."""

    path: Path
    day: int = 1

    @classmethod
    def create(cls, path: Path) -> "Repository":
        path.mkdir(parents=True, exist_ok=True)
        made = cls(path)
        made.git("init", "--quiet", "--initial-branch=main")
        return made

    def git(self, *arguments: str, by: tuple[str, str] = JO) -> str:
        """Run git as a person; what it writes."""
        when = f"2024-01-{self.day:02}T12:00:00+00:00"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            **{f"GIT_{role}_NAME": by[0] for role in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{role}_EMAIL": by[1] for role in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{role}_DATE": when for role in ("AUTHOR", "COMMITTER")},
        }
        done = subprocess.run(["git", *arguments], cwd=self.path, env=environment, capture_output=True, check=True)
        return os.fsdecode(done.stdout).strip()

    def commit(self, files: Mapping[str, Content], by: tuple[str, str] = JO) -> str:
        """Write files (None deletes one), commit everything, and return the commit's id."""
        for name, content in files.items():
            file = self.path / name
            if content is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.day += 1
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--message=A change", by=by)
        return self.git("rev-parse", "HEAD")


@dataclass
class Found:
    """What a repository gave: documents and exclusions by file."""

    items: list[Item]

    @property
    def documents(self) -> dict[str, RawDocument]:
        return {item.file: item for item in self.items if isinstance(item, RawDocument)}

    @property
    def reasons(self) -> dict[str, str]:
        return {item.file: item.reason for item in self.items if isinstance(item, Exclusion)}

    @property
    def details(self) -> dict[str, str]:
        return {item.file: item.detail for item in self.items if isinstance(item, Exclusion)}


def collected(
    path: Path, *, author: str = "Jo Doe", notes: dict[str, Any] | None = None, report: Report = silent, **config: Any
) -> Found:
    """What is collected of the repository at `path`."""
    origin = Origin(SourceConfig(name="code", path=path, **config), "git", author)
    return Found(list(collect_repository(path, origin, report, notes)))


def day(number: int) -> datetime:
    """Noon of a day of January 2024."""
    return datetime(2024, 1, number, 12, tzinfo=UTC)
