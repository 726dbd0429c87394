"""A folder of Markdown: a Jekyll or Hugo site, a folder of notes, or a single file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urljoin

from twin_assets.collection.archive import Files, base_name, suffix
from twin_assets.collection.collector import Item, Origin
from twin_assets.collection.dates import parse_date, split_dated_name
from twin_assets.collection.front_matter import bylines, is_true, scalar, split_front_matter
from twin_assets.collection.text import Unreadable, decode
from twin_assets.progress import Report, track
from twin_assets.records import Kind

_DATES = ("published_at", "date", "publishDate", "published", "pubDate", "datePublished", "created_at", "created")
_URLS = ("canonical_url", "canonicalURL", "canonicalUrl", "canonical", "permalink", "url")
_BOILERPLATE = re.compile(
    r"(licen[cs]e|copying|notice|code[_-]of[_-]conduct|security|(pull_request|issue)_template)([._-].*)?", re.IGNORECASE
)
_INDEX = frozenset({"index", "_index", "readme"})
_LISTED = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+\[[^\[\]\n]+\]\(<?([^()<>#?\s]+)", re.MULTILINE)
_CONTENTS = 10
"""Lines that lead to other files from which a page may be a table of contents."""
_THIRD_PARTY = frozenset({"themes", "vendor", "third_party"})
_HEADING = re.compile(r"^(?:#[ \t]+(?P<marked>.+?)[ \t#]*|(?P<underlined>\S.*)\n=+[ \t]*)$", re.MULTILINE)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_HEADING_WITHIN = 2000


class Markdown:
    """Every `.md` and `.markdown` file of a folder is a document."""

    kind: Kind = "markdown"
    title = "a folder of Markdown files, or one"
    suffixes = frozenset({".md", ".markdown"})
    looked_for = "put .md or .markdown files into the folder, or set `kind:` of the source if it is another kind"

    def recognizes(self, names: Sequence[str]) -> bool:
        """Whether there is any Markdown."""
        return any(suffix(name) in self.suffixes for name in names)

    def collect(self, files: Files, origin: Origin, report: Report) -> Iterator[Item]:
        """A document or an exclusion for each file."""
        names = [name for name in files.names if suffix(name) in self.suffixes]
        others = frozenset(map(base_name, names))
        for name in track(names, f"{origin.source.name}: Markdown files", len(names), report):
            try:
                yield _document(name, decode(files.read(name)), others, origin)
            except Unreadable as error:
                yield origin.exclusion(error.reason, error.detail, file=name, native_id=name)


def _document(name: str, text: str, others: frozenset[str], origin: Origin) -> Item:
    path = PurePosixPath(name)
    front, body = split_front_matter(text)
    if not body.strip():
        return origin.exclusion("empty", "has no text", file=name, native_id=name)
    day, slug = _name_parts(path)
    dates = (parse_date(front.get(key)) for key in _DATES)
    location = _location(front)
    by, excluded = _attribution(path, front, origin)
    if not excluded and _is_contents(body, others):
        excluded = "not_a_post"
    return origin.document(
        location or name,
        body,
        "text/markdown",
        file=name,
        url=_link(origin.source.base_url, location) or name,
        title=scalar(front, "title") or _first_heading(body) or re.sub(r"[-_]+", " ", slug),
        published_at=next((d for d in dates if d), day),
        by=by,
        excluded=excluded,
    )


def _name_parts(path: PurePosixPath) -> tuple[Any, str]:
    """Date and slug from the file's name, or from its folder's for `2024-4-8-slug/index.md`."""
    day, slug = split_dated_name(path.stem)
    if slug.lower() in _INDEX and path.parent.name:
        folder_day, slug = split_dated_name(path.parent.name)
        day = day or folder_day
    return day, slug


def _location(front: Mapping[str, Any]) -> str:
    """Where front matter says that the page lies; Jekyll's patterns (`/:year/:title/`) say nothing about one page."""
    for key in _URLS:
        written = scalar(front, key)
        if written and (written.startswith(("http://", "https://")) or ":" not in written):
            return written
    return ""


def _link(base_url: str, location: str) -> str:
    if not base_url or location.startswith(("http://", "https://")):
        return location
    try:
        return urljoin(base_url, location) if location else ""
    except ValueError:
        return location


def _attribution(path: PurePosixPath, front: Mapping[str, Any], origin: Origin) -> tuple[str, str]:
    """Who wrote it ("" for the author), and why it is set aside ("" for own, published words)."""
    others = [name for name in bylines(front) if not origin.is_own(name)]
    if others:
        return ", ".join(others), "guest"
    if path.parts[0] in _THIRD_PARTY and len(path.parts) > 1:
        return f"{path.parts[0]}/{path.parts[1]}", "guest"
    if _BOILERPLATE.fullmatch(path.stem):
        return "", "not_a_post"
    if not origin.source.include_drafts and _is_draft(path, front):
        return "", "draft"
    return "", ""


def _is_contents(body: str, others: frozenset[str]) -> bool:
    """Whether most of its lines only lead to the other files, as the README of a folder of notes may, or SUMMARY.md."""
    leading = sum(1 for address in _LISTED.findall(body) if base_name(address) in others)
    return leading >= _CONTENTS and leading > sum(1 for line in body.splitlines() if line.strip()) / 2


def _is_draft(path: PurePosixPath, front: Mapping[str, Any]) -> bool:
    if is_true(front.get("draft")) or scalar(front, "status").lower() == "draft":
        return True
    unpublished = front.get("published")
    return "_drafts" in path.parts or unpublished is False or str(unpublished).strip().lower() == "false"


def _first_heading(body: str) -> str:
    """The first heading of the first level, not a comment in code."""
    heading = _HEADING.search(_FENCE.split(body[:_HEADING_WITHIN], maxsplit=1)[0])
    return heading["marked"] or heading["underlined"] if heading else ""
