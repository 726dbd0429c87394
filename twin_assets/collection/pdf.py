"""PDF files: their lines of text with positions, and what they say about themselves."""

import contextlib
import io
import logging
import re
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from twin_assets.collection.archive import MIB
from twin_assets.collection.arxiv_ids import ArxivId, read_stamp
from twin_assets.collection.dates import parse_date
from twin_assets.collection.pdf_lines import CLEAN, Font, Line, LineVisitor
from twin_assets.collection.text import Unreadable, storable

PDF_BYTES = 64 * MIB
MAX_PAGES = 500
MAX_SECONDS = 60.0
"""Time for the text of one file; a page that is drawn with millions of strokes must not hold up the others."""
_STREAM_BYTES = 32 * MIB
"""Of one stream, decompressed: what is drawn on a page, or a font."""
_UNMAPPED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd]")
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>]+")


@dataclass(frozen=True, slots=True)
class Page:
    """A page's lines in the order of the file, which is that of reading in most files."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Pdf:
    """A file's pages, and its own account of itself: blank where it gives none."""

    pages: tuple[Page, ...]
    title: str
    authors: tuple[str, ...]
    """As they are written there: one string may hold several names."""
    created: datetime | None
    doi: str
    arxiv_id: ArxivId | None
    """From arXiv's stamp in the margin of the first page."""
    stamped: datetime | None
    pages_unread: int


def read_pdf(data: bytes) -> Pdf:
    """Read a PDF file. Raises Unreadable for one that is damaged, encrypted, too large, or holds pictures only."""
    from pypdf import PdfReader

    try:
        with _quiet(), _bounded():
            reader = PdfReader(io.BytesIO(data))
            if reader.is_encrypted and not reader.decrypt(""):
                raise Unreadable("unreadable", "is encrypted: save it without a password")
            count = len(reader.pages)
            if count > MAX_PAGES:
                raise Unreadable("too_large", f"has {count} pages, more than the {MAX_PAGES} that are read")
            return _read(reader, count)
    except Unreadable:
        raise
    except Exception as error:  # pypdf: "broken PDF files might cause other exceptions"
        detail = f"cannot be read as a PDF ({type(error).__name__}): save or download it again"
        raise Unreadable("unreadable", detail) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What pypdf says of a file's faults helps nobody here."""
    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _bounded() -> contextlib.AbstractContextManager[object]:
    from pypdf import apply_configuration

    return apply_configuration(zlib_maximum_output_length=_STREAM_BYTES, lzw_maximum_output_length=_STREAM_BYTES)


def _read(reader: Any, count: int) -> Pdf:
    deadline = time.monotonic() + MAX_SECONDS
    pages: list[Page] = []
    fonts: dict[object, Font] = {}
    for number in range(count):
        try:
            pages.append(_page(reader.pages[number], fonts, deadline))
        except Exception as error:  # one page that cannot be read, for whatever reason, does not stop the others
            if time.monotonic() > deadline:
                raise Unreadable("too_large", f"takes more than {MAX_SECONDS:.0f} s to read") from error
    if not pages:
        raise Unreadable("unreadable", f"none of its {count} pages can be read: save or download it again")
    text = "".join(line.text for page in pages for line in page.lines)
    if not text:
        raise Unreadable("empty", "holds pictures of text, and no text: recognize it (OCR) and give the result")
    if len(_UNMAPPED.findall(text)) > len(text) / 10:
        raise Unreadable("unreadable", "its fonts do not say which letters they show: recognize it (OCR)")
    stamp = _stamp(reader, pages[0], deadline)
    return Pdf(
        pages=tuple(pages),
        **_account(reader),
        arxiv_id=stamp[0] if stamp else None,
        stamped=parse_date(stamp[1]) if stamp else None,
        pages_unread=count - len(pages),
    )


def _page(page: Any, fonts: dict[object, Font], deadline: float) -> Page:
    if page.rotation % 360:
        page.transfer_rotation_to_content()
    box = page.mediabox
    collected = LineVisitor(float(box.left), float(box.bottom), fonts)

    page.extract_text(
        orientations=(0,), visitor_text=collected.take, visitor_operand_before=partial(_check_time, deadline)
    )
    _check_time(deadline)
    return Page(collected.finish())


def _check_time(deadline: float, *_: object) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError


def _account(reader: Any) -> dict[str, Any]:
    """Title, authors, date and DOI, from the file's two places for metadata, either of which may be damaged."""
    account: dict[str, Any] = {"title": "", "authors": (), "created": None, "doi": ""}
    said: list[str] = []
    with contextlib.suppress(Exception):
        info = reader.metadata or {}
        account["title"] = _plain(info.get("/Title"))
        author = _plain(info.get("/Author"))
        account["authors"] = (author,) if author else ()
        said = [_plain(info.get(key)) for key in ("/doi", "/DOI", "/Subject", "/Keywords", "/WPS-ARTICLEDOI")]
        account["created"] = parse_date(getattr(info, "creation_date", None))
    with contextlib.suppress(Exception):
        if xmp := reader.xmp_metadata:
            titles = list((xmp.dc_title or {}).values())
            account["title"] = account["title"] or (_plain(titles[0]) if titles else "")
            creators = tuple(name for name in map(_plain, xmp.dc_creator or []) if name)
            # A list of names is surer than one string that may hold several.
            account["authors"] = creators if len(creators) > 1 else account["authors"] or creators
            account["created"] = account["created"] or parse_date(xmp.xmp_create_date)
            # Publishers write the DOI in namespaces of their own.
            said.append(xmp.stream.get_data()[:MIB].decode("utf-8", "replace"))
    if found := next((m for m in map(_DOI.search, said) if m), None):
        account["doi"] = found[0].rstrip(".,;)]").lower()
    return account


def _plain(value: object) -> str:
    return " ".join(storable(value).translate(CLEAN).split()) if isinstance(value, str) else ""


def _stamp(reader: Any, first: Page, deadline: float) -> tuple[ArxivId, str] | None:
    turned = ""
    with contextlib.suppress(Exception):
        turned = reader.pages[0].extract_text(
            orientations=(90, 270), visitor_operand_before=partial(_check_time, deadline)
        )
    if found := read_stamp(" ".join(turned.split())):
        return found
    # In a line that is not turned, it is another paper's id unless it has all of a stamp.
    stamps = (read_stamp(line.text) for line in first.lines if line.text.lower().startswith("arxiv:"))
    return next((stamp for stamp in stamps if stamp and stamp[1]), None)
