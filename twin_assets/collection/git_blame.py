"""Whose lines a file of a repository holds: by its history where that is plain, by `git blame` where it is not."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from twin_assets.collection.collector import Origin
from twin_assets.collection.dates import parse_date
from twin_assets.collection.git_command import Git, GitFailed
from twin_assets.collection.git_files import Entry
from twin_assets.collection.text import Unreadable, storable
from twin_assets.digests import digest

OWN_SHARE = 0.5
"""Share of a file's lines from which the file is the author's."""
_NOREPLY = re.compile(r"(?:\d+\+)?(?P<login>[^@+]+)@users\.noreply\.github\.com", re.IGNORECASE)
_BLAME_TIMEOUT_S = 120.0
_MARK = b"\x01"
_FORMAT = "%x01%aN%x01%aE%x01%aI"


def is_author(origin: Origin, *identities: str) -> bool:
    """Whether one of a committer's names, handles and e-mail addresses is the author's.

    GitHub's no-reply address stands for the handle in it.
    """
    handles = [found["login"] for identity in identities if (found := _NOREPLY.fullmatch(identity))]
    return any(origin.is_own(identity) for identity in (*identities, *handles) if identity)


def own_key(origin: Origin) -> str:
    """What changes when someone else counts as the author: what was noted about authorship is void then."""
    return digest("own", origin.author, sorted(origin.source.own_names))


@dataclass
class History:
    """What the commits up to HEAD say. Paths are today's: a file's earlier names are followed."""

    committers: Counter[str] = field(default_factory=Counter)
    """Commits by author's name."""
    own_commits: int = 0
    last_own: dict[str, datetime | None] = field(default_factory=dict)
    """When the author last touched each file that they touched."""
    added: set[str] = field(default_factory=set)
    """Files whose first commit is known. What came in by a merge of another history has none."""
    others: set[str] = field(default_factory=set)
    """Files that someone else touched."""

    def plain_share(self, path: str) -> float | None:
        """The author's share of a file that only they, or only others, ever touched; None for every other file."""
        if path not in self.added or (path in self.last_own and path in self.others):
            return None
        return 1.0 if path in self.last_own else 0.0


def read_history(repository: Git, origin: Origin) -> History:
    """One pass over all commits. Raises GitFailed when git cannot read them."""
    history = History()
    renamed: dict[str, str] = {}
    authors: dict[tuple[str, str], bool] = {}
    own, when = False, ""
    tokens = repository.tokens(
        "log", "-z", "--date-order", "-M", "--name-status", "--root",
        "--ignore-submodules=all", f"--format={_FORMAT}", "HEAD",
    )  # fmt: skip
    for token in tokens:
        if token.startswith(_MARK):
            name, email, when = (os.fsdecode(part) for part in token[1:].rsplit(_MARK, 2))
            if (name, email) not in authors:
                authors[name, email] = is_author(origin, name, email)
            own = authors[name, email]
            history.own_commits += own
            history.committers[name or "(no name)"] += 1
            continue
        status = token.strip().decode("ascii", "replace")
        if not status:
            continue
        path = earlier = os.fsdecode(next(tokens, b""))
        if status[0] in "RC":
            path = os.fsdecode(next(tokens, b""))
        today = renamed.get(path, path)
        if status[0] == "R":
            # Going back in time: what older commits call by the earlier name is this file.
            renamed[earlier] = today
        if status[0] == "A":
            history.added.add(today)
        if own:
            history.last_own.setdefault(today, parse_date(when))
        else:
            history.others.add(today)
    return history


class Authorship:
    """The author's share of files.

    Args:
        notes: JSON that is kept between runs: shares by path and blob, so that an unchanged file is not blamed again.
    """

    def __init__(self, repository: Git, history: History, origin: Origin, notes: dict[str, Any]) -> None:
        self._repository, self._history, self._origin = repository, history, origin
        if notes.get("own") != own_key(origin):
            notes.clear()
            notes["own"] = own_key(origin)
        self._known: dict[str, list[Any]] = notes.get("shares") or {}
        self._shares: dict[str, list[Any]] = {}
        notes["shares"] = self._shares

    def share(self, entry: Entry) -> float:
        """The author's share of a file's lines, 0 to 1. Raises Unreadable when git cannot tell."""
        plain = self._history.plain_share(entry.path)
        if plain is not None:
            return plain
        key = storable(entry.path)
        known = self._known.get(key)
        share = float(known[1]) if known and known[0] == entry.blob else self._blame(entry.path)
        self._shares[key] = [entry.blob, share]
        return share

    def _blame(self, path: str) -> float:
        try:
            written = self._repository.run(
                "blame", "--line-porcelain", "-w", "-M", "HEAD", "--", path,
                timeout_s=_BLAME_TIMEOUT_S,
            )  # fmt: skip
        except GitFailed as error:
            raise Unreadable("unreadable", f"who wrote it cannot be told: {error.what}") from error
        lines = Counter(_authors(written))
        own = sum(count for author, count in lines.items() if is_author(self._origin, *author))
        return own / lines.total() if lines else 0.0


def _authors(porcelain: bytes) -> Iterator[tuple[str, str]]:
    """Name and e-mail address for each line that is not blank."""
    name = email = ""
    for line in porcelain.split(b"\n"):
        if line.startswith(b"\t"):
            if line.strip():
                yield name, email
        elif line.startswith(b"author "):
            name = os.fsdecode(line[7:])
        elif line.startswith(b"author-mail "):
            email = os.fsdecode(line[12:]).strip("<> ")
