"""Timelines: an account's posts, read page by page from the newest to the oldest, in runs that go on from one another.

Replies to one's own posts are joined into one document for each thread, known by its first post. Pages show a reply
before what it answers, so a reply waits until its thread's first post was read, or until there is nothing left to read:
then the post that it answers is gone, and it stands for itself.

Kept in the notes between runs:

    posts       of each post that was read its revision, what it answers, its time and the length of its words, not the
                words: those of a thread that grows are cut out of its stored document. Once the timeline was read to
                its end, only the newest `KEPT` posts with their threads: a reply to an older one stands for itself.
    waiting     the words of replies whose thread is not a document yet
    page        posts that were new on a page of which not everything was yielded yet
    gaps        cursors from which pages are still to be read: where runs were cut off, the newest first
    complete    whether the oldest post was reached
    private     whether private posts were wanted; if that changes, everything is read again

What is noted of a document's posts is noted just before it is yielded, so notes that are saved between two items fit
the documents that came before. Every run asks for the newest page first. It shows new and edited posts, and when it
shows nothing unknown it was all that there was to ask.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from twin_assets.collection.collector import Gone, Item, MediaType, Visit
from twin_assets.collection.dates import parse_date
from twin_assets.collection.text import storable
from twin_assets.collection.threads import threads
from twin_assets.digests import document_id
from twin_assets.records import Exclusion, Scope

KEPT = 2000
"""Posts that stay in the notes: less than half a megabyte."""
_BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class Post:
    """A post, or what takes a post's place in a timeline."""

    key: str
    """What other posts of the timeline call it."""
    id: str = ""
    """Its document's native id."""
    revision: str = ""
    """Another one when the post was edited."""
    parent: str = ""
    """Key of the own post that it continues."""
    text: str | None = ""
    """The author's own words; blank for none, and for what is set aside; None while they are only in a document."""
    published_at: datetime | None = None
    url: str = ""
    scope: Scope = "public"
    aside: str = ""
    """Why it is set aside."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a timeline; `following` is the cursor of the next older one, blank behind the last."""

    posts: list[Post]
    unreadable: list[Exclusion]
    following: str


def read_timeline(visit: Visit, fetch: Callable[[str], Listing], media_type: MediaType) -> Iterator[Item | Gone]:
    """What is new in a timeline, or was edited, as documents and exclusions.

    Args:
        fetch: the page at a cursor, blank for the newest. The FetchError that it raises ends the run.
        media_type: of the posts' text.
    """
    return _Timeline(visit, media_type).read(fetch)


class _Timeline:
    def __init__(self, visit: Visit, media_type: MediaType) -> None:
        self._visit, self._media_type = visit, media_type
        self._notes = notes = visit.notes
        wanted = visit.origin.source.include_private
        if notes.get("private") != wanted:
            notes |= {"posts": {}, "waiting": {}, "page": [], "gaps": [], "complete": False, "private": wanted}
        waiting = notes["waiting"]
        self._posts = {key: _loaded(key, values, waiting.get(key)) for key, values in notes["posts"].items()}
        # As `visit.known` holds the documents from before the run, so this tells where their posts lie in them.
        self._lengths = {k: v["length"] for k, v in notes["posts"].items() if "length" in v and k not in waiting}

    def read(self, fetch: Callable[[str], Listing]) -> Iterator[Item | Gone]:
        notes, source = self._notes, self._visit.origin.source
        before = self._posts.keys() - set(notes["page"])
        gaps, asked = ["", *notes["gaps"]], set[str]()
        pages = new = 0
        while gaps and pages < source.max_pages:
            asked.add(gaps[0])
            listing = fetch(gaps[0])
            pages += 1
            shown = {post.key for post in listing.posts}
            fresh = shown - self._posts.keys()
            new += len(fresh)
            notes["page"] = sorted(fresh.union(notes["page"]))
            yield from self._page(listing)
            # Below the lowest gap nothing is known, so there only the end of the timeline ends the reading.
            known = bool(shown) and shown <= before
            if not listing.following or listing.following in asked or (known and (notes["complete"] or len(gaps) > 1)):
                del gaps[0]
            else:
                gaps[0] = listing.following
            notes |= {"gaps": [g for g in gaps if g], "page": [key for key in notes["page"] if key not in shown]}
        left = "; older ones are left for the next run (`max_pages`)" if gaps else ""
        self._visit.report(f"{source.name}: {pages} pages, {new} new posts{left}")
        if not gaps:
            yield from self._end()

    def _page(self, listing: Listing) -> Iterator[Item | Gone]:
        changed: dict[str, Post] = {}
        for post in listing.posts:
            known = self._posts.get(post.key)
            if known is None or known.revision != post.revision:
                changed[post.key] = post
        self._posts |= changed
        origin = self._visit.origin
        yield from listing.unreadable
        for post in changed.values():
            if post.aside or not post.text:
                reason, detail = post.aside or "empty", post.detail or "has no words"
                yield origin.exclusion(reason, detail, file=post.url, native_id=post.id)
        written: set[str] = set()
        for thread in self._threads(changed.keys() | self._notes["waiting"].keys()):
            first = self._posts[thread[0]]
            if not first.parent or first.parent in self._posts:
                written.update(thread)
                yield from self._document(thread)
        for post in changed.values():
            if post.key not in written:
                self._note(post)
                self._notes["waiting"][post.key] = post.text

    def _end(self) -> Iterator[Item | Gone]:
        """Everything was read: what still waits stands for itself, and what is too old is no longer noted."""
        lost = [post for post in self._posts.values() if post.parent and post.parent not in self._posts]
        self._posts |= {post.key: replace(post, parent="") for post in lost}
        for thread in self._threads({post.key for post in lost}):
            yield from self._document(thread)
        kept = self._newest()
        noted = {key: values for key, values in self._notes["posts"].items() if key in kept}
        self._notes |= {"posts": noted, "page": [], "complete": True}

    def _threads(self, changed: Collection[str]) -> list[list[str]]:
        """Keys of the posts by thread, of the threads with a changed post. A thread is of one scope, so that nothing
        private becomes public."""
        if not changed:
            return []
        posts = self._posts
        parents = {
            key: post.parent if post.parent in posts and posts[post.parent].scope == post.scope else ""
            for key, post in posts.items()
        }
        found = threads(parents, {key: post.published_at for key, post in posts.items()})
        return [thread for thread in found if any(key in changed for key in thread)]

    def _document(self, thread: list[str]) -> Iterator[Item | Gone]:
        """The thread's document; nothing when it has no words and never had any."""
        if any(self._posts[key].text is None for key in thread):
            self._take_words(thread)
        for key in thread:
            self._note(self._posts[key])
            self._notes["waiting"].pop(key, None)
        first, origin = self._posts[thread[0]], self._visit.origin
        spoken = [text for text in (self._posts[key].text for key in thread) if text]
        if spoken:
            yield origin.document(
                first.id,
                _BETWEEN.join(spoken),
                self._media_type,
                file=first.url,
                url=first.url,
                published_at=first.published_at,
                scope=first.scope,
            )
        elif first.id and (identity := document_id(origin.kind, storable(first.id))) in self._visit.known:
            yield Gone(identity, f"is set aside now ({first.aside or 'empty'})")

    def _take_words(self, thread: list[str]) -> None:
        """Cut the words of a thread's posts out of its stored document, which holds them one behind the other."""
        posts = self._posts
        stored = self._visit.known.get(document_id(self._visit.origin.kind, storable(posts[thread[0]].id)))
        text = stored.text if stored else ""
        lengths = {key: self._lengths[key] for key in thread if key in self._lengths}
        if sum(lengths.values()) + len(_BETWEEN) * (len(lengths) - 1) != len(text):
            # Notes and document do not fit each other: no words get lost, whichever post they are of.
            lengths = {next(key for key in thread if posts[key].text is None): len(text)}
        position = 0
        for key, length in lengths.items():
            if posts[key].text is None:
                posts[key] = replace(posts[key], text=text[position : position + length])
            position += length + len(_BETWEEN)

    def _note(self, post: Post) -> None:
        values = {
            "id": post.id,
            "revision": post.revision,
            "parent": post.parent,
            "length": len(post.text or ""),
            "published_at": post.published_at.isoformat() if post.published_at else "",
            "url": post.url,
            "scope": "" if post.scope == "public" else post.scope,
        }
        self._notes["posts"][post.key] = {name: value for name, value in values.items() if value}

    def _newest(self) -> set[str]:
        """Keys of the newest posts, and of all posts of their threads."""
        posts = self._posts
        if len(posts) <= KEPT:
            return set(posts)
        dated = sorted(posts, key=lambda key: (posts[key].published_at is not None, posts[key].published_at))
        newest = set(dated[-KEPT:])
        return newest.union(*self._threads(newest))


def _loaded(key: str, values: Mapping[str, Any], waiting: str | None) -> Post:
    return Post(
        key,
        id=values.get("id", ""),
        revision=values.get("revision", ""),
        parent=values.get("parent", ""),
        text=waiting if waiting is not None else None if values.get("length") else "",
        published_at=parse_date(values.get("published_at")),
        url=values.get("url", ""),
        scope=values.get("scope", "public"),
    )
