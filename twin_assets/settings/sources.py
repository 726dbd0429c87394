"""Whose writing it is and where it lies: `sources.yaml`, or a folder of writing."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from twin_assets.config_files import check, load_yaml
from twin_assets.errors import ConfigError
from twin_assets.records import Kind
from twin_assets.settings.section import Strict


class SourceConfig(Strict):
    """One source of the author's writing: a `path` (archive, folder, file) or a `url` (URL, handle, arXiv id).

    `kind` is recognized from it when it is left out.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    path: Path | None = None
    url: str = ""
    kind: Kind | None = None
    include_drafts: bool = False
    include_private: bool = False
    """Collect messages and unlisted posts. They stay private: found for nobody but the owner."""
    include_coauthored: bool = False
    """Take what was written together with others as own words."""
    own_names: tuple[str, ...] = ()
    """Names, handles, ids or e-mail addresses besides the author's name that mean the author."""
    base_url: str = ""
    """Where the source is published: makes links of relative permalinks (Markdown) and of slugs (Substack)."""
    schedule: str = "daily"
    """When a `url` is collected: `hourly`, `daily`, `weekly`, `never`, or a cron expression in UTC."""
    max_pages: Annotated[int, Field(gt=0)] = 500
    """Most pages that one run fetches of a `url`."""
    paused: bool = False
    """Not collected by itself; what was collected before stays, and it can still be collected by hand."""

    @model_validator(mode="after")
    def _one_place(self) -> "SourceConfig":
        if (self.path is None) == (not self.url):
            raise ValueError(f"source {self.name!r} needs either `path` or `url`")
        return self

    @property
    def place(self) -> str:
        """Where it is, for a person."""
        return self.url or str(self.path)


class SourcesConfig(Strict):
    """`sources.yaml`: whose writing it is and where it lies."""

    author: Annotated[str, Field(min_length=1)]
    sources: tuple[SourceConfig, ...] = ()
    archives: Path | None = None
    """A watched folder: each export archive that is put into it becomes a source."""

    @model_validator(mode="after")
    def _any_place(self) -> "SourcesConfig":
        if not self.sources and self.archives is None:
            raise ValueError("names no source: give `sources`, or a folder of `archives`")
        return self


def slug(name: str) -> str:
    """A name as a folder: lower case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "author"


def load_sources(path: Path) -> SourcesConfig:
    """Read a sources file, or take a folder of writing (or of export archives) as the sources.

    Raises ConfigError when there is nothing at `path`, or a source's path does not exist.
    """
    if not path.exists():
        raise ConfigError(
            f"no sources file or folder at {str(path)!r}", "give the path of a sources.yaml or of a folder"
        )
    if path.is_dir() and (path / "sources.yaml").is_file():
        path = path / "sources.yaml"
    config = _sources_of_folder(path) if path.is_dir() else check(SourcesConfig, load_yaml(path), path)
    base = path if path.is_dir() else path.parent
    resolved = []
    for source in config.sources:
        location = _existing(source.path, base, f"{path}: source {source.name!r}") if source.path else None
        resolved.append(source.model_copy(update={"path": location}))
    if config.archives:
        folder = _existing(config.archives, base, f"{path}: the folder of archives")
        named = {source.path for source in resolved}
        resolved += [source for source in _sources_in(folder) if source.path not in named]
    names = [s.name for s in resolved]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{path}: two sources are called {name!r}", "give each a name of its own")
    return config.model_copy(update={"sources": tuple(resolved)})


_EXPORTS = frozenset({".zip", ".xml", ".json", ".txt"})
"""Suffixes of files that are a source each: archives, WordPress, Telegram and Mastodon, WhatsApp."""


def _sources_of_folder(folder: Path) -> SourcesConfig:
    """The sources in a folder. A git repository, or a folder with nothing that is known, is one source as a whole;
    an empty one is a source of Markdown, which then says what it looks for."""
    found = [] if (folder / ".git").exists() else _sources_in(folder)
    if not found:
        kind: Kind | None = None if any(folder.iterdir()) else "markdown"
        found = [SourceConfig(name=slug(folder.resolve().name), path=folder.resolve(), kind=kind)]
    return SourcesConfig(author=folder.resolve().name, sources=tuple(found))


def _sources_in(folder: Path) -> list[SourceConfig]:
    """Each archive and export file in the folder is a source; its papers are one, and so is its Markdown."""
    files = sorted(f for f in folder.iterdir() if f.is_file() and not f.name.startswith("."))
    exports = [f for f in files if f.suffix.lower() in _EXPORTS]
    found = [SourceConfig(name=slug(f.stem), path=f.resolve()) for f in exports]
    for pattern, kind in (("*.md", "markdown"), ("*.pdf", "paper")):
        if next(folder.rglob(pattern), None):
            name = slug(folder.name) if kind == "markdown" else f"{slug(folder.name)}-papers"
            found.append(SourceConfig(name=name, path=folder.resolve(), kind=kind))  # type: ignore[arg-type]
    return found


def _existing(place: Path, base: Path, what: str) -> Path:
    location = place.expanduser()
    location = location if location.is_absolute() else (base / location).resolve()
    if not location.exists():
        raise ConfigError(
            f"{what} lies at {str(place)!r}, which does not exist",
            "correct its path; a relative one is relative to the sources file",
        )
    return location
