"""Other people's text, which a voice measure needs so that it tells the author from people and not from machines.

Taken from the first of: a configured folder, what attribution set aside as others' (guest posts, reposts), the sample
author that ships with the project. The sample author's own twin is never compared with its own text.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from twin_assets.errors import ConfigError
from twin_assets.evaluation.folds import MIN_BLOCK_WORDS, MIN_BLOCKS
from twin_assets.evaluation.text import Piece, count_words, worded
from twin_assets.records import RawDocument
from twin_assets.settings import ROOT

SAMPLE_AUTHOR = ROOT / "sample_author"
SAMPLE_AUTHOR_NAME = "Wenna Tregarrick"
ENOUGH_WORDS = 2 * MIN_BLOCKS * MIN_BLOCK_WORDS
"""What two folds need; a kind of source with less is passed over."""

OthersSource = Literal["folder", "attribution", "sample_author", "none"]

_FRONT_MATTER = re.compile(r"\A\s*(---|\+\+\+)[ \t]*\n(.*?)^\1[ \t]*$", re.M | re.S)
_AUTHOR = re.compile(r"^author[ \t]*[:=][ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.M)
_NOT_OWN = frozenset({"guest", "repost"})
_SUFFIXES = frozenset({".md", ".txt"})


@dataclass(frozen=True, slots=True)
class Others:
    """Other people's text, and which kind of source it is from."""

    pieces: tuple[Piece, ...]
    source: OthersSource

    @property
    def persons(self) -> int:
        """How many people wrote it."""
        return len({piece.by for piece in self.pieces})


def choose_others(
    folder: Path | None,
    raw: Iterable[RawDocument],
    author: str,
    own_paths: Sequence[Path],
    sample: Path = SAMPLE_AUTHOR,
) -> Others:
    """Other people's text for an author's evaluation.

    Args:
        folder: of .md and .txt files; each folder in it is one person, and so are the files directly in it, unless a
            file's front matter names an `author`. A relative path is relative to the project's folder.
        raw: raw documents; those set aside as others' count.
        author: the author's name.
        own_paths: where the author's sources lie.
        sample: the sample author's folder.

    Raises ConfigError: the folder does not exist or holds no text.
    """
    if folder is not None:
        place = ROOT / folder.expanduser()
        pieces = _without(author, _read_folder(place, "")) if place.is_dir() else []
        if not pieces:
            state = "holds no .md or .txt file by somebody else" if place.is_dir() else "does not exist"
            raise ConfigError(
                f"evaluation.others is {str(folder)!r}, which {state}", "correct it in twin.yaml, or leave it out"
            )
        return Others(tuple(pieces), "folder")
    excluded = [
        Piece(document.document_id, _plain(document), document.by)
        for document in raw
        if document.excluded in _NOT_OWN and document.text.strip()
    ]
    if count_words(worded(excluded)) >= ENOUGH_WORDS:
        return Others(tuple(excluded), "attribution")
    if sample.is_dir() and not _is_sample(author, own_paths, sample):
        return Others(tuple(_read_folder(sample / "sources", SAMPLE_AUTHOR_NAME)), "sample_author")
    return Others(tuple(excluded), "attribution" if excluded else "none")


def _is_sample(author: str, own_paths: Sequence[Path], sample: Path) -> bool:
    inside = any(path.resolve().is_relative_to(sample.resolve()) for path in own_paths)
    return inside or _folded(author) == _folded(SAMPLE_AUTHOR_NAME)


def _read_folder(folder: Path, by: str) -> list[Piece]:
    """Every text below a folder; with no `by`, the folder just below it that a file lies in names the person."""
    pieces = []
    for file in sorted(f for f in folder.rglob("*") if f.suffix.lower() in _SUFFIXES and f.is_file()):
        inner = file.relative_to(folder)
        text = file.read_text(encoding="utf-8", errors="replace")
        front = _FRONT_MATTER.match(text)
        named = _AUTHOR.search(front[2]) if front else None
        person = named[1] if named else by or (inner.parts[0] if len(inner.parts) > 1 else folder.name)
        body = text[front.end() :] if front else text
        if body.strip():
            pieces.append(Piece(inner.as_posix(), body, person))
    return pieces


def _without(author: str, pieces: Sequence[Piece]) -> list[Piece]:
    return [piece for piece in pieces if _folded(piece.by) != _folded(author)]


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _plain(document: RawDocument) -> str:
    if document.media_type != "text/html":
        return document.text
    from bs4 import BeautifulSoup

    return str(BeautifulSoup(document.text, "lxml").get_text(" "))
