"""WXR, WordPress' export format: RSS with its own elements, read as a stream without document type or entities.

What is known to break such files is mended: blank lines and warnings of PHP before the XML declaration, control
characters, bytes that the file's own encoding does not have.
"""

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_BLOCK = 1 << 16
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARED = re.compile(rb"<\?xml[^<>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_PREFIXES = (
    ("/excerpt/", "excerpt:"),
    ("/content/", "content:"),
    ("wordpress.org/export/", "wp:"),
    ("purl.org/dc/elements", "dc:"),
)
_CO_AUTHOR = "author"
"""The taxonomy in which plugins for several authors keep the by-line."""


@dataclass(frozen=True, slots=True)
class Author:
    """An account of the site, by whatever names a by-line may use."""

    login: str
    name: str
    email: str

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that the author is called by."""
        return tuple(name for name in (self.login, self.name, self.email) if name)


@dataclass(frozen=True, slots=True)
class Entry:
    """An item: the text of its elements by prefixed name (`title`, `content:encoded`, `wp:status`)."""

    row: int
    values: dict[str, str]
    bylines: tuple[str, ...]
    """Logins of who wrote it."""

    def get(self, name: str) -> str:
        """The text of an element, stripped; blank when it is not there."""
        return self.values.get(name, "").strip()


@dataclass(frozen=True, slots=True)
class Damage:
    """Where a file cannot be read on, and why."""

    row: int
    detail: str


def read_wxr(data: bytes) -> Iterator[Author | Entry | Damage]:
    """The authors and items of a file, as far as it can be read; a Damage ends it early. Comments are not read."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser, ParseError, iterparse

    row = 0
    try:
        parser = DefusedXMLParser(encoding="utf-8", forbid_dtd=True)
        channel: Any = None
        for event, element in iterparse(_Mended(data), ("start", "end"), parser):
            name = _name(element.tag)
            if event == "start":
                channel = element if name == "channel" and channel is None else channel
            elif name == "wp:author":
                yield _author(element)
            elif name == "item":
                row += 1
                yield _entry(element, row)
                # What is behind is let go of, so that a file costs no more memory than its largest item.
                (element if channel is None else channel).clear()
    except DefusedXmlException:
        yield Damage(row + 1, "has a document type, which no export has: it is not read any further")
    except ParseError as error:
        line = error.position[0]
        yield Damage(row + 1, f"is cut off or damaged in line {line}: what follows is not read; export again")
    except (ValueError, LookupError) as error:
        yield Damage(row + 1, f"cannot be read on: {type(error).__name__}; export again")


class _Mended:
    """The file for the parser: in UTF-8, with nothing before its first element, and only what XML allows."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)
        self._decoder = codecs.getincrementaldecoder(_encoding(data[:_BLOCK]))("replace")
        self._begun = False

    def read(self, _: int = -1) -> bytes:
        """The next block; empty only at the end."""
        while block := self._data.read(_BLOCK):
            text = _ILLEGAL.sub("", self._decoder.decode(block))
            if not self._begun:
                declaration = text.find("<?xml")
                text = text[declaration:] if declaration >= 0 else text.lstrip()
                self._begun = bool(text)
            if text:
                return text.encode()
        return b""


def _encoding(head: bytes) -> str:
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    declared = _DECLARED.search(head)
    name = declared[1].decode("ascii") if declared else "utf-8"
    try:
        # It can be read as ASCII so far: an encoding that is no superset of that is not the file's.
        return name if "<?xml é".encode(name, "replace").startswith(b"<?xml") else "utf-8"
    except (LookupError, UnicodeError, TypeError):
        return "utf-8"


def _name(tag: Any) -> str:
    namespace, _, local = str(tag).rpartition("}")
    if not namespace:
        return local
    return next((prefix for mark, prefix in _PREFIXES if mark in f"{namespace}/"), "other:") + local


def _author(element: Any) -> Author:
    values = _values(element)
    full = f"{values.get('wp:author_first_name', '')} {values.get('wp:author_last_name', '')}".strip()
    return Author(
        login=values.get("wp:author_login", "").strip(),
        name=values.get("wp:author_display_name", "").strip() or full,
        email=values.get("wp:author_email", "").strip(),
    )


def _entry(element: Any, row: int) -> Entry:
    values = _values(element)
    named = [c for c in element if _name(c.tag) == "category" and c.get("domain") == _CO_AUTHOR]
    logins = [(c.text or c.get("nicename") or "").strip() for c in named] or [values.get("dc:creator", "").strip()]
    return Entry(row, values, tuple(dict.fromkeys(login for login in logins if login)))


def _values(element: Any) -> dict[str, str]:
    values: dict[str, str] = {}
    for child in element:
        values.setdefault(_name(child.tag), child.text or "")
    return values
