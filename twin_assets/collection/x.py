"""X's archive: posts, threads joined into one document, long posts and posts to communities.

Likes, bookmarks, direct messages and deleted posts are not opened.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from twin_assets.collection.archive import DATA_BYTES, Files, base_name
from twin_assets.collection.collector import Item, Origin
from twin_assets.collection.javascript import read_objects
from twin_assets.collection.posts import Note, Post, attach_notes, read_note, read_post, threads
from twin_assets.collection.text import Unreadable, decode_pieces
from twin_assets.progress import Report
from twin_assets.records import Exclusion, Kind

_POSTS = re.compile(r"(?:tweets?|community-tweet)(?:-part\d+)?\.js", re.IGNORECASE)
_NOTES = re.compile(r"note-tweet(?:-part\d+)?\.js", re.IGNORECASE)
_ACCOUNT = "account.js"
T = TypeVar("T", covariant=True)


class X:
    """The posts of tweets.js (tweet.js, tweets-partN.js), community-tweet.js and note-tweet.js."""

    kind: Kind = "x"
    title = "an X (Twitter) archive"
    suffixes = frozenset({".js"})
    looked_for = "data/tweets.js was looked for: request the archive again (Settings, Download an archive of your data)"

    def recognizes(self, names: Sequence[str]) -> bool:
        """Whether there is one of the archive's files of posts."""
        return any(_POSTS.fullmatch(base_name(n)) or _NOTES.fullmatch(base_name(n)) for n in names)

    def collect(self, files: Files, origin: Origin, report: Report) -> Iterator[Item]:
        """A document for each thread, single post, reply and long post; an exclusion for each other row."""
        account, username = _account(files)
        posts: dict[str, Post] = {}
        notes: list[Note] = []
        for name in (n for n in files.names if _POSTS.fullmatch(base_name(n))):
            for post in _read(name, files, "tweet", partial(read_post, account=account), origin):
                if isinstance(post, Exclusion):
                    yield post
                    continue
                if earlier := posts.pop(post.id, None):
                    detail = f"the same post as {post.file}, row {post.row}, which counts"
                    yield origin.exclusion(
                        "duplicate_id", detail, file=earlier.file, row=earlier.row, native_id=post.id
                    )
                posts[post.id] = post
        for name in (n for n in files.names if _NOTES.fullmatch(base_name(n))):
            for note in _read(name, files, "noteTweet", read_note, origin):
                if isinstance(note, Exclusion):
                    yield note
                else:
                    notes.append(note)
        report(f"{origin.source.name}: {len(posts)} posts, {len(notes)} long posts")
        for thread in threads(attach_notes(posts, notes)):
            yield from _documents(thread, username, origin)


def _account(files: Files) -> tuple[str, str]:
    """The account's id and user name; blank where the archive does not say."""
    for name in (n for n in files.names if base_name(n).lower() == _ACCOUNT):
        with contextlib.suppress(Unreadable):
            for _, value in read_objects(decode_pieces(files.read(name)), "account"):
                if isinstance(value, dict):
                    return str(value.get("accountId") or ""), str(value.get("username") or "")
    return "", ""


class _Reader(Protocol[T]):
    def __call__(self, value: Mapping[str, Any], /, *, file: str, row: int) -> T: ...


def _read(name: str, files: Files, wrapper: str, read: _Reader[T], origin: Origin) -> Iterator[T | Exclusion]:
    """What the objects of a file say, and an exclusion for each that cannot be read (row 0: the file as a whole)."""
    try:
        for row, value in read_objects(decode_pieces(files.read(name, DATA_BYTES)), wrapper):
            try:
                if isinstance(value, str):
                    raise Unreadable("unreadable", value)
                yield read(value, file=name, row=row)
            except Unreadable as error:
                yield origin.exclusion(error.reason, error.detail, file=name, row=row)
    except Unreadable as error:
        yield origin.exclusion(error.reason, error.detail, file=name)


def _documents(thread: list[Post], username: str, origin: Origin) -> Iterator[Item]:
    first = thread[0]
    if first.repost_of:
        yield _document(thread, username, origin, by=first.repost_of, excluded="repost")
        return
    for post in thread:
        if not post.own_words:
            yield origin.exclusion("empty", "has no words", file=post.file, row=post.row, native_id=post.id)
    spoken = [post for post in thread if post.own_words]
    if spoken:
        yield _document(spoken, username, origin, root=first)


def _document(
    thread: list[Post], username: str, origin: Origin, *, root: Post | None = None, by: str = "", excluded: str = ""
) -> Item:
    """The thread's own words as one document, known by its first post, whether that has words or not."""
    root = root or thread[0]
    return origin.document(
        root.id,
        "\n\n".join(post.text for post in thread),
        "text/plain",
        file=root.file,
        row=root.row,
        url=f"https://x.com/{username or 'i/web'}/status/{root.id}" if root.id.isdigit() else "",
        published_at=root.published_at,
        by=by,
        excluded=excluded,
    )
