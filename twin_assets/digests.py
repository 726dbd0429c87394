"""Digests: the identity of documents, texts and whole assets. They never depend on run, order or time."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

LENGTH = 32
"""Hexadecimal digits kept: 128 bits, so that a collision among a billion rows has a chance below 1e-20."""

_PART = 1024
"""Members of a set hashed at a time."""
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def digest(*parts: object) -> str:
    """Digest of a sequence of JSON-serializable parts; `("ab", "c")` and `("a", "bc")` differ."""
    canonical = _CANONICAL.encode(parts)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:LENGTH]


def digest_set(members: Iterable[str]) -> str:
    """Digest of digests, whatever their order."""
    return digest_sorted(sorted(members))


def digest_sorted(members: Iterable[str]) -> str:
    """The same of digests that come in order, of which only some need be in memory."""
    # What `digest([member, ...])` hashes, in parts.
    hashed, separator = hashlib.sha256(b"[["), b""
    remaining = iter(members)
    while part := list(islice(remaining, _PART)):
        hashed.update(separator + _CANONICAL.encode(part)[1:-1].encode("utf-8", "surrogatepass"))
        separator = b","
    hashed.update(b"]]")
    return hashed.hexdigest()[:LENGTH]


def text_digest(text: str) -> str:
    """Digest of a text after NFC and with runs of white space as one space: what a reader calls the same text."""
    return digest(" ".join(unicodedata.normalize("NFC", text).split()))


def file_sha256(path: Path) -> str:
    """The full SHA-256 of a file, in hexadecimal, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def document_id(kind: str, native: str) -> str:
    """Identity of a document: its kind of source with its canonical URL or native id."""
    return digest("document", kind, native)


def row_id(source: str, document: str) -> str:
    """Identity of a document's row among those of all sources: several sources may hold the same document."""
    return digest("row", source, document)


def chunk_id(document: str, start: int, end: int, text: str) -> str:
    """Identity of a chunk: its document, its span in characters and its text."""
    return digest("chunk", document, start, end, text)


def config_digest(value: Any) -> str:
    """Digest of a pydantic model or of plain data."""
    return digest(value.model_dump(mode="json") if hasattr(value, "model_dump") else value)
