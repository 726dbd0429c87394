"""One repository on GitHub: its tree is compared with what was noted, and what is new in it is fetched.

There is no blame over the API, so a file is the author's by commits: all files are where nearly all of the repository's
commits are the author's, else each by its own newest commits.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from twin_assets.collection.archive import base_name
from twin_assets.collection.collector import Gone, Item, Visit
from twin_assets.collection.git_address import Address
from twin_assets.collection.git_attributes import Attributes
from twin_assets.collection.git_blame import OWN_SHARE
from twin_assets.collection.git_documents import file_items
from twin_assets.collection.git_files import LARGEST, Chosen, sort_files
from twin_assets.collection.text import Unreadable, decode, storable
from twin_assets.collection.web.github_api import Api, Listed
from twin_assets.collection.web.github_authors import Author, commit_share, file_share
from twin_assets.collection.web.github_tree import Tree, read_blob, read_tree, tree_path
from twin_assets.collection.web.page import Page
from twin_assets.errors import FetchError
from twin_assets.progress import track
from twin_assets.records import RawDocument, Scope

_ALL_SHARE = 0.95
"""Share of a repository's commits from which its files are not asked about one by one: that is a request for each."""
_NO_COMMIT = 409
_ATTRIBUTES = 20
"""Files of attributes that are fetched, the topmost first."""


def stored(visit: Visit, repository: str) -> list[RawDocument]:
    """The documents of a repository that were collected and not found to be gone; of all repositories for a blank."""
    prefix = f"{repository}/" if repository else ""
    return [d for d in visit.known.values() if d.native_id.startswith(prefix) and d.excluded != "deleted"]


@dataclass
class Work:
    """What is to be done for one repository.

    Its notes hold `done`, the branch that was done completely and when it was pushed to; `files`, the blob of each file
    and whether it is a document; and `share`, the author's share of the commits. `asked_for`: the repository is the
    source itself.
    """

    visit: Visit
    api: Api
    listed: Listed
    author: Author
    asked_for: bool

    def __post_init__(self) -> None:
        """Find the notes of this repository, or begin them."""
        repositories = self.visit.notes.setdefault("repositories", {})
        self._noted: dict[str, Any] = repositories.setdefault(self.listed.full_name, {})
        self._files: dict[str, list[Any]] = self._noted.setdefault("files", {})
        self._address = Address(self.listed.repository, self.listed.branch)
        self._folder = f"{self.listed.full_name}/"
        self._state = [self.listed.branch, self.listed.pushed_at]
        self._scope: Scope = "private" if self.listed.private else "public"

    def collect(self) -> Iterator[Item | Gone]:
        """What is new, changed or gone. Raises FetchError when the API as a whole cannot be had."""
        yield from self._moved()
        done = self._noted.get("done") or ["", ""]
        if self.listed.pushed_at and done == self._state:
            return
        try:
            # What was confirmed of another branch is not what was done last.
            page = self.api.get(tree_path(self.listed), conditional=done[0] == self.listed.branch)
            if page.unchanged:
                self._done(page)
                return
            tree = read_tree(self.api, self.listed, page)
            attributes = self._attributes(tree)
        except FetchError as error:
            if self.api.is_away(error):
                raise
            yield self._without_tree(error)
            return
        chosen, aside = sort_files(tree.entries, attributes)
        for group in aside:
            yield self._aside(group.reason, group.detail, group.file)
        yield from self._incomplete(tree)
        share = None
        if any(self._is_new(file) for file in chosen):
            share = commit_share(self.visit, self.api, self.listed, self.author, self._noted, asked_for=self.asked_for)
        if share == 0:
            yield self._aside("others_code", "none of its commits is the author's; add the handle to `own_names`", "")
            chosen = []
        failed: set[str] = set()
        new = [file for file in chosen if self._is_new(file)]
        for file in track(
            new, f"{self.visit.origin.source.name}: {self.listed.full_name}", len(new), self.visit.report
        ):
            yield from self._file(file, share, failed)
        if tree.is_whole:
            yield from self._gone({file.entry.path for file in chosen}, failed)
            if not failed:
                self._done(page)

    def _moved(self) -> Iterator[Item]:
        """Documents of a repository that was published, hidden or got another branch: nothing is fetched for them."""
        for document in stored(self.visit, self.listed.repository):
            link = self._address.link(self._path(document))
            moved = replace(document, scope=self._scope, url=storable(link))
            if moved != document:
                yield moved

    def _attributes(self, tree: Tree) -> Attributes:
        found = [e for e in tree.entries if base_name(e.path) == ".gitattributes" and 0 < e.size <= LARGEST]
        noted: dict[str, list[str]] = self._noted.get("attributes") or {}
        texts: dict[str, list[str]] = {}
        for entry in sorted(found, key=lambda e: e.path.count("/"))[:_ATTRIBUTES]:
            texts[entry.path] = noted.get(entry.path) or ["", ""]
            if texts[entry.path][0] != entry.blob:
                texts[entry.path] = [entry.blob, _decoded(read_blob(self.api, self.listed, entry.blob))]
        self._noted["attributes"] = texts
        return Attributes({path: text for path, (_, text) in texts.items()})

    def _without_tree(self, error: FetchError) -> Item:
        if error.status == _NO_COMMIT:
            return self._aside("empty", "the repository has no commit yet", "")
        return self._aside("unreadable", f"its files cannot be listed: {error.what}", "")

    def _incomplete(self, tree: Tree) -> Iterator[Item]:
        if tree.truncated:
            rest = "; the rest was left out, raise `max_pages` of the source" if tree.left_out else ""
            detail = (
                f"GitHub does not list so many files at once: {len(tree.entries)} were found folder by folder{rest}"
            )
            yield self._aside("too_large", detail, "")
        for folder in tree.vendored:
            yield self._aside("vendored", "a folder of vendored or built files", f"{folder}/")
        if tree.unreadable:
            yield self._aside("unreadable", f"{tree.unreadable} entries of its tree say nothing", "")
        if not (tree.entries or tree.vendored) and tree.is_whole:
            yield self._aside("empty", "the repository has no file", "")

    def _is_new(self, file: Chosen) -> bool:
        noted = self._files.get(file.entry.path)
        return not noted or noted[0] != file.entry.blob

    def _file(self, file: Chosen, share: float | None, failed: set[str]) -> Iterator[Item]:
        path, blob = file.entry.path, file.entry.blob
        last: datetime | None = None
        try:
            if share is None or share < _ALL_SHARE:
                own, last = file_share(self.api, self.listed, path, self.author)
                if own < OWN_SHARE:
                    yield self._aside("others_code", f"{own:.0%} of its newest commits are the author's", path)
                    self._files[path] = [blob, False]
                    return
            content = read_blob(self.api, self.listed, blob)
        except FetchError as error:
            if self.api.is_away(error):
                raise
            failed.add(path)
            yield self._aside("unreadable", f"cannot be fetched: {error.what}", path)
            return
        is_document = False
        items = file_items(
            file, content, self._address, self.visit.origin, published_at=last, scope=self._scope, folder=self._folder
        )
        for item in items:
            is_document = is_document or isinstance(item, RawDocument)
            yield item
        # Only what was taken is noted: a run that is cut off before fetches the file again.
        self._files[path] = [blob, is_document]

    def _gone(self, paths: set[str], failed: set[str]) -> Iterator[Gone]:
        """What is stored of files that are not there any more, or not the author's document any more."""
        for path in [path for path in self._files if path not in paths]:
            del self._files[path]
        documents = {path for path, (_, is_document) in self._files.items() if is_document} | failed
        for document in stored(self.visit, self.listed.repository):
            if self._path(document) not in documents:
                yield Gone(document.document_id, "its file is not in the repository any more, or was set aside")

    def _done(self, page: Page) -> None:
        self._noted["done"] = self._state
        self.visit.fetcher.confirm(page)

    def _aside(self, reason: str, detail: str, path: str) -> Item:
        """An exclusion of a file, or of the repository for a blank path."""
        native_id = self._address.native_id(path) if path and not path.endswith("/") else ""
        return self.visit.origin.exclusion(
            reason, detail, file=self._folder + path.removeprefix("./"), native_id=native_id
        )

    def _path(self, document: RawDocument) -> str:
        return document.native_id.removeprefix(f"{self.listed.repository}/")


def _decoded(content: bytes) -> str:
    try:
        return decode(content)
    except Unreadable:
        # It is among the exclusions anyway, like every file of settings.
        return ""
