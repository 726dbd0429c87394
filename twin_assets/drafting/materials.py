"""New material for a draft: links, texts and uploaded files, read as the collectors read them.

Whatever cannot be read is a material with an error in words, and the draft goes on without it. Pages are never
rendered in a browser: a script of theirs has no place here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from twin_assets.collection.front_matter import scalar, split_front_matter
from twin_assets.collection.pdf import PDF_BYTES, read_pdf
from twin_assets.collection.prose import to_prose
from twin_assets.collection.text import Unreadable, decode, has_words
from twin_assets.collection.web.address import shown
from twin_assets.collection.web.fetch import Fetcher
from twin_assets.collection.web.page import Page
from twin_assets.collection.web.reading import read_page
from twin_assets.collection.web.tree import serialize
from twin_assets.errors import FetchError, TwinError
from twin_assets.features.html import html_to_markdown
from twin_assets.settings import CollectionSettings

CHARACTERS = 400_000
"""Of one material that are looked at."""
FILE_BYTES = PDF_BYTES
REQUEST_SECONDS = 20.0
READ_SECONDS = 45.0
"""For one material as a whole, with redirects and robots.txt; a draft does not wait for it any longer."""
ACCEPT = "text/html, application/xhtml+xml, text/plain, text/markdown, application/pdf"
_UPLOAD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_MARKDOWN = frozenset({".md", ".markdown"})
_HTML = frozenset({".html", ".htm"})
_TEXT = frozenset({".txt", ".text"})
READABLE = frozenset({".pdf"}) | _MARKDOWN | _HTML | _TEXT


@dataclass(frozen=True, slots=True)
class Material:
    """What was read. `url` is blank for what has none; `error` says why there is no `text`."""

    kind: Literal["link", "text", "file"]
    title: str
    url: str
    text: str
    error: str = ""


def fetcher_for(settings: CollectionSettings) -> Fetcher:
    """A fetcher for the links of one draft: somebody waits for it, so it tries once and not for long."""
    changed = {"attempts": 1, "timeout_s": min(settings.timeout_s, REQUEST_SECONDS)}
    return Fetcher(settings.model_copy(update=changed))


def read_link(url: str, fetcher: Fetcher) -> Material:
    """The main content of a page, or the prose of a PDF, at a public address."""
    return _read("link", url, url, lambda: _of_page(fetcher.get(url, accept=ACCEPT), fetcher))


def read_text(title: str, text: str) -> Material:
    """A text as it was given."""
    return _read("text", title or "Untitled text", "", lambda: (title, text))


def read_upload(home: Path, upload_id: str) -> Material:
    """The file of an upload: a PDF, a text, Markdown or HTML."""
    return _read("file", upload_id, "", lambda: _of_file(_uploaded(home, upload_id)))


def too_slow(kind: Literal["link", "text", "file"], name: str, url: str = "") -> Material:
    """What took longer than READ_SECONDS."""
    title = shown(url) if url else name
    return Material(kind, title, url, "", f"{title!r} could not be read within {READ_SECONDS:.0f} s")


def _read(kind: Literal["link", "text", "file"], name: str, url: str, read: Callable[[], tuple[str, str]]) -> Material:
    shown_url = shown(url) if url else ""
    try:
        title, text = read()
        if not has_words(text):
            raise Unreadable("empty", "has no text")
    except FetchError as error:
        return Material(kind, shown_url, url, "", f"{error.what}; {error.remedy}" if error.remedy else error.what)
    except Unreadable as error:
        return Material(kind, shown_url or name, url, "", f"{shown_url or name!r} {error.detail}")
    except (TwinError, OSError) as error:
        what = error.what if isinstance(error, TwinError) else (error.strerror or "cannot be read")
        return Material(kind, shown_url or name, url, "", f"{shown_url or name!r}: {what}")
    return Material(kind, " ".join(title.split())[:200] or shown_url or name, url, text[:CHARACTERS].strip())


def _of_page(page: Page, fetcher: Fetcher) -> tuple[str, str]:
    kind = page.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/pdf" or page.body.startswith(b"%PDF-"):
        return _of_pdf(page.body)
    if kind in ("text/plain", "text/markdown"):
        return "", page.text()
    reading = read_page(page, fetcher, None, page.url, lambda _: False)
    if reading.content is None:
        raise Unreadable("empty", "has no text, or none without a browser: paste the text instead")
    return reading.facts.title, html_to_markdown(serialize(reading.content), reading.facts.title)[0]


def _of_file(file: Path) -> tuple[str, str]:
    if file.stat().st_size > FILE_BYTES:
        raise Unreadable("too_large", f"is larger than {FILE_BYTES >> 20} MiB")
    data, suffix, name = file.read_bytes(), file.suffix.lower(), file.stem
    if suffix == ".pdf" or data.startswith(b"%PDF-"):
        title, text = _of_pdf(data)
        return title or name, text
    text = decode(data)
    if suffix in _HTML:
        return name, html_to_markdown(text)[0]
    front, body = split_front_matter(text) if suffix in _MARKDOWN else ({}, text)
    return scalar(front, "title") or name, body


def _of_pdf(data: bytes) -> tuple[str, str]:
    pdf = read_pdf(data)
    prose = to_prose(pdf, pdf.title, pdf.authors)
    return prose.title, prose.text


def _uploaded(home: Path, upload_id: str) -> Path:
    """The readable file of an upload. Raises Unreadable: there is none, or it leads elsewhere."""
    folder = home / "uploads" / upload_id
    if not _UPLOAD.fullmatch(upload_id) or not folder.is_dir():
        raise Unreadable("unreadable", "is no upload: upload the file again")
    files = [file for file in sorted(folder.iterdir()) if file.is_file() and not file.is_symlink()]
    readable = next((file for file in files if file.suffix.lower() in READABLE), None)
    if readable is None:
        raise Unreadable("unreadable", "holds no PDF, text, Markdown or HTML: an archive is a source, not material")
    return readable
