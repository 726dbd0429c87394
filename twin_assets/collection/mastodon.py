"""Mastodon's archive: `outbox.json`, with `actor.json` for whose it is. Likes, bookmarks and media are not opened.

A boost is only counted: of another person's status neither words nor author are kept. The statuses of a thread are one
document, known by its first; a reply of another visibility than what it answers begins a document of its own.
"""

import contextlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from twin_assets.collection.archive import DATA_BYTES, Files, base_name
from twin_assets.collection.collector import Item, Origin
from twin_assets.collection.dates import parse_date
from twin_assets.collection.outbox import activities
from twin_assets.collection.statuses import status_html
from twin_assets.collection.text import Unreadable, decode, storable
from twin_assets.collection.threads import threads
from twin_assets.progress import Report
from twin_assets.records import Kind, Scope

_OUTBOX, _ACTOR = "outbox.json", "actor.json"
_TARBALL = re.compile(r"archive-\d{14}-\w+\.(?:tar\.gz|tgz)", re.IGNORECASE)
_WRITTEN = frozenset({"Note", "Article", "Question"})
_PUBLIC = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
_DETAIL = 200
"""Characters of an address that a detail shows."""


@dataclass(frozen=True, slots=True)
class Status:
    """One of the author's statuses; `html` is blank when it has no words."""

    id: str
    html: str
    published_at: datetime | None
    reply_to: str
    """Id of the own status that it continues."""
    scope: Scope
    title: str
    url: str
    file: str
    row: int


class Mastodon:
    """The statuses of outbox.json."""

    kind: Kind = "mastodon"
    title = "a Mastodon archive"
    suffixes = frozenset({".json", ".gz", ".tgz"})
    looked_for = (
        "outbox.json was looked for: request the archive again (Preferences, Import and export, Request your archive); "
        "unpack a .tar.gz and give the folder"
    )

    def recognizes(self, names: Sequence[str]) -> bool:
        """Whether there is an outbox, or the archive as servers packed it before version 4.2."""
        return any(base_name(n).lower() == _OUTBOX or _TARBALL.fullmatch(base_name(n)) for n in names)

    def collect(self, files: Files, origin: Origin, report: Report) -> Iterator[Item]:
        """A document for each status or thread; an exclusion for each other activity."""
        outboxes = [name for name in files.names if base_name(name).lower() == _OUTBOX]
        if not outboxes:
            for name in (n for n in files.names if n.lower().endswith((".tar.gz", ".tgz"))):
                yield origin.exclusion("unreadable", "is a tar archive: unpack it and give the folder", file=name)
        rows: list[tuple[str, int, Mapping[str, Any]]] = []
        for name in outboxes:
            try:
                for row, value in activities(decode(files.read(name, DATA_BYTES))):
                    if isinstance(value, str):
                        yield origin.exclusion("unreadable", value, file=name, row=row)
                    else:
                        rows.append((name, row, value))
            except Unreadable as error:
                yield origin.exclusion(error.reason, error.detail, file=name)
        actors = {name: _actor(name, files) for name in outboxes}
        own = {_id(value.get("object")) for _, _, value in rows if value.get("type") == "Create"} - {""}
        statuses: dict[str, Status] = {}
        for name, row, value in rows:
            try:
                status = _read(value, actors[name], own, origin, file=name, row=row)
            except Unreadable as error:
                yield origin.exclusion(error.reason, error.detail, file=name, row=row)
                continue
            if earlier := statuses.pop(status.id, None):
                detail = f"the same status as {status.file}, row {status.row}, which counts"
                yield origin.exclusion("duplicate_id", detail, file=earlier.file, row=earlier.row, native_id=earlier.id)
            statuses[status.id] = status
        report(f"{origin.source.name}: {len(statuses)} statuses of {len(rows)} activities")
        times = {status.id: status.published_at for status in statuses.values()}
        parents = {status.id: _continued(status, statuses) for status in statuses.values()}
        for thread in threads(parents, times):
            yield from _documents([statuses[identity] for identity in thread], origin)


def _continued(status: Status, statuses: Mapping[str, Status]) -> str:
    """Id of the status that it is joined to: one of the same visibility, so that nothing private becomes public."""
    before = statuses.get(status.reply_to)
    return before.id if before and before.scope == status.scope else ""


def _documents(thread: list[Status], origin: Origin) -> Iterator[Item]:
    first = thread[0]
    for status in thread:
        if not status.html:
            yield origin.exclusion("empty", "has no words", file=status.file, row=status.row, native_id=status.id)
    spoken = [status.html for status in thread if status.html]
    if spoken:
        yield origin.document(
            first.id,
            "\n\n".join(spoken),
            "text/html",
            file=first.file,
            row=first.row,
            url=first.url,
            title=first.title,
            published_at=first.published_at,
            scope=first.scope,
        )


def _actor(outbox: str, files: Files) -> str:
    """Id of the account that the outbox is of, from the file beside it; blank where there is none."""
    name = outbox[: len(outbox) - len(_OUTBOX)] + _ACTOR
    with contextlib.suppress(Unreadable, ValueError, RecursionError):
        if name in files.names:
            return _id(json.loads(decode(files.read(name))))
    return ""


def _read(
    activity: Mapping[str, Any], actor: str, own: Collection[str], origin: Origin, *, file: str, row: int
) -> Status:
    """The status that an activity publishes. Raises Unreadable for any other activity, with the reason."""
    status = _published(activity)
    identity = _id(status)
    if not identity:
        raise Unreadable("unreadable", "the status has no id")
    owner, writer = actor or _id(activity.get("actor")), _id(status.get("attributedTo"))
    if owner and writer and writer != owner and not origin.is_own(writer):
        raise Unreadable("guest", f"is not by the archive's account {owner[:_DETAIL]!r}")
    scope = _scope(status, activity, origin)
    answered = _id(status.get("inReplyTo"))
    to_self = answered in own or bool(owner and answered.startswith(f"{owner}/"))
    article = status.get("type") == "Article"
    return Status(
        id=identity,
        html=status_html(
            _content(status),
            # An article's summary is its standfirst, which its content has, too.
            warning="" if article else _text(status.get("summary")),
            options=_options(status),
            is_reply=bool(answered),
            reply_to="" if to_self else answered,
        ),
        published_at=parse_date(status.get("published")),
        reply_to=answered if answered in own else "",
        scope=scope,
        title=_text(status.get("name")) if article else "",
        url=_id(status.get("url")) or (identity if identity.startswith("http") else ""),
        file=file,
        row=row,
    )


def _published(activity: Mapping[str, Any]) -> Mapping[str, Any]:
    what, status = _text(activity.get("type")), activity.get("object")
    if what == "Announce":
        raise Unreadable("repost", f"boosts {_id(status)[:_DETAIL]!r}")
    if what != "Create":
        raise Unreadable("not_a_post", f"is an activity of type {what[:40]!r}")
    if not isinstance(status, Mapping):
        raise Unreadable("missing_body", "names a status that is not in the archive")
    if (form := _text(status.get("type"))) not in _WRITTEN:
        raise Unreadable("not_a_post", f"publishes an object of type {form[:40]!r}")
    return status


def _scope(status: Mapping[str, Any], activity: Mapping[str, Any], origin: Origin) -> Scope:
    """Whom it is for. Raises Unreadable when that is not everyone, and such statuses are not wanted."""
    to, cc = (_ids(status.get(key)) or _ids(activity.get(key)) for key in ("to", "cc"))
    if not _PUBLIC.isdisjoint(to):
        return "public"
    if origin.source.include_private:
        return "private"
    if not _PUBLIC.isdisjoint(cc):
        audience = "unlisted"
    elif any(address.endswith("/followers") for address in (*to, *cc)):
        audience = "for followers only"
    else:
        audience = "a direct message"
    raise Unreadable("private", f"is {audience}; `include_private: true` collects it")


def _content(status: Mapping[str, Any]) -> str:
    content, versions = status.get("content"), status.get("contentMap")
    if not content and isinstance(versions, Mapping):
        content = next((version for version in versions.values() if version), None)
    if content is not None and not isinstance(content, str):
        raise Unreadable("unreadable", f"its content is a {type(content).__name__}, not a text")
    return content or ""


def _options(status: Mapping[str, Any]) -> list[str]:
    """What a poll lets choose from."""
    choices = status.get("oneOf") or status.get("anyOf")
    return [_text(c.get("name")) for c in choices if isinstance(c, Mapping)] if isinstance(choices, list) else []


def _ids(value: object) -> list[str]:
    return [i for i in map(_id, value if isinstance(value, list) else [value]) if i]


def _id(value: object) -> str:
    """The id of what may be named by its id alone, be given as an object, or as a list of either."""
    if isinstance(value, list):
        return next(iter(_ids(value)), "")
    if isinstance(value, Mapping):
        return _text(value.get("id")) or _text(value.get("href"))
    return _text(value)


def _text(value: object) -> str:
    return storable(value).strip() if isinstance(value, str) else ""
