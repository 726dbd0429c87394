"""A file of a repository as a document: prose as it is, code as one fenced block, a notebook without its outputs."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from twin_assets.collection.archive import base_name, suffix
from twin_assets.collection.collector import Item, MediaType, Origin
from twin_assets.collection.dates import parse_date, split_dated_name
from twin_assets.collection.front_matter import bylines, is_true, scalar, split_front_matter
from twin_assets.collection.git_address import Address
from twin_assets.collection.git_files import MARKDOWN, Chosen
from twin_assets.collection.git_languages import script_language
from twin_assets.collection.text import Unreadable, decode
from twin_assets.features.markdown_blocks import blocks, fence
from twin_assets.records import Scope

_LFS = b"version https://git-lfs.github.com/spec/"
_SNIFFED = 8000
"""Bytes in which git looks for a NUL, which makes a file a binary one."""
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_HEAD_LINES = 40
_COMMENT = {
    "code": r"[ \t]*(?://|/?\*|#|--|;|%|<!--|\"\"\"|'''|\{-|\(\*|REM\b)[#*!/;%\s]*",
    "prose": r"[ \t]*(?:<!--|\.\. |//)[-!\s]*",
}
"""What a remark begins with. In prose `*` and `#` are marks of lists and headings."""
_SAYS_GENERATED = (
    r"(?:(?:auto-?|automatically )?generated (?:by|from|with|using)\b"
    r"|.*?(?:\bcode generated\b.*\bdo not edit\b|@generated\b"
    r"|\b(?:auto-?|automatically |machine[- ])generated\b.*\b(?:do not|don't|not) (?:be )?(?:edit|modif|chang)"
    r"|\bth(?:is|e) (?:file|code|module|header|source|page|document) (?:is|was|has been) "
    r"(?:auto-?|automatically |machine[- ])?generated\b))"
)
_GENERATED = {sort: re.compile(comment + _SAYS_GENERATED, re.IGNORECASE) for sort, comment in _COMMENT.items()}
"""A remark that a program wrote the file, in the comments of the languages there are."""
_LINE_CHARACTERS = 400
"""Characters of a line on average from which code is minified."""
_DATES = ("published_at", "date", "publishDate", "published", "created_at")


@dataclass(frozen=True, slots=True)
class Written:
    """What a file says, and whose it is: `by` names who else wrote it, `excluded` why it is set aside."""

    text: str
    media_type: MediaType
    title: str
    published_at: datetime | None = None
    by: str = ""
    excluded: str = ""
    outputs: int = 0
    """Outputs of a notebook that were left out."""


def file_items(
    chosen: Chosen,
    content: bytes,
    address: Address,
    origin: Origin,
    *,
    published_at: datetime | None,
    scope: Scope,
    folder: str = "",
) -> Iterator[Item]:
    """The document that a file is, or why it is none.

    Args:
        published_at: when the author last changed it; a date that the file itself says comes first.
        folder: what tells its path from those of the source's other repositories, with a `/` at its end.
    """
    path = chosen.entry.path
    identity, place = address.native_id(path), folder + path
    try:
        written = read_file(chosen, content, origin)
    except Unreadable as error:
        yield origin.exclusion(error.reason, error.detail, file=place, native_id=identity)
        return
    if written.excluded == "guest":
        detail = f"by {written.by}; if that is the author, add the name to `own_names`"
        yield origin.exclusion("guest", detail, file=place, native_id=identity)
        return
    if written.outputs:
        yield origin.exclusion("generated", f"the outputs of {written.outputs} cells, left out", file=place)
    yield origin.document(
        identity,
        written.text,
        written.media_type,
        file=place,
        url=address.link(path),
        title=written.title,
        published_at=written.published_at or published_at,
        scope=scope,
        excluded=written.excluded,
    )


def read_file(chosen: Chosen, content: bytes, origin: Origin) -> Written:
    """What a file says. Raises Unreadable with the reason for which it is no document."""
    path = chosen.entry.path
    if content.startswith(_LFS):
        raise Unreadable("not_a_post", "lies in Git LFS; here is only a pointer to it")
    if b"\0" in content[:_SNIFFED] and not content.startswith(_WIDE_MARKS):
        raise Unreadable("not_a_post", "is not text: it holds NUL bytes")
    text = decode(content)
    if not text.strip():
        raise Unreadable("empty", "has no text")
    if chosen.sort == "notebook":
        return _notebook(path, text)
    head = text.split("\n", _HEAD_LINES)[:_HEAD_LINES]
    if any(_GENERATED[chosen.sort].match(line[:_LINE_CHARACTERS]) for line in head):
        raise Unreadable("generated", "says that a program wrote it")
    if chosen.sort == "code":
        return _code(path, text, chosen.language or script_language(text))
    if suffix(path) in MARKDOWN:
        return _markdown(path, text, origin)
    return Written(text, "text/plain", path)


def _code(path: str, text: str, language: str) -> Written:
    if not language:
        raise Unreadable("not_a_post", "is no code of a language that is known")
    if len(text) > _LINE_CHARACTERS * (text.count("\n") + 1):
        raise Unreadable("generated", f"is minified: a line has more than {_LINE_CHARACTERS} characters on average")
    return Written(fence(text.removesuffix("\n"), language), "text/markdown", path)


def _markdown(path: str, text: str, origin: Origin) -> Written:
    front, body = split_front_matter(text)
    if not body.strip():
        raise Unreadable("empty", "has no text")
    day, _ = split_dated_name(base_name(path).rpartition(".")[0])
    dates = (parse_date(front.get(key)) for key in _DATES)
    others = [name for name in bylines(front) if not origin.is_own(name)]
    is_draft = is_true(front.get("draft")) or front.get("published") is False or "_drafts" in path.split("/")
    return Written(
        body,
        "text/markdown",
        scalar(front, "title") or _first_heading(body) or path,
        published_at=next((date for date in dates if date), day),
        by=", ".join(others),
        excluded="guest" if others else "draft" if is_draft and not origin.source.include_drafts else "",
    )


def _first_heading(text: str) -> str:
    return next((block.title for block in blocks(text) if block.kind == "heading"), "")


def _notebook(path: str, text: str) -> Written:
    """The cells of a Jupyter notebook in order: prose as it is, code fenced."""
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable("unreadable", f"is no notebook: {type(error).__name__}") from error
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise Unreadable("unreadable", "is no notebook of version 4: it has no list of cells")
    language = _notebook_language(notebook)
    parts, outputs = [], 0
    for cell in (cell for cell in cells if isinstance(cell, dict)):
        source = _joined(cell.get("source"))
        outputs += bool(cell.get("outputs"))
        if source.strip() and cell.get("cell_type") in ("markdown", "code"):
            parts.append(source.strip("\n") if cell["cell_type"] == "markdown" else fence(source.strip("\n"), language))
    body = "\n\n".join(parts)
    if not body:
        raise Unreadable("empty", "is a notebook without text and code")
    return Written(body, "text/markdown", _first_heading(body) or path, outputs=outputs)


def _notebook_language(notebook: dict[str, Any]) -> str:
    facts: Any = notebook
    for key in ("metadata", "language_info", "name"):
        facts = facts.get(key) if isinstance(facts, dict) else None
    return facts if isinstance(facts, str) and facts.isalnum() else "python"


def _joined(source: Any) -> str:
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))
