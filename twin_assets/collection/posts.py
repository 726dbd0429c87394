"""X's posts: what one says in the author's own words, long posts in place of their previews, and threads."""

import html
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from twin_assets.collection.dates import parse_date
from twin_assets.collection.text import Unreadable, has_words, is_link, storable
from twin_assets.collection.threads import threads as join

_RETWEET = re.compile(r"RT (@\w+)\b")
_MANUAL_RETWEET = re.compile(r"(?:^|\s)[\"“(]?\b[RM]T:? @\w+.*", re.DOTALL)
"""Before there was a button, a post was passed on by hand, with one's own words before it."""
_MENTIONS = re.compile(r"(?:@\w+[:,]?(?:\s+|$))+")
_JOINED = re.compile(r"[&+/|-]\s")
"""What joins a mention to the words behind it."""
_PREVIEW = 60
"""Characters from which a preview is taken to be the start of a long post."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post; `text` is the author's own words, links expanded, mentions of those replied to left out."""

    id: str
    text: str
    published_at: datetime | None
    reply_to: str
    """Id of the own post that it may continue; blank for a reply to someone else."""
    is_reply: bool
    repost_of: str
    """Handle of the author of what was only passed on; blank for own words."""
    file: str
    row: int

    @property
    def own_words(self) -> bool:
        """Whether it says anything besides links."""
        return has_words(self.text)


@dataclass(frozen=True, slots=True)
class Note:
    """A long post's whole text; the archive keeps only its beginning among the posts."""

    id: str
    text: str
    published_at: datetime | None
    file: str
    row: int


def read_post(tweet: Mapping[str, Any], account: str, *, file: str, row: int) -> Post:
    """The post in an archive's object; `account` is the author's user id, if known. Raises Unreadable."""
    identity = _text(tweet, "id_str") or _text(tweet, "id")
    written = tweet.get("full_text", tweet.get("text"))
    if not identity or not isinstance(written, str):
        raise Unreadable("unreadable", "has no id or no text")
    said = html.unescape(storable(written))
    retweet = _RETWEET.match(said)
    replied_to = _text(tweet, "in_reply_to_user_id_str") or _text(tweet, "in_reply_to_user_id")
    parent = _text(tweet, "in_reply_to_status_id_str") or _text(tweet, "in_reply_to_status_id")
    is_reply = bool(parent or replied_to)
    links = _links(tweet)
    said = _expand(said, links)
    if not retweet:
        said = _without_passed_on(said)
        said = _without_mentions(said, is_reply)
    other = bool(account and replied_to and replied_to != account)
    return Post(
        id=identity,
        text=said.strip(),
        published_at=parse_date(tweet.get("created_at")),
        reply_to="" if other else parent,
        is_reply=is_reply,
        repost_of=retweet[1] if retweet else "",
        file=file,
        row=row,
    )


def read_note(note: Mapping[str, Any], *, file: str, row: int) -> Note:
    """The long post in an archive's object. Raises Unreadable."""
    core = note.get("core")
    identity = _text(note, "noteTweetId") or _text(note, "id")
    written = core.get("text") if isinstance(core, Mapping) else None
    if not identity or not isinstance(core, Mapping) or not isinstance(written, str):
        raise Unreadable("unreadable", "has no id or no text")
    urls = core.get("urls")
    links = {
        _text(u, "shortUrl"): _text(u, "expandedUrl") for u in _objects(urls) if _text(u, "shortUrl").startswith("http")
    }
    text = _expand(html.unescape(storable(written)), links).strip()
    return Note(identity, text, parse_date(note.get("createdAt")), file, row)


def attach_notes(posts: Mapping[str, Post], notes: Sequence[Note]) -> dict[str, Post]:
    """The posts, with the whole text where a long post is matched by id, or by its second and its first words; a long
    post that no post announces stands for itself."""
    whole = dict(posts)
    by_second: dict[datetime, list[str]] = defaultdict(list)
    for post in posts.values():
        if post.published_at and not post.repost_of:
            by_second[post.published_at.replace(microsecond=0)].append(post.id)
    for note in notes:
        second = note.published_at.replace(microsecond=0) if note.published_at else None
        same = by_second.get(second, []) if second else []
        candidates = [note.id] if note.id in posts else same
        match = next((c for c in candidates if _previews(posts[c].text, note.text)), "")
        if not match and len(candidates) == 1 and len(note.text) > len(posts[candidates[0]].text):
            match = candidates[0]
        if match:
            text = _without_mentions(_without_passed_on(note.text), whole[match].is_reply)
            whole[match] = replace(whole[match], text=text.strip())
        else:
            identity = f"note:{note.id}"
            whole[identity] = Post(identity, note.text, note.published_at, "", False, "", note.file, note.row)
    return whole


def threads(posts: Mapping[str, Post]) -> list[list[Post]]:
    """The posts, each with the author's replies to it behind it in the order of time; every post exactly once."""
    own = {identity for identity, post in posts.items() if not post.repost_of}
    parents = {i: post.reply_to if i in own and post.reply_to in own else "" for i, post in posts.items()}
    times = {identity: post.published_at for identity, post in posts.items()}
    return [[posts[identity] for identity in thread] for thread in join(parents, times)]


def _previews(preview: str, text: str) -> bool:
    start = re.sub(r"\s*(?:…|\.\.\.)?\s*(?:https?://\S+)?\s*$", "", preview)
    shown = " ".join(start.split())[:_PREVIEW]
    return bool(shown) and shown in " ".join(text.split())


def _links(tweet: Mapping[str, Any]) -> dict[str, str]:
    """t.co address -> what it stands for; blank for attached pictures and films."""
    links: dict[str, str] = {}
    for key in ("entities", "extended_entities"):
        entities = tweet.get(key)
        if not isinstance(entities, Mapping):
            continue
        for url in _objects(entities.get("urls")):
            links[_text(url, "url")] = _text(url, "expanded_url") or _text(url, "url")
        for media in _objects(entities.get("media")):
            links[_text(media, "url")] = ""
    return {short: target for short, target in links.items() if short.startswith("http")}


def _expand(text: str, links: Mapping[str, str]) -> str:
    # Longest first: one short address may be the beginning of another.
    for short in sorted(links, key=len, reverse=True):
        text = text.replace(short, links[short])
    return text


def _without_passed_on(text: str) -> str:
    # Few posts hold the mark, and the pattern is tried at every space of the others.
    return _MANUAL_RETWEET.sub("", text) if "T @" in text or "T: @" in text else text


def _without_mentions(text: str, is_reply: bool) -> str:
    """A reply without those it is addressed to. The archive no longer marks replies to accounts that are gone: there
    only a sentence that goes on behind the mention says that it is none, as `@jane is hiring` does."""
    said = text.lstrip()
    match = _MENTIONS.match(said) if said[:1] == "@" else None
    rest = said[match.end() :] if match else text
    goes_on = _JOINED.match(rest) or (rest[:1].islower() and not is_link(rest))
    return text if goes_on and not is_reply else rest


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return storable(str(value)).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
