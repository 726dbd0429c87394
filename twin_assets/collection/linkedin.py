"""LinkedIn's data export: posts (Shares), articles, and the author's comments; messages only where asked for."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from twin_assets.collection.archive import DATA_BYTES, Files, base_name, suffix
from twin_assets.collection.collector import Item, Origin
from twin_assets.collection.dates import parse_date
from twin_assets.collection.delimited import Row, read_linkedin_rows, read_rows
from twin_assets.collection.markup import Article, read_article
from twin_assets.collection.text import Unreadable, decode, has_words
from twin_assets.digests import text_digest
from twin_assets.progress import Report, track
from twin_assets.records import Kind, Scope

_TABLE = re.compile(r"(?P<table>[a-z][a-z_ ]*?)(?:_\d+)?\.csv", re.IGNORECASE)
"""The complete export adds the member's id: `Shares_17529409.csv`."""
_TABLES = frozenset(
    {"shares", "comments", "reactions", "messages", "connections", "positions", "skills", "invitations"}
)
_URN = re.compile(r"urn:li:\w+:\d+")
_RESTRICTED = ("connection", "container", "group", "private", "self")


class LinkedIn:
    """Shares*.csv, Comments*.csv, messages*.csv and Articles/*.html of an export."""

    kind: Kind = "linkedin"
    title = "a LinkedIn data export"
    suffixes = frozenset({".csv", ".html"})
    looked_for = (
        "Shares.csv, Comments.csv and Articles/*.html were looked for, and LinkedIn's quick export lacks them: "
        "request the complete archive (Settings, Data privacy, Get a copy of your data)"
    )

    def recognizes(self, names: Sequence[str]) -> bool:
        """Whether there is one of the export's tables, or its folder of articles."""
        return any(_table(name) in _TABLES or _is_article(name) for name in names)

    def collect(self, files: Files, origin: Origin, report: Report) -> Iterator[Item]:
        """Posts, then comments, articles and messages."""
        tables = {name: _table(name) for name in files.names if suffix(name) == ".csv"}
        if "shares" not in tables.values():
            report(f"{origin.source.name}: no Shares.csv: posts are only in LinkedIn's complete archive")
        for name in (n for n, table in tables.items() if table == "shares"):
            yield from _shares(name, files, origin)
        for name in (n for n, table in tables.items() if table == "comments"):
            yield from _comments(name, files, origin)
        articles = [name for name in files.names if _is_article(name)]
        for name in track(articles, f"{origin.source.name}: articles", len(articles), report):
            yield _article(name, files, origin)
        for name in (n for n, table in tables.items() if table == "messages"):
            yield from _messages(name, files, origin)


def _table(name: str) -> str:
    match = _TABLE.fullmatch(base_name(name))
    return match["table"].strip().lower() if match else ""


def _is_article(name: str) -> bool:
    return suffix(name) == ".html" and "articles" in name.lower().split("/")[:-1]


def _shares(name: str, files: Files, origin: Origin) -> Iterator[Item]:
    try:
        rows = list(_linkedin_rows(name, files, ("date", "sharelink", "sharecommentary"), "sharecommentary"))
    except Unreadable as error:
        yield origin.exclusion(error.reason, error.detail, file=name)
        return
    for row in rows:
        if row.problem:
            yield origin.exclusion("unreadable", row.problem, file=name, row=row.number)
            continue
        text, link = row.get("sharecommentary"), unquote(row.get("sharelink"))
        native_id = _native_id("share", link, row.get("date"), text)
        if not has_words(text):
            detail = "holds only links" if text else "passes a post on without a word"
            yield origin.exclusion("empty", detail, file=name, row=row.number, native_id=native_id)
        else:
            restricted = row.get("visibility").lower().startswith(_RESTRICTED)
            yield _post(row, name, origin, native_id, text, link, "private" if restricted else "public")


def _comments(name: str, files: Files, origin: Origin) -> Iterator[Item]:
    try:
        rows = list(_linkedin_rows(name, files, ("date", "link", "message"), "message"))
    except Unreadable as error:
        yield origin.exclusion(error.reason, error.detail, file=name)
        return
    for row in rows:
        if row.problem:
            yield origin.exclusion("unreadable", row.problem, file=name, row=row.number)
            continue
        text, link = row.get("message"), unquote(row.get("link"))
        # A comment's link is often the commented post's: the date tells the comments on one post apart.
        native_id = f"comment:{_native_id('', link, row.get('date'), text)}#{row.get('date') or text_digest(text)}"
        if not has_words(text):
            detail = "holds only links" if text else "has no text"
            yield origin.exclusion("empty", detail, file=name, row=row.number, native_id=native_id)
        else:
            yield _post(row, name, origin, native_id, text, link, "public", by=row.get("from", "author", "commenter"))


def _post(
    row: Row, name: str, origin: Origin, native_id: str, text: str, link: str, scope: Scope, by: str = ""
) -> Item:
    return origin.document(
        native_id,
        text,
        "text/plain",
        file=name,
        row=row.number,
        url=link,
        published_at=parse_date(row.get("date")),
        scope=scope,
        by=by,
        excluded="guest" if by and not origin.is_own(by) else "",
    )


def _native_id(what: str, link: str, day: str, text: str) -> str:
    """The post's URN if its link holds one, else the link, else what else tells one row from another."""
    urn = _URN.search(link)
    return urn[0] if urn else link or f"{what}:{day}:{text_digest(text)}"


def _linkedin_rows(name: str, files: Files, required: Sequence[str], free_text: str) -> Iterator[Row]:
    return read_linkedin_rows(decode(files.read(name, DATA_BYTES)), required, free_text)


def _article(name: str, files: Files, origin: Origin) -> Item:
    try:
        article: Article = read_article(decode(files.read(name)))
    except Unreadable as error:
        return origin.exclusion(error.reason, error.detail, file=name, native_id=name)
    if not article.words:
        return origin.exclusion("empty", "has no text", file=name, native_id=article.url or name)
    published = parse_date(article.published)
    draft = not article.published and not origin.source.include_drafts
    return origin.document(
        article.url or name,
        article.html,
        "text/html",
        file=name,
        url=article.url or name,
        title=article.title,
        published_at=published or parse_date(article.created),
        excluded="draft" if draft else "",
    )


def _messages(name: str, files: Files, origin: Origin) -> Iterator[Item]:
    try:
        rows = list(read_rows(decode(files.read(name, DATA_BYTES)), ("conversationid", "from", "date", "content")))
    except Unreadable as error:
        yield origin.exclusion(error.reason, error.detail, file=name)
        return
    for row in rows:
        if not origin.source.include_private:
            # Neither what it says nor who wrote it is kept.
            detail = "a message; `include_private: true` collects messages"
            yield origin.exclusion("private", detail, file=name, row=row.number)
        elif row.problem:
            yield origin.exclusion("unreadable", row.problem, file=name, row=row.number)
        else:
            yield _message(row, name, origin)


def _message(row: Row, name: str, origin: Origin) -> Item:
    text, sender = row.get("content"), row.get("from")
    native_id = f"message:{row.get('conversationid')}:{row.get('date')}:{sender}:{text_digest(text)}"
    if not has_words(text):
        return origin.exclusion("empty", "has no words", file=name, row=row.number, native_id=native_id)
    return origin.document(
        native_id,
        text,
        "text/plain",
        file=name,
        row=row.number,
        published_at=parse_date(row.get("date")),
        scope="private",
        by=sender or "an unnamed sender",
        excluded="" if origin.is_own(sender) else "guest",
    )
