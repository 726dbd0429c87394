"""A person's repositories on GitHub, or one of them: READMEs, documents and code, by the REST API.

Nothing is cloned. What is fetched is what a repository on this machine would give (`collection.git`), under the same
identities.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from twin_assets.collection.collector import Gone, Item, Visit
from twin_assets.collection.git_blame import own_key
from twin_assets.collection.web.github_api import Api, Listed, Spent, mapping, read_listed, unexpected, values
from twin_assets.collection.web.github_authors import find_author
from twin_assets.collection.web.github_repository import Work, stored
from twin_assets.collection.web.page import Page
from twin_assets.digests import digest
from twin_assets.errors import SourceError
from twin_assets.records import Kind

_TARGET = re.compile(
    r"(?P<owner>[A-Za-z0-9][A-Za-z0-9_-]{0,38})(?:/(?P<name>[A-Za-z0-9._-]{1,100}?)(?:\.git)?)?/?", re.ASCII
)
_NO_ACCOUNTS = frozenset(
    {
        "about", "apps", "collections", "explore", "features", "join", "login", "marketplace", "notifications",
        "orgs", "pricing", "search", "settings", "sponsors", "topics", "trending",
    }
)  # fmt: skip


@dataclass
class GitHub:
    """The repositories of `https://github.com/<user>` or `github:<user>`, or the one of
    `https://github.com/<owner>/<repository>`.

    Forks and mirrors are left out; archived repositories are not. A private repository is collected when it is the
    source itself, or with `include_private: true` when the token is its owner's; its documents are private. A user's
    own handle is the author's; for the owner of a single repository that is so when the account shows the author's
    name, or `own_names` holds it.

    One run fetches at most `max_pages` pages and goes on at the same repository the next time.
    """

    api: str = "https://api.github.com"
    token: str = field(default="", repr=False)
    """An access token: without one GitHub answers 60 requests in an hour."""
    kind: Kind = field(default="git", init=False)
    title: str = field(default="a GitHub account or repository", init=False)

    def recognizes(self, address: str) -> bool:
        """Whether it is the address of an account or a repository, on GitHub or where the API is."""
        return self._target(address) is not None

    def collect(self, visit: Visit) -> Iterator[Item | Gone]:
        """What is new, changed or gone in each repository.

        Raises FetchError when the API cannot be had (a rate limit, a wrong token), SourceError for an address that is
        none, and for a repository without a commit of the author.
        """
        origin = visit.origin
        target = self._target(origin.source.url)
        if target is None:
            raise SourceError(
                f"{origin.source.url!r} is no account or repository on GitHub",
                "give https://github.com/<user> or https://github.com/<owner>/<repository>",
            )
        owner, name = target
        # Drafts are set aside file by file: whether they are wanted counts like the question whose files they are.
        key = digest("github", own_key(origin), origin.source.include_drafts)
        if visit.notes.get("key") != key:
            visit.notes.clear()
            visit.notes["key"] = key
        api = Api(self.api, self.token, visit.fetcher, origin.source.max_pages)
        try:
            yield from self._collect(visit, api, owner, name)
        except Spent:
            visit.report(f"{origin.source.name}: {origin.source.max_pages} pages were fetched; the next run goes on")

    def _collect(self, visit: Visit, api: Api, owner: str, name: str) -> Iterator[Item | Gone]:
        origin, notes = visit.origin, visit.notes
        listing, unreadable = _listing(visit, api, owner, name)
        if unreadable:
            detail = f"{unreadable} repositories of the listing say nothing"
            yield origin.exclusion("unreadable", detail, file=f"{owner}/")
        author = find_author(visit, api, owner, whole_account=not name)
        for listed in _from(listing, notes.get("at", "")):
            notes["at"] = listed.full_name
            reason, detail = listed.reason, listed.detail
            if not reason and listed.private and not name and not origin.source.include_private:
                reason, detail = "private", "is private; `include_private: true` collects it"
            if reason:
                notes.get("repositories", {}).pop(listed.full_name, None)
                yield origin.exclusion(reason, detail, file=f"{listed.full_name}/")
                for document in stored(visit, listed.repository):
                    yield Gone(document.document_id, f"its repository {detail}")
                continue
            yield from Work(visit, api, listed, author, asked_for=bool(name)).collect()
        notes.pop("at", None)
        if not unreadable:
            yield from _unlisted(visit, listing)

    def _target(self, address: str) -> tuple[str, str] | None:
        """Owner and repository (blank for all of them) that an address names."""
        address = address.strip()
        place = address.removeprefix("github:")
        if place == address:
            try:
                parts = urlsplit(address)
                hosts = {"github.com", urlsplit(self.api).netloc.removeprefix("api.")} - {""}
                if parts.scheme not in ("http", "https") or parts.netloc.lower().removeprefix("www.") not in hosts:
                    return None
            except ValueError:
                return None
            place = parts.path.removeprefix("/")
        found = _TARGET.fullmatch(place)
        if found is None or found["owner"].lower() in _NO_ACCOUNTS or found["name"] in (".", ".."):
            return None
        return found["owner"], found["name"] or ""


def _listing(visit: Visit, api: Api, owner: str, name: str) -> tuple[list[Listed], int]:
    """The repositories of the source, and how many entries of their listing are none.

    Raises FetchError when they cannot be listed.
    """
    paths = [f"/repos/{owner}/{name}" if name else f"/users/{owner}/repos?type=owner&per_page=100&page=1"]
    if not name and api.has_token and visit.origin.source.include_private:
        # That of a user is of public ones only. This one is of whoever the token belongs to.
        paths.append("/user/repos?visibility=private&affiliation=owner&per_page=100&page=1")
    noted: dict[str, Any] = visit.notes.get("listing") or {}
    seen: dict[str, Any] = {}
    while paths:
        path = paths.pop(0)
        if path in seen:
            continue
        part = noted.get(path)
        page = api.get(path, conditional=part is not None)
        if part is None or not page.unchanged:
            part = _part(page, single=bool(name)) | {"next": api.next_path(page)}
        seen[path] = part
        visit.notes["listing"] = {**noted, **seen}
        # Everything of the page is in the notes, which are kept together with its validators.
        visit.fetcher.confirm(page)
        if part["next"]:
            paths.append(part["next"])
    visit.notes["listing"] = seen
    repositories = {facts["full_name"]: Listed(**facts) for part in seen.values() for facts in part["repositories"]}
    # A single repository that was renamed or given away is answered under its new name.
    listing = [r for r in repositories.values() if name or not r.private or _is_of(owner, r)]
    return listing, sum(part["unreadable"] for part in seen.values())


def _part(page: Page, *, single: bool) -> dict[str, Any]:
    """What a page of a listing says, as it is noted. Raises FetchError when it is none."""
    read = [read_listed(value) for value in ([mapping(page)] if single else values(page))]
    if single and None in read:
        raise unexpected(page)
    return {"unreadable": read.count(None), "repositories": [asdict(listed) for listed in read if listed]}


def _is_of(owner: str, listed: Listed) -> bool:
    return listed.full_name.casefold().startswith(f"{owner.casefold()}/")


def _unlisted(visit: Visit, listing: list[Listed]) -> Iterator[Gone]:
    """What is stored of repositories that were deleted, renamed or given away."""
    names = {listed.full_name for listed in listing}
    noted: dict[str, Any] = visit.notes.get("repositories", {})
    visit.notes["repositories"] = {name: facts for name, facts in noted.items() if name in names}
    kept = {document.document_id for listed in listing for document in stored(visit, listed.repository)}
    for document in stored(visit, ""):
        if document.document_id not in kept:
            yield Gone(document.document_id, "its repository is not listed any more")


def _from(listing: list[Listed], full_name: str) -> list[Listed]:
    """The listing from where the last run was cut off, and then around."""
    names = [listed.full_name for listed in listing]
    start = names.index(full_name) if full_name in names else 0
    return listing[start:] + listing[:start]
