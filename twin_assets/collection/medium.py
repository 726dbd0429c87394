"""Medium's export: the stories and responses in `posts/`. What the account read, marked or applauded, whom it follows
and where it logged in from lies beside them and is not opened."""

import contextlib
import html
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from twin_assets.collection.archive import Files, base_name, suffix
from twin_assets.collection.collector import Item, Origin
from twin_assets.collection.dates import parse_date, split_dated_name
from twin_assets.collection.markup import has_html_words
from twin_assets.collection.text import Unreadable, decode, storable
from twin_assets.progress import Report, track
from twin_assets.records import Kind

if TYPE_CHECKING:
    import bs4

_POST = re.compile(r"(?:draft_|\d{4}-\d{2}-\d{2}_).*\.html", re.IGNORECASE | re.DOTALL)
_ID = re.compile(r"(?:^|[-_/])([0-9a-f]{8,12})/?$")
"""A story's number in hexadecimal digits: twelve of them, fewer for one in sixteen."""
_HANDLE = re.compile(r"/(@[^/?#]+)")
_REPLY = "in response to"
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


@dataclass(frozen=True, slots=True)
class Story:
    """A page of the export; `html` is its body, `parent` the URL of what it responds to (blank: not known)."""

    native_id: str
    title: str
    html: str
    url: str
    published: str
    author: str
    handle: str
    parent: str


class Medium:
    """Each `posts/*.html` is a document; drafts are named `draft_*`."""

    kind: Kind = "medium"
    title = "a Medium export"
    suffixes = frozenset({".html"})
    looked_for = "posts/*.html were looked for: export again (Settings, Security and apps, Download your information)"

    def recognizes(self, names: Sequence[str]) -> bool:
        """Whether there is a story named as Medium names them: by its day, or as a draft."""
        return any(_is_post(name) and _POST.fullmatch(base_name(name)) for name in names)

    def collect(self, files: Files, origin: Origin, report: Report) -> Iterator[Item]:
        """A document or an exclusion for each file in `posts/`."""
        account = _account(files)
        names = [name for name in files.names if _is_post(name)]
        for name in track(names, f"{origin.source.name}: stories", len(names), report):
            try:
                story = read_story(decode(files.read(name)), PurePosixPath(name).stem)
                words = has_html_words(story.html)
            except Unreadable as error:
                identity = story_id(PurePosixPath(name).stem) or name
                yield origin.exclusion(error.reason, error.detail, file=name, native_id=identity)
                continue
            yield _document(story, words, name, account, origin)


def story_id(address: str) -> str:
    """The hexadecimal number at the end of a story's URL or of its file's stem; blank when there is none."""
    try:
        match = _ID.search(urlsplit(address).path)
    except ValueError:
        return ""
    return match[1] if match else ""


def without_query(url: str) -> str:
    """A URL without its query and fragment, which on Medium say only where a reader came from; blank for no URL."""
    try:
        parts = urlsplit(storable(url).strip())
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")) if parts.scheme and parts.netloc else ""


def is_made_up(title: str, body: str) -> bool:
    """Whether a title is no more than the first words of the body (HTML): a response has no title, and Medium makes
    one up. Raises Unreadable when the body cannot be parsed."""
    shown = _folded(title).rstrip("….").rstrip()
    first = next((text for text in _parse(body).find_all(string=True) if text.strip()), None)
    if not shown or first is None or any(parent.name in _HEADINGS for parent in first.parents):
        return False
    block = next((parent for parent in first.parents if parent.name in ("p", "blockquote", "li", "body")), first)
    return _folded(block.get_text()).startswith(shown)


def read_story(page: str, stem: str) -> Story:
    """The parts of a story's page; `stem` is its file's name without the suffix. Raises Unreadable without a body."""
    soup = _parse(page)
    body = soup.select_one("section[data-field=body]") or soup.select_one(".e-content")
    if body is None:
        raise Unreadable("unreadable", "has no body: `section[data-field=body]` was looked for")
    canonical = without_query(_attribute(soup.select_one("a.p-canonical"), "href"))
    footer: list[Any] = [link for link in soup.select("footer a[href]") if body not in link.parents]
    short = next((url for url in (without_query(_attribute(a, "href")) for a in footer) if "/p/" in url), "")
    # A canonical URL on another site may end in anything.
    own = canonical if _is_medium(canonical) else ""
    identity = next((i for i in map(story_id, (own, short, stem, canonical)) if i), "")
    byline = soup.select_one("a.p-author, .p-author")
    handle = _HANDLE.search(_attribute(byline, "href"))
    parent = _parent(soup, body)
    title = _title(soup)
    # The line above a story is there in every export and on no page.
    for divider in body.select(".section--first > .section-divider"):
        divider.decompose()
    titled = body.select_one(".graf--title")
    _keep_subtitle(soup, body, titled)
    content = str(body.decode_contents()).strip()
    if parent or (titled is None and is_made_up(title, content)):
        title = ""
    return Story(
        native_id=identity or stem,
        title=title,
        html=content,
        url=canonical or short,
        published=_attribute(soup.select_one("time.dt-published"), "datetime"),
        author=_text(byline),
        handle=handle[1] if handle else "",
        parent=parent,
    )


def _is_post(name: str) -> bool:
    return suffix(name) == ".html" and name.lower().split("/")[-2:-1] == ["posts"]


def _account(files: Files) -> str:
    """The account's handle from its profile; blank where the export does not say."""
    for name in files.names:
        if name.lower().split("/")[-2:] == ["profile", "profile.html"]:
            with contextlib.suppress(Unreadable):
                for link in _parse(decode(files.read(name))).select("a.u-url[href]"):
                    if match := _HANDLE.search(_attribute(link, "href")):
                        return match[1]
    return ""


def _document(story: Story, words: bool, name: str, account: str, origin: Origin) -> Item:
    draft = base_name(name).lower().startswith("draft_") and not origin.source.include_drafts
    # The export is the account's own, whatever the author calls themselves there.
    known = any(origin.is_own(by) for by in (story.author, story.handle, story.handle[1:]) if by)
    theirs = bool(account and story.handle and story.handle.lower() != account.lower() and not known)
    excluded = "guest" if theirs else "draft" if draft else ""
    if not words:
        return origin.exclusion(excluded or "empty", "has no text", file=name, native_id=story.native_id)
    marker = f"<p>(in reply to {html.escape(story.parent)})</p>\n\n" if story.parent else ""
    return origin.document(
        story.native_id,
        marker + story.html,
        "text/html",
        file=name,
        url=story.url or name,
        title=story.title,
        published_at=parse_date(story.published) or split_dated_name(PurePosixPath(name).stem)[0],
        by=(story.author or story.handle) if theirs else "",
        excluded=excluded,
    )


def _title(soup: "bs4.BeautifulSoup") -> str:
    tags = (soup.select_one(selector) for selector in ("h1.p-name", ".p-name", "head > title", "h1"))
    return next((text for text in map(_text, tags) if text), "")


def _parent(soup: "bs4.BeautifulSoup", body: "bs4.Tag") -> str:
    """The URL of what the page says that it responds to, outside its body."""
    for tag in soup.select(".u-in-reply-to, [rel~=in-reply-to], header p, footer p, section[data-field]"):
        if tag is body or body in tag.parents:
            continue
        named = "u-in-reply-to" in (tag.get("class") or []) or "in-reply-to" in (tag.get("rel") or [])
        if named or _folded(tag.get_text(" ")).startswith(_REPLY):
            link = tag if tag.name == "a" else tag.find("a", href=True)
            if url := without_query(_attribute(link, "href")):
                return url
    return ""


def _keep_subtitle(soup: "bs4.BeautifulSoup", body: "bs4.Tag", titled: "bs4.Tag | None") -> None:
    """Put a subtitle that the body does not hold below the title; most are the body's first words, or repeated."""
    written = _text(soup.select_one("section[data-field=subtitle], .p-summary[data-field=subtitle]"))
    shown = _squeezed(written).rstrip("….")
    if not shown or _folded(written).startswith(_REPLY) or shown in _squeezed(body.get_text()):
        return
    paragraph = soup.new_tag("p")
    paragraph.string = written
    if titled is None:
        body.insert(0, paragraph)
    else:
        titled.insert_after(paragraph)


def _is_medium(url: str) -> bool:
    host = urlsplit(url).netloc.lower()
    return host == "medium.com" or host.endswith(".medium.com")


def _attribute(tag: Any, name: str) -> str:
    value = tag.get(name) if tag is not None else None
    return value.strip() if isinstance(value, str) else ""


def _text(tag: Any) -> str:
    return " ".join(tag.get_text(" ").split()) if tag is not None else ""


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _squeezed(text: str) -> str:
    """Without white space, which markup inside a word or between two may or may not stand for."""
    return "".join(text.casefold().split())


def _parse(page: str) -> "bs4.BeautifulSoup":
    import bs4

    try:
        with warnings.catch_warnings():
            # A body that looks like a file name, a URL or XML is still what the export calls a body.
            warnings.simplefilter("ignore", UserWarning)
            return bs4.BeautifulSoup(page, "lxml")
    except (ValueError, AssertionError, RecursionError, bs4.ParserRejectedMarkup) as error:
        raise Unreadable("unreadable", f"cannot be parsed as HTML: {type(error).__name__}") from error
