"""The files of a repository on GitHub: the tree of its default branch, and what they hold."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from twin_assets.collection.git_files import Entry, is_vendored_folder
from twin_assets.collection.web.github_api import Api, Listed, mapping, string, unexpected
from twin_assets.collection.web.page import Page

_OBJECT_ID = re.compile(r"[0-9a-f]{40,64}")


@dataclass
class Tree:
    """The files of a branch. `truncated`: GitHub did not list them at once, so they were found folder by folder."""

    entries: list[Entry] = field(default_factory=list)
    truncated: bool = False
    vendored: list[str] = field(default_factory=list)
    """Folders that were not listed because of their names."""
    left_out: bool = False
    """Whether further folders were not listed because pages ran short."""
    unreadable: int = 0
    """Entries that say nothing."""

    @property
    def is_whole(self) -> bool:
        """Whether a file that is not here does not exist."""
        return not self.left_out and not self.unreadable

    def take(self, page: Page, answer: Mapping[str, Any], prefix: str) -> dict[str, str]:
        """Take the entries of an answer in; returns its folders with their ids. Raises FetchError for no tree."""
        listed = answer.get("tree")
        if not isinstance(listed, list):
            raise unexpected(page)
        folders: dict[str, str] = {}
        for value in listed:
            facts = value if isinstance(value, dict) else {}
            path, sort, identity = prefix + string(facts, "path"), string(facts, "type"), string(facts, "sha")
            if path == prefix or sort not in ("blob", "commit", "tree") or not _OBJECT_ID.fullmatch(identity):
                self.unreadable += 1
            elif sort == "tree":
                folders[path] = identity
            else:
                size = facts.get("size")
                # A submodule has no size. One that is not known is not 0: reading the file says more.
                self.entries.append(Entry(path, string(facts, "mode"), identity, size if isinstance(size, int) else 1))
        return folders


def tree_path(listed: Listed) -> str:
    """Where the tree of a repository's default branch lies."""
    return f"/repos/{listed.full_name}/git/trees/{quote(listed.branch, safe='')}?recursive=1"


def read_tree(api: Api, listed: Listed, page: Page) -> Tree:
    """The tree of a page; folder by folder if GitHub cut it off.

    Raises FetchError when it is none, Spent when no page is left.
    """
    answer = mapping(page)
    if answer.get("truncated"):
        revision = string(answer, "sha")
        if not _OBJECT_ID.fullmatch(revision):
            raise unexpected(page)
        return _walk(api, listed, revision)
    tree = Tree()
    tree.take(page, answer, "")
    return tree


def _walk(api: Api, listed: Listed, revision: str) -> Tree:
    """The tree folder by folder, for at most half of the pages that are left: the others are for the files."""
    tree = Tree(truncated=True)
    folders = [("", revision, False)]
    reserve = api.pages_left // 2
    while folders and (api.pages_left > reserve or not api.pages_left):
        prefix, identity, recursive = folders.pop()
        path = f"/repos/{listed.full_name}/git/trees/{identity}"
        page = api.get(f"{path}?recursive=1" if recursive else path)
        answer = mapping(page)
        if answer.get("truncated") and recursive:
            folders.append((prefix, identity, False))
            continue
        tree.left_out = tree.left_out or bool(answer.get("truncated"))
        below = tree.take(page, answer, prefix)
        if not recursive:
            tree.vendored += [folder for folder in below if is_vendored_folder(folder)]
            folders += [(f"{f}/", blob, True) for f, blob in below.items() if not is_vendored_folder(f)]
    tree.left_out = tree.left_out or bool(folders)
    return tree


def read_blob(api: Api, listed: Listed, blob: str) -> bytes:
    """The content of a blob. Raises FetchError."""
    page = api.get(f"/repos/{listed.full_name}/git/blobs/{blob}")
    answer = mapping(page)
    content = answer.get("content")
    try:
        if answer.get("encoding") == "base64" and isinstance(content, str):
            return base64.b64decode(content)
    except ValueError:
        pass
    raise unexpected(page)
