"""A Substack post as its API has it: whose it is, how much of it the public sees, and what tells its states apart."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote, urlsplit

from twin_assets.collection.collector import Item, Origin
from twin_assets.collection.dates import parse_date
from twin_assets.collection.text import has_words, storable
from twin_assets.collection.web.bylines import attribute
from twin_assets.collection.web.tree import word_count
from twin_assets.digests import digest

_SHARED = re.compile(r"/pub/(?P<name>[A-Za-z0-9-]+)(?P<rest>/.*)?")
"""Links that Substack's apps share lead over `open.substack.com`."""
_POST = re.compile(r"/p/(?P<slug>[^/]+)/?(?:comments)?")
_WRITING = frozenset({"", "newsletter", "post"})
_MIN_WORDS = 60
"""Words from which a podcast's or a thread's text is a piece of writing of its own."""
_PREVIEW = 0.6
"""Share of a post's words below which its public body is only the beginning."""


def place(address: str) -> tuple[str, str]:
    """The base URL of a publication, and the slug of a single post, that an address means; blank for what is none."""
    try:
        parts = urlsplit(address.strip() if "://" in address else f"https://{address.strip()}")
        host = parts.netloc.rpartition("@")[2].lower()
        if not parts.hostname or parts.scheme not in ("http", "https"):
            return "", ""
    except ValueError:
        return "", ""
    path = parts.path
    if host == "open.substack.com" and (shared := _SHARED.fullmatch(path)):
        host, path = f"{shared['name'].lower()}.substack.com", shared["rest"] or ""
    post = _POST.fullmatch(path)
    return f"{parts.scheme}://{host}", unquote(post["slug"]) if post else ""


def field_of(value: object, key: str) -> str:
    """A text or number in an answer as text; blank where there is none."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return storable(str(found)).strip() if isinstance(found, str | int) and not isinstance(found, bool) else ""


def revision(post: Mapping[str, object]) -> str:
    """What tells one state of a post from another, as far as the archive says."""
    return digest(*(post.get(key) for key in ("post_date", "updated_at", "wordcount", "title", "audience", "slug")))


def byline(post: Mapping[str, object], origin: Origin) -> tuple[list[str], str, str]:
    """The names that a post bears, and what `attribute` says of them."""
    names: list[str] = []
    own: set[str] = set()
    for person in _objects(post.get("publishedBylines")):
        handle = field_of(person, "handle")
        name = field_of(person, "name") or handle
        if name:
            names.append(name)
        if any(said and origin.is_own(said) for said in (name, handle, f"@{handle}")):
            own.add(name)
    return names, *attribute(names, origin, lambda name: name in own)


def read_post(post: Mapping[str, object], url: str, origin: Origin) -> Item:
    """The document that a post is, or why it is none; `url` is where it lies if it does not say so itself."""
    identity, url = field_of(post, "id"), field_of(post, "canonical_url") or url
    body, beginning = field_of(post, "body_html"), field_of(post, "truncated_body_text")
    _, by, excluded = byline(post, origin)
    words = word_count(body)
    if not excluded and _is_preview(post, words):
        excluded = "paywalled"
    if not excluded and field_of(post, "type").lower() not in _WRITING and words < _MIN_WORDS:
        excluded = "not_a_post"
    text = body if words else beginning
    if not has_words(text):
        return origin.exclusion(excluded or "empty", "has no words that are public", file=url, native_id=identity)
    return origin.document(
        identity,
        text,
        "text/html" if words else "text/plain",
        file=url,
        url=url,
        title=field_of(post, "title"),
        published_at=parse_date(field_of(post, "post_date")),
        scope="public" if field_of(post, "audience").lower() in ("", "everyone", "only_free") else "private",
        by=by,
        excluded=excluded,
    )


def _is_preview(post: Mapping[str, object], words: int) -> bool:
    """Whether only the beginning is public."""
    count = post.get("wordcount")
    whole = count if isinstance(count, int) else 0
    if field_of(post, "audience").lower() in ("", "everyone"):
        return False
    return words < _PREVIEW * whole if words else bool(field_of(post, "truncated_body_text"))


def _objects(value: object) -> Sequence[Mapping[str, object]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []
