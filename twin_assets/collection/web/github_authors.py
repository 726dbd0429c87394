"""Whose commits those of a repository on GitHub are. There is no blame over the API: they are counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from twin_assets.collection.collector import Origin, Visit
from twin_assets.collection.dates import parse_date
from twin_assets.collection.git_blame import is_author
from twin_assets.collection.web.github_api import Api, Listed, mapping, string, unexpected, values
from twin_assets.collection.web.page import Page
from twin_assets.errors import FetchError, SourceError

_CONTRIBUTOR_PAGES = 5
_COMMITS = 30
"""Commits of a file that are looked at, the newest first."""
_NAMED = 3
"""Contributors that an error names."""
_Counts = dict[tuple[str, str, str], int]
"""Commits by handle, name and e-mail address of who made them, each blank where it is not said."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who the author is on GitHub: by handle, besides the names and e-mail addresses that the source says."""

    origin: Origin
    handles: frozenset[str]

    def wrote(self, *identities: str) -> bool:
        """Whether one of these handles, names and e-mail addresses is the author's."""
        return any(i.casefold() in self.handles for i in identities) or is_author(self.origin, *identities)


def find_author(visit: Visit, api: Api, owner: str, *, whole_account: bool) -> Author:
    """The author: the owner of an account that is the source as a whole.

    The owner of a single repository only if the account shows the author's name. Raises FetchError when the API cannot
    be had.
    """
    if not whole_account and not visit.origin.is_own(owner):
        if "owner_name" not in visit.notes:
            visit.notes["owner_name"] = _shown_name(api, owner)
        if not visit.origin.is_own(visit.notes["owner_name"]):
            return Author(visit.origin, frozenset())
    return Author(visit.origin, frozenset({owner.casefold()}))


def commit_share(
    visit: Visit, api: Api, listed: Listed, author: Author, noted: dict[str, Any], *, asked_for: bool
) -> float | None:
    """The author's share of a repository's commits; None when GitHub does not say, or what it says makes no sense.

    Args:
        noted: the repository's notes: the share is kept there.
        asked_for: whether the repository is the source itself.

    Raises FetchError when the API cannot be had, SourceError when the repository was asked for, and none of its
    commits is the author's.
    """
    counts: _Counts = {}
    path = f"/repos/{listed.full_name}/contributors?anon=1&per_page=100"
    try:
        first = page = api.get(path, conditional="share" in noted)
        if page.unchanged:
            share: float | None = noted["share"]
            return share
        counts.update(_read_contributors(page))
        for _ in range(_CONTRIBUTOR_PAGES - 1):
            if not (path := api.next_path(page)):
                break
            page = api.get(path)
            counts.update(_read_contributors(page))
    except FetchError as error:
        if api.is_away(error):
            raise
        return None
    total = sum(counts.values())
    own = sum(count for identity, count in counts.items() if author.wrote(*identity))
    if total and not own and asked_for:
        raise _nobody(author.origin, listed, counts)
    share = own / total if total else None
    noted["share"] = share
    visit.fetcher.confirm(first)
    return share


def file_share(api: Api, listed: Listed, path: str, author: Author) -> tuple[float, datetime | None]:
    """The author's share of the newest commits of a file, and when the last one of them was made. Raises FetchError."""
    query = f"sha={quote(listed.branch, safe='')}&path={quote(path, safe='')}&per_page={_COMMITS}"
    page = api.get(f"/repos/{listed.full_name}/commits?{query}")
    commits = values(page)
    own = 0
    last: datetime | None = None
    for value in commits:
        facts = value if isinstance(value, dict) else {}
        account, commit = facts.get("author"), facts.get("commit")
        written = commit.get("author") if isinstance(commit, dict) else None
        signed: Mapping[str, Any] = written if isinstance(written, dict) else {}
        handle = string(account, "login") if isinstance(account, dict) else ""
        if author.wrote(handle, string(signed, "name"), string(signed, "email")):
            own += 1
            last = last or parse_date(signed.get("date"))
    if not commits:
        raise unexpected(page)
    return own / len(commits), last


def _read_contributors(page: Page) -> _Counts:
    """The counts of a page. Raises FetchError when one of them says nothing: the share would be another."""
    counts: _Counts = {}
    for value in values(page):
        facts = value if isinstance(value, dict) else {}
        count = facts.get("contributions")
        who = (string(facts, "login"), string(facts, "name"), string(facts, "email"))
        if not isinstance(count, int) or count < 0 or not any(who):
            raise unexpected(page)
        counts[who] = count
    return counts


def _nobody(origin: Origin, listed: Listed, counts: _Counts) -> SourceError:
    names = [repr(login or name) for (login, name, _), _ in sorted(counts.items(), key=lambda i: -i[1])]
    who = ", ".join(names[:_NAMED]) + (" and others" if len(names) > _NAMED else "")
    return SourceError(
        f"no commit of {listed.repository!r} is by {origin.author!r}: its commits are by {who}",
        f"add the author's handle, name or e-mail address there to `own_names` of source {origin.source.name!r}",
    )


def _shown_name(api: Api, login: str) -> str:
    """The name that an account shows; blank when it shows none."""
    try:
        return string(mapping(api.get(f"/users/{login}")), "name")
    except FetchError as error:
        if api.is_away(error):
            raise
        return ""
