"""Reads the hand-written sources: YAML files and Markdown with YAML or TOML front matter."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import yaml

SAMPLE_AUTHOR = Path(__file__).resolve().parent.parent
SOURCES = SAMPLE_AUTHOR / "sources"
EXPORTS = SAMPLE_AUTHOR / "exports"


class MarkdownPage(NamedTuple):
    """A Markdown file taken apart."""

    slug: str
    meta: dict[str, Any]
    body: str


def read_yaml(path: Path) -> Any:
    """The content of one YAML file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def read_page(path: Path) -> MarkdownPage:
    """Front matter between `---` is YAML, between `+++` is TOML; a file without either has no metadata."""
    text = path.read_text(encoding="utf-8")
    for fence in ("---", "+++"):
        if text.startswith(f"{fence}\n"):
            head, _, body = text.removeprefix(f"{fence}\n").partition(f"\n{fence}\n")
            meta = tomllib.loads(head) if fence == "+++" else yaml.safe_load(head)
            return MarkdownPage(path.stem, meta, body.strip())
    return MarkdownPage(path.stem, {}, text.strip())


def read_pages(folder: Path) -> list[MarkdownPage]:
    """Every Markdown file directly in a folder, in the order of the file names."""
    return [read_page(path) for path in sorted(folder.glob("*.md"))]
