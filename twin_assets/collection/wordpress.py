"""WordPress' export (WXR): posts, by their permalinks. Comments are other people's words and are not read."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit, urlunsplit

from twin_assets.collection.archive import DATA_BYTES, PROSE_BYTES, Files, base_name, suffix
from twin_assets.collection.collector import Item, Origin
from twin_assets.collection.dates import parse_date
from twin_assets.collection.markup import has_html_words
from twin_assets.collection.shortcodes import to_html
from twin_assets.collection.text import Unreadable, storable
from twin_assets.collection.web.bylines import attribute
from twin_assets.collection.wxr import Author, Damage, Entry, read_wxr
from twin_assets.progress import Report, track
from twin_assets.records import Kind

_PUBLISHED = frozenset({"publish", "private"})
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_YEAR_MINUS_ONE = " -0001 "
"""The year of the date of what has none: WordPress formats `0000-00-00`."""
_UNNAMED = "an unnamed author"


class WordPress:
    """Each post of the export's `.xml` files is a document; pages are set aside, everything else is only counted."""

    kind: Kind = "wordpress"
    title = "a WordPress export"
    suffixes = frozenset({".xml"})
    looked_for = "WXR files (.xml) with posts were looked for: export again (Tools, Export, All content)"

    def recognizes(self, names: Sequence[str]) -> bool:
        """Whether a file is named as WordPress names its exports, or XML is all there is."""
        xml = [name for name in names if suffix(name) == ".xml"]
        return any("wordpress" in base_name(name).lower() for name in xml) or (bool(xml) and len(xml) == len(names))

    def collect(self, files: Files, origin: Origin, report: Report) -> Iterator[Item]:
        """Exclusions of what is no post and of what cannot be read, then a document or an exclusion for each post."""
        authors: list[Author] = []
        posts: list[tuple[str, Entry]] = []
        names = [name for name in files.names if suffix(name) == ".xml"]
        for name in track(names, f"{origin.source.name}: files", len(names), report):
            try:
                yield from _read(name, files, origin, authors, posts)
            except Unreadable as error:
                yield origin.exclusion(error.reason, error.detail, file=name)
        people = _People.of(authors, [post for _, post in posts], origin)
        if people.sole:
            report(f"{origin.source.name}: everything in it is by {people.sole!r}: taken to be {origin.author!r}")
        for name, post in track(posts, f"{origin.source.name}: posts", len(posts), report):
            yield _item(name, post, people, origin)


@dataclass(frozen=True)
class _People:
    """Who wrote the posts. `names` are display names by login in lower case, `own` the names that mean the author.

    Where one person wrote everything, whatever the name, it is the author: `sole` is that name, if it is not theirs.
    """

    names: dict[str, str]
    own: frozenset[str]
    several: bool
    sole: str

    @classmethod
    def of(cls, authors: Sequence[Author], posts: Sequence[Entry], origin: Origin) -> "_People":
        known = {a.login.lower(): a for a in authors if a.login}
        for login in (login for post in posts for login in post.bylines):
            known.setdefault(login.lower(), Author(login, "", ""))
        names = {login: author.name or author.login for login, author in known.items()}
        own = {names[login] for login, author in known.items() if any(map(origin.is_own, author.names))}
        several = len(known) > 1
        sole = next(iter(names.values()), "") if not several and not own else ""
        return cls(names, frozenset(own) or frozenset([sole] if sole else []), several, sole)

    def bylines(self, post: Entry) -> tuple[str, ...]:
        """Display names of who wrote a post."""
        named = tuple(self.names[login.lower()] for login in post.bylines)
        return named or ((_UNNAMED,) if self.several else ())


def _read(
    name: str, files: Files, origin: Origin, authors: list[Author], posts: list[tuple[str, Entry]]
) -> Iterator[Item]:
    """Collect a file's authors and posts, and yield what is set aside of it."""
    rows = 0
    for part in read_wxr(files.read(name, DATA_BYTES)):
        if isinstance(part, Author):
            authors.append(part)
        elif isinstance(part, Damage):
            yield origin.exclusion("unreadable", part.detail, file=name, row=part.row)
            return
        else:
            rows += 1
            kind = part.get("wp:post_type")
            if kind in ("post", "page"):
                posts.append((name, part))
                continue
            reason = "not_a_post" if kind else "unreadable"
            detail = f"is of the type {kind[:40]!r}" if kind else "has no wp:post_type: it is no item of a WXR file"
            yield origin.exclusion(reason, detail, file=name, row=part.row)
    if not rows:
        raise Unreadable("unreadable", "holds no items: it is no export of WordPress")


def _item(name: str, post: Entry, people: _People, origin: Origin) -> Item:
    link = _permalink(post)
    native_id = link or f"{name}#{post.get('wp:post_id') or post.row}"
    status = post.get("wp:status")
    by, excluded = attribute(people.bylines(post), origin, people.own.__contains__)
    private = status == "private" or bool(post.get("wp:post_password"))

    def aside(reason: str, detail: str) -> Item:
        return origin.exclusion(reason, detail, file=name, row=post.row, native_id=native_id)

    if status == "trash":
        return aside("deleted", "lies in the trash")
    if excluded == "guest" and (private or status not in _PUBLISHED):
        # What others have not published is not stored.
        return aside("guest", "is by someone else, and not public")
    if private and not origin.source.include_private:
        return aside("private", "is private or has a password; `include_private: true` collects it")
    if post.get("wp:post_type") == "page":
        excluded = "not_a_post"
    elif not excluded and status not in _PUBLISHED and not origin.source.include_drafts:
        excluded = "draft"
    content = post.values.get("content:encoded", "")
    if len(content) > PROSE_BYTES:
        return aside("too_large", f"has {len(content)} characters, more than the {PROSE_BYTES} that are read")
    try:
        body = to_html(content)
        if not has_html_words(body):
            return aside(excluded or "empty", "has no words")
    except Unreadable as error:
        return aside(error.reason, error.detail)
    return origin.document(
        native_id,
        body,
        "text/html",
        file=name,
        row=post.row,
        url=link or name,
        title=html.unescape(_TAG.sub("", post.get("title"))),
        published_at=_published(post),
        scope="private" if private else "public",
        by=by,
        excluded=excluded,
    )


def _permalink(post: Entry) -> str:
    """Where the post lies: its link without what only tracks readers, but with the number that names the page where
    there is nothing else; else its guid, if that is a link."""
    for written in (post.get("link"), post.get("guid")):
        try:
            parts = urlsplit(storable(written))
        except ValueError:
            continue
        if parts.scheme not in ("http", "https") or not parts.netloc:
            continue
        numbered = parts.path in ("", "/", "/index.php") or {"p", "page_id"} & parse_qs(parts.query).keys()
        return urlunsplit((parts.scheme, parts.netloc, parts.path, parts.query if numbered else "", ""))
    return ""


def _published(post: Entry) -> datetime | None:
    """When it was published: by the clock of UTC, as the feed says it, else by the site's clock."""
    stated = post.get("pubDate")
    stated = "" if _YEAR_MINUS_ONE in stated else stated
    written = (post.get("wp:post_date_gmt"), stated, post.get("wp:post_date"))
    return next((day for day in map(parse_date, written) if day), None)
