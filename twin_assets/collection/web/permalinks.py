"""URLs as identities: one canonical form for each page, and what a URL's form says about the page behind it."""

import re
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

from twin_assets.collection.text import storable

_PORTS = {"http": 80, "https": 443}
_PATH_SAFE = "/%!$&'()*+,;=:@~"
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$", re.IGNORECASE)
_LISTING = re.compile(
    r"/(?:(?:tags?|categor(?:y|ies)|topics?|labels?|authors?|search)(?:/.*)?"
    r"|archives?(?:/[\d/-]*)?"
    r"|(?:.*/)?page/?\d+"
    r"|(?:.*/)?(?:tag|category|author)/[^/]+"
    r"|(?:.*/)?(?:19|20)\d\d(?:/\d\d?){0,2})/?",
    re.IGNORECASE,
)
"""Tags, categories, archives by date, searches and further pages: they list what is written elsewhere."""
_FURTHER_PAGE = re.compile(r"(?:^|&)(?:page|paged|pg|offset|start|m|year|month|cat|tag|s|q|search)=", re.IGNORECASE)
_NO_PAGE = re.compile(
    r"(?:/(?:feed|rss|atom|comments|trackback|wp-(?:admin|json|login|content|includes)|xmlrpc|cdn-cgi|cart|checkout"
    r"|login|signin|sign-in|signup|register|logout|admin|account|subscribe|unsubscribe)(?:[/.].*)?"
    r"|.*/(?:feed|trackback|amp)/?)",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"\.(?:7z|aac|atom|avi|avif|bib|bz2|css|csv|dmg|docx?|eot|epub|exe|flac|gif|gz|heic|ico|ics|iso|jar|jpe?g|js|json"
    r"|m4[av]|mjs|mkv|mobi|mov|mp[34]|mpe?g|odp|ods|odt|og[agv]|otf|pdf|png|pptx?|ps|rar|rdf|rss|svg|tar|tgz|tiff?"
    r"|ttf|wasm|wav|web[mp]|webmanifest|wmv|woff2?|xlsx?|xml|xz|zip)$",
    re.IGNORECASE,
)
_SCRIPT = re.compile(r"\.(?:php\d?|aspx?|cgi|jsp|pl|cfm)$", re.IGNORECASE)
_NAMES_A_PAGE = re.compile(r"(?:p|page_id|id|article|post|story)=[^&]+", re.IGNORECASE)


def canonical(url: str) -> str:
    """The URL without fragment, tracking parameters and default port, host in lower case, characters outside ASCII
    percent-encoded; blank for what is no http(s) URL. Applying it twice changes nothing."""
    parts = _split(url)
    host = _host(parts) if parts else ""
    if parts is None or not host:
        return ""
    path = quote(parts.path, safe=_PATH_SAFE) or "/"
    return urlunsplit((parts.scheme.lower(), host, path, _query(parts.query), ""))


def join(base: str, link: str) -> str:
    """A link on a page as a canonical URL; blank when it leads to no page."""
    try:
        return canonical(urljoin(base, link.strip()))
    except ValueError:
        return ""


def page_key(url: str) -> str:
    """What all spellings of one page's URL share: no scheme, no `www.`, no slash or `index.html` at the end."""
    parts = urlsplit(canonical(url))
    path = storable(unquote(_INDEX.sub("/", parts.path), errors="replace")).rstrip("/")
    return f"{site_of(url)}{path}{'?' + parts.query if parts.query else ''}"


def site_of(url: str) -> str:
    """The host that a URL names (with its port, if it is no default one), without `www.`."""
    return urlsplit(canonical(url)).netloc.removeprefix("www.")


def same_site(url: str, other: str) -> bool:
    """Whether two URLs lie on one host, `www.` or not."""
    return bool(site_of(url)) and site_of(url) == site_of(other)


def on_site(url: str, root: str) -> str:
    """A URL of the same site, with the scheme and host that `root` has: a page named by `http` and by `https` is one
    page. A URL of another site stays as it is."""
    if not same_site(url, root):
        return url
    ours, site = urlsplit(url), urlsplit(root)
    return canonical(urlunsplit((site.scheme, site.netloc, ours.path, ours.query, "")))


def is_front(url: str) -> bool:
    """Whether it is a site's first page."""
    parts = urlsplit(canonical(url))
    return not parts.query and _INDEX.sub("/", parts.path) == "/"


def is_below(url: str, place: str) -> bool:
    """Whether a page lies at `place` or in the folder that it names; a `place` that names a file stands for its
    folder."""
    folder = urlsplit(canonical(place)).path
    head, _, last = folder.rpartition("/")
    if "." in last:
        folder = head
    folder = folder.rstrip("/")
    path = urlsplit(canonical(url)).path
    return same_site(url, place) and (path.rstrip("/") == folder or path.startswith(f"{folder}/"))


def is_listing(url: str) -> bool:
    """Whether the URL is by its form one of a tag, a category, an archive or a further page."""
    parts = urlsplit(canonical(url))
    return bool(_LISTING.fullmatch(parts.path) or _FURTHER_PAGE.search(parts.query))


def is_page(url: str) -> bool:
    """Whether there may be writing behind the URL: no feed, no form, no file of another type."""
    path = urlsplit(canonical(url)).path
    return bool(path) and not _NO_PAGE.fullmatch(path) and not _FILE.search(path)


def is_variant(url: str) -> bool:
    """Whether its query only asks for another view of a page, as far as its form says."""
    parts = urlsplit(canonical(url))
    if not parts.query or _FURTHER_PAGE.search(parts.query):
        return False
    return not _SCRIPT.search(parts.path) and not (
        _NAMES_A_PAGE.fullmatch(parts.query) and _INDEX.sub("/", parts.path) == "/"
    )


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(storable(url).strip())
        known = parts.scheme.lower() in _PORTS and (parts.port is None or parts.port > 0)
        return parts if known else None
    except ValueError:
        return None


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if not host:
        return ""
    try:
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        host = quote(host)
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in (None, _PORTS[parts.scheme.lower()]) else f"{host}:{parts.port}"


def _query(query: str) -> str:
    """Without tracking parameters, in the order of names; a query that is no list of parameters names a page."""
    from courlan import normalize_url

    if "=" not in query:
        return quote(query, safe="/%!$&'()*+,;=:@~?")
    return urlsplit(str(normalize_url(f"http://site.example/?{query}"))).query
