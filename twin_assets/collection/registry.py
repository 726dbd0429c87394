"""Every kind of source there is, and which of them something given is: a path, a URL, a handle or an id."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from twin_assets.collection.archive import is_zip, open_files, suffix
from twin_assets.collection.collector import Collector, LiveCollector
from twin_assets.collection.git import is_repository
from twin_assets.collection.linkedin import LinkedIn
from twin_assets.collection.markdown import Markdown
from twin_assets.collection.mastodon import Mastodon
from twin_assets.collection.medium import Medium
from twin_assets.collection.paper import Paper
from twin_assets.collection.substack import Substack
from twin_assets.collection.telegram import Telegram
from twin_assets.collection.web.arxiv import ArXiv
from twin_assets.collection.web.bluesky import Bluesky
from twin_assets.collection.web.github import GitHub
from twin_assets.collection.web.mastodon import MastodonApi
from twin_assets.collection.web.medium import MediumFeed
from twin_assets.collection.web.site import Site
from twin_assets.collection.web.substack import SubstackLive
from twin_assets.collection.whatsapp import WhatsApp
from twin_assets.collection.wordpress import WordPress
from twin_assets.collection.x import X
from twin_assets.errors import SourceError
from twin_assets.records import Kind

FILES: dict[Kind, Collector] = {
    c.kind: c
    for c in (
        LinkedIn(),
        Medium(),
        Substack(),
        X(),
        Mastodon(),
        WhatsApp(),
        Telegram(),
        WordPress(),
        Paper(),
        Markdown(),
    )
}
LIVE: dict[Kind, LiveCollector] = {
    c.kind: c for c in (MediumFeed(), SubstackLive(), GitHub(), Bluesky(), MastodonApi(), ArXiv(), Site())
}
"""The most specific first: a site is what is nothing else."""

_ARCHIVE_ONLY = {
    "linkedin.com": (
        "LinkedIn forbids reading profiles by program",
        "request your data (Settings, Data privacy, Get a copy of your data, the complete archive) and give the zip",
    ),
    "x.com": (
        "X forbids reading profiles by program",
        "request your archive (Settings, Your account, Download an archive of your data) and give the zip",
    ),
}
_ARCHIVE_ONLY["twitter.com"] = _ARCHIVE_ONLY["x.com"]
_BLOG_FOLDERS = ("_posts", "content")
"""Where Jekyll and Hugo keep what a site says."""
ALL_SUFFIXES = frozenset[str]().union(*(c.suffixes for c in FILES.values()))


@dataclass(frozen=True)
class Given:
    """What was given, understood: its kind, and whether it is a path here or an address elsewhere."""

    kind: Kind
    path: Path | None = None
    url: str = ""


def understand(given: str) -> Given:
    """The source that a person means by a path, a URL, a handle or an id.

    Raises SourceError, as a question, when it is unknown or could be several; with the way to one's archive for a
    profile on LinkedIn or X.
    """
    text = given.strip()
    if path := existing_path(text):
        return Given(recognize(path), path=path)
    return Given(recognize_address(text), url=text)


def existing_path(text: str) -> Path | None:
    """The file or folder that a text names, `~` included; None when it names none, or could name none."""
    try:
        path = Path(text).expanduser()
        return path.resolve() if text and path.exists() else None
    except (OSError, RuntimeError, ValueError):
        # Too long, someone's home that does not exist, or a character that no name has.
        return None


def recognize_address(address: str) -> Kind:
    """The kind of live source at an address, by its form alone. Raises SourceError like `understand`."""
    host = _host(address)
    for name, (why, instead) in _ARCHIVE_ONLY.items():
        if host == name or host.endswith(f".{name}"):
            raise SourceError(f"{address!r} cannot be collected: {why}", instead)
    for collector in LIVE.values():
        if collector.recognizes(address):
            return collector.kind
    if address.startswith("@"):
        raise SourceError(
            f"on which site is {address!r}?",
            "give it in full: @me@mastodon.social, me.bsky.social, https://medium.com/@me, https://github.com/me",
        )
    raise SourceError(
        f"{address!r} is no file or folder here, and no address that is known",
        "give a path, a URL (https://...), a handle (@me@mastodon.social, me.bsky.social) or an arXiv id",
    )


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def recognize(path: Path) -> Kind:
    """The kind of source that lies at `path`, by the names of the files inside a zip archive or folder.

    Raises SourceError when it is none of the known kinds, or could be several.
    """
    if is_repository(path):
        return recognize_repository(path)
    with open_files(path) as files:
        return recognize_names(path, files.names)


def recognize_repository(path: Path) -> Kind:
    """`git`, unless the repository at `path` holds a blog as well: that raises SourceError, as a question."""
    if posts := next((name for name in _BLOG_FOLDERS if (path / name).is_dir()), None):
        raise SourceError(
            f"{str(path)!r} is a git repository, and its folder {posts!r} looks like that of a blog",
            "set `kind: markdown` of the source for the posts, or `kind: git` for READMEs, docs and code",
        )
    return "git"


def recognize_names(path: Path, names: Sequence[str]) -> Kind:
    """The kind of files with these names. Raises SourceError like `recognize`."""
    found = [c for c in FILES.values() if c.recognizes(names)]
    if len(found) == 1:
        return found[0].kind
    known = ", ".join(f"{c.kind} ({c.title})" for c in FILES.values())
    if found:
        several = " and ".join(c.title for c in found)
        raise SourceError(f"{str(path)!r} could be {several}", f"set `kind:` of the source to one of: {known}")
    if any(suffix(name) == ".zip" for name in names) and not is_zip(path):
        raise SourceError(f"{str(path)!r} holds archives", "give each archive as a source of its own")
    raise SourceError(
        f"{str(path)!r} is no source of a kind that is known", f"set `kind:` of the source to one of: {known}"
    )
