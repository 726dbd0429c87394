"""Substack's export: `posts.csv` and `posts/<id>.<slug>.html`. Nothing about readers is opened: the lists of
addresses and the opens and delivers of each post are other people's data."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from twin_assets.collection.archive import DATA_BYTES, Files, base_name
from twin_assets.collection.collector import Item, Origin
from twin_assets.collection.dates import parse_date
from twin_assets.collection.delimited import Row, read_rows
from twin_assets.collection.front_matter import is_true
from twin_assets.collection.markup import has_html_words
from twin_assets.collection.text import Unreadable, decode
from twin_assets.progress import Report, track
from twin_assets.records import Kind

_BODY = re.compile(r"(?P<id>\d+)(?:\.(?P<slug>.*))?\.html", re.IGNORECASE)
_POST_ID = re.compile(r"(?P<id>\d+)(?:\.(?P<slug>.*))?", re.DOTALL)
_NOT_POSTS = frozenset({"thread", "page", "note", "restack", "chat"})


class Substack:
    """Each row of posts.csv with its body is a document."""

    kind: Kind = "substack"
    title = "a Substack export"
    suffixes = frozenset({".csv", ".html"})
    looked_for = "posts.csv and posts/*.html were looked for: export again (Settings, Import / Export, New export)"

    def recognizes(self, names: Sequence[str]) -> bool:
        """Whether there is the table of posts, or bodies named by a post's id."""
        return any(_is_table(name) or _body(name) for name in names)

    def collect(self, files: Files, origin: Origin, report: Report) -> Iterator[Item]:
        """A document or an exclusion for each row, then one for each body that no row accounts for."""
        bodies: dict[str, list[str]] = defaultdict(list)
        for name in files.names:
            if match := _body(name):
                bodies[match["id"]].append(name)
        claimed: set[str] = set()
        for table in filter(_is_table, files.names):
            try:
                rows = list(read_rows(decode(files.read(table, DATA_BYTES)), ("postid", "ispublished", "title")))
            except Unreadable as error:
                yield origin.exclusion(error.reason, error.detail, file=table)
                continue
            for row in track(rows, f"{origin.source.name}: posts", len(rows), report):
                yield _post(row, table, bodies, claimed, files, origin)
        for name in sorted(n for identity in bodies.keys() - claimed for n in bodies[identity]):
            yield _orphan(name, files, origin)


def _is_table(name: str) -> bool:
    return base_name(name).lower() == "posts.csv"


def _body(name: str) -> re.Match[str] | None:
    return _BODY.fullmatch(base_name(name)) if "posts" in name.lower().split("/")[:-1] else None


def _post(row: Row, table: str, bodies: dict[str, list[str]], claimed: set[str], files: Files, origin: Origin) -> Item:
    written = _POST_ID.fullmatch(row.get("postid"))
    if row.problem or not written:
        problem = row.problem or f"its post_id is {row.get('postid')[:40]!r}, not a number or `number.slug`"
        return origin.exclusion("unreadable", problem, file=table, row=row.number)
    identity = written["id"]
    claimed.add(identity)
    excluded = ""
    if row.get("type").lower() in _NOT_POSTS:
        excluded = "not_a_post"
    elif not is_true(row.get("ispublished")) and not origin.source.include_drafts:
        excluded = "draft"
    candidates = bodies.get(identity, [])
    if not candidates:
        detail = f"no posts/{identity}.*.html" + (f", and it is set aside as {excluded}" if excluded else "")
        reason = excluded or "missing_body"
        return origin.exclusion(reason, detail, file=table, row=row.number, native_id=identity)
    # Two bodies of one post: the one that the row names, else the first.
    body = next((n for n in candidates if base_name(n).lower() == f"{row.get('postid').lower()}.html"), candidates[0])
    try:
        html = decode(files.read(body))
        if not has_html_words(html):
            raise Unreadable("empty", "its body has no words")
    except Unreadable as error:
        reason = excluded or error.reason
        return origin.exclusion(reason, f"{body}: {error.detail}", file=table, row=row.number, native_id=identity)
    match = _body(body)
    slug = written["slug"] or (match["slug"] if match else "") or ""
    base = origin.source.base_url.rstrip("/")
    return origin.document(
        identity,
        html,
        "text/html",
        file=body,
        row=row.number,
        url=f"{base}/p/{slug}" if base and slug else body,
        title=row.get("title"),
        published_at=parse_date(row.get("postdate")) or parse_date(row.get("emailsentat")),
        scope="public" if row.get("audience").lower() in ("", "everyone", "only_free") else "private",
        excluded=excluded,
    )


def _orphan(name: str, files: Files, origin: Origin) -> Item:
    match = _body(name)
    identity = match["id"] if match else name
    try:
        html = decode(files.read(name))
        if not has_html_words(html):
            raise Unreadable("empty", "no row of posts.csv names it, and it has no words")
    except Unreadable as error:
        return origin.exclusion(error.reason, error.detail, file=name, native_id=identity)
    return origin.document(identity, html, "text/html", file=name, url=name, excluded="orphan_body")
