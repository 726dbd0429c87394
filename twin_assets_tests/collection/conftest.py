"""Sources made of a few files, as a folder or as a zip archive."""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from twin_assets.settings import SourceConfig
from twin_assets_tests.collection.git_repositories import Repository
from twin_assets_tests.loopback import Loopback, loopback

Content = str | bytes
MakeSource = Callable[..., SourceConfig]


def _bytes(content: Content) -> bytes:
    return content if isinstance(content, bytes) else content.encode("utf-8")


@pytest.fixture
def zip_source(tmp_path: Path) -> MakeSource:
    """Makes a source of a zip archive with the given files."""

    def make(files: Mapping[str, Content], **config: Any) -> SourceConfig:
        path = tmp_path / "export.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, _bytes(content))
        return SourceConfig(**{"name": "export", "path": path, **config})

    return make


@pytest.fixture
def folder_source(tmp_path: Path) -> MakeSource:
    """Makes a source of a folder with the given files."""

    def make(files: Mapping[str, Content], **config: Any) -> SourceConfig:
        root = tmp_path / "folder"
        root.mkdir(exist_ok=True)
        for name, content in files.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_bytes(content))
        return SourceConfig(**{"name": "folder", "path": root, **config})

    return make


@pytest.fixture
def site() -> Iterator[Loopback]:
    """A server on the loopback interface."""
    with loopback() as running:
        yield running


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty git repository."""
    return Repository.create(tmp_path / "work")
