"""The sources file, edited in place: comments and everything that is not changed stay as they are.

An edit is checked as `load_sources` checks it before it replaces the file, which it does at once. A folder of writing
that the twin was started with is given a `sources.yaml` by the first edit, which keeps watching the folder.
"""

import io
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.util import load_yaml_guess_indent

from twin_assets.errors import ConfigError
from twin_assets.settings import Settings, SourceConfig, SourcesConfig, load_sources

_WIDE = 1 << 16
"""Columns: long lines are not broken anew."""


class SourcesFile:
    """The file, or the folder, that says where the author's writing lies.

    Args:
        place: a sources file, or a folder of writing.
        lock: a file that holds other editors of the same sources off.
    """

    def __init__(self, place: Path, lock: Path) -> None:
        self._place = place
        self._lock = lock

    @classmethod
    def of(cls, settings: Settings) -> "SourcesFile":
        """The sources that the settings were read from. Raises ConfigError when they were not read from a file."""
        if settings.sources_file is None:
            raise ConfigError("the sources were not read from a file", "start the twin with `twin up --sources`")
        return cls(settings.sources_file, settings.home / "run" / "sources.lock")

    @property
    def file(self) -> Path:
        """The YAML file that is edited; it may not exist yet."""
        return self._place if self._place.suffix in (".yaml", ".yml") else self._place / "sources.yaml"

    def read(self) -> SourcesConfig:
        """The sources as they are now. Raises ConfigError."""
        return load_sources(self._place)

    def find(self, name: str) -> SourceConfig:
        """The source called `name`. Raises KeyError."""
        found = next((source for source in self.read().sources if source.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def add(self, entry: Mapping[str, Any]) -> SourceConfig:
        """Add a source with these keys at the end. Raises ConfigError: it is none, or its name is taken."""

        def append(entries: CommentedSeq) -> None:
            entries.append(CommentedMap(entry))

        self._edit(append)
        return self.find(str(entry["name"]))

    def change(self, name: str, changes: Mapping[str, Any]) -> SourceConfig:
        """Set keys of a source. One of a watched folder is written down for it. Raises KeyError, ConfigError."""
        known = self.find(name)

        def update(entries: CommentedSeq) -> None:
            entry = _entry(entries, name)
            if entry is None:
                entry = self._written_down(entries, known)
            entry.update(changes)

        self._edit(update)
        return self.find(name)

    def remove(self, name: str) -> None:
        """Take a source out. Raises KeyError, or ConfigError: its file lies in a watched folder, or it is the last."""
        self.find(name)

        def take_out(entries: CommentedSeq) -> None:
            entry = _entry(entries, name)
            if entry is None:
                raise ConfigError(
                    f"source {name!r} is a file in the watched folder",
                    "take the file out of the folder, or pause the source",
                )
            if len(entries) == 1 and self.read().archives is None:
                raise ConfigError(
                    f"source {name!r} is the last, and a twin needs one", "add another first, or pause this one"
                )
            entries.remove(entry)

        self._edit(take_out, without=name)
        if any(source.name == name for source in self.read().sources):
            raise ConfigError(
                f"source {name!r} is still in the watched folder", "take its file out of the folder, or pause it"
            )

    def _edit(self, edit: Callable[[CommentedSeq], None], without: str = "") -> None:
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._lock):
            text = self._text()
            content, indent, offset = load_yaml_guess_indent(text, yaml=_round_trip())
            if content.get("sources") is None:
                content["sources"] = CommentedSeq()
            sources = content["sources"]
            changed = self._dumped(content, sources, edit, indent, offset)
            if without and (shorter := _without_lines(text, without, changed)):
                changed = shorter
            self._replace(changed)

    def _dumped(
        self, content: Any, sources: CommentedSeq, edit: Callable[[CommentedSeq], None], indent: Any, offset: Any
    ) -> str:
        edit(sources)
        if not sources:
            del content["sources"]
        writer = _round_trip()
        writer.indent(mapping=2, sequence=indent or 4, offset=2 if offset is None else offset)
        out = io.StringIO()
        writer.dump(content, out)
        return out.getvalue()

    def _text(self) -> str:
        """What the file says; for a folder without one, what stands for the folder."""
        if self.file.is_file():
            return self.file.read_text(encoding="utf-8")
        config = self.read()
        whole = [s for s in config.sources if s.path == self._place.resolve()]
        content: dict[str, Any] = {"author": config.author, "sources": []}
        if len(config.sources) == 1 and whole and whole[0].kind != "markdown":
            content["sources"] = [{"name": whole[0].name, "path": "."}]
        else:
            content["archives"] = "."
        note = "# Written by the twin's web page: the folder is watched, and these sources are added to it.\n"
        return note + yaml.safe_dump(content, sort_keys=False, allow_unicode=True)

    def _written_down(self, entries: CommentedSeq, source: SourceConfig) -> CommentedMap:
        """An entry for a source of a watched folder, and for those at the same path, which it would hide."""
        for one in self.read().sources:
            if one.path == source.path and _entry(entries, one.name) is None:
                kind = {"kind": one.kind} if one.kind else {}
                entries.append(CommentedMap({"name": one.name, "path": str(one.path), **kind}))
        entry = _entry(entries, source.name)
        if entry is None:
            raise KeyError(source.name)
        return entry

    def _replace(self, text: str) -> None:
        with _staged(self.file) as staged:
            staged.write_text(text, encoding="utf-8")
            if self.file.is_file():
                shutil.copymode(self.file, staged)
            try:
                load_sources(staged)
            except ConfigError as error:
                raise ConfigError(error.what.replace(str(staged), str(self.file)), error.remedy) from error
            staged.replace(self.file)


def _round_trip() -> YAML:
    yaml_ = YAML()
    yaml_.preserve_quotes = True
    yaml_.width = _WIDE
    return yaml_


@contextmanager
def _staged(file: Path) -> Iterator[Path]:
    """A file beside the other, so that relative paths in it mean the same; gone afterwards, whatever happens."""
    staged = file.with_name(f".{file.stem}.staged.yaml")
    try:
        yield staged
    finally:
        staged.unlink(missing_ok=True)


def _entry(entries: CommentedSeq, name: str) -> CommentedMap | None:
    return next((entry for entry in entries if entry.get("name") == name), None)


def _without_lines(text: str, name: str, wanted: str) -> str:
    """The text without the lines of a source, if that says what `wanted` says; else empty.

    A comment before the next source belongs, to the YAML library, to the one before it and would go with that.
    """
    sources = YAML().load(text)["sources"]
    position = next((i for i, entry in enumerate(sources) if entry.get("name") == name), None)
    if position is None or sources.fa.flow_style():
        return ""
    lines = text.splitlines(keepends=True)
    start = sources.lc.item(position)[0]
    margin = len(lines[start]) - len(lines[start].lstrip())
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > margin):
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    shorter = "".join([*lines[:start], *lines[end:]])
    try:
        same = yaml.safe_load(shorter) == yaml.safe_load(wanted)
    except yaml.YAMLError:
        return ""
    return shorter if same else ""
