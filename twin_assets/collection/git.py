"""Git repositories on this machine: the author's own READMEs, documents and code, as they are checked in.

What HEAD holds is read, not the work tree. A file counts as the author's when at least half of its lines are, by the
history of the repository; other people's files are named with the author's share, and their text is not stored.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twin_assets.collection.collector import Item, Origin
from twin_assets.collection.git_address import Address, canonical_repository
from twin_assets.collection.git_attributes import Attributes
from twin_assets.collection.git_blame import OWN_SHARE, Authorship, History, read_history
from twin_assets.collection.git_command import Blobs, Git, GitFailed, Repository, git_folder
from twin_assets.collection.git_documents import file_items
from twin_assets.collection.git_files import LARGEST, Chosen, Entry, sort_files
from twin_assets.collection.text import Unreadable, decode
from twin_assets.digests import digest
from twin_assets.errors import SourceError
from twin_assets.progress import Report, track
from twin_assets.records import Scope

_ATTRIBUTES = ".gitattributes"
_NAMED = 3
"""Committers that an error names."""


def is_repository(path: Path) -> bool:
    """Whether a git repository lies at `path`: a folder with `.git` in it, or a bare repository."""
    try:
        return git_folder(path) is not None
    except OSError:
        return False


def repository_fingerprint(path: Path) -> str:
    """Digest of the commit that is checked out and of where the repository says that it lies.

    Raises SourceError when there is no repository at `path`.
    """
    repository = Repository(path)
    return digest("repository", _head(repository), _remote(repository), _branch(repository))


def collect_repository(
    path: Path, origin: Origin, report: Report, notes: dict[str, Any] | None = None
) -> Iterator[Item]:
    """A document or an exclusion for each file of HEAD.

    Documents are private: a private repository on a public host looks like a public one from here. They are public
    when the source's `base_url` says where the repository is published. They are collected in either case, because
    the repository itself was given as a source.

    Args:
        notes: JSON that the caller keeps between runs, so that an unchanged file is not blamed again; it is changed.

    Raises SourceError when there is no repository at `path`, its history is cut off, or none of its commits is the
    author's.
    """
    repository = Repository(path)
    head = _head(repository)
    if not head:
        yield _without_commits(repository, origin)
        return
    if repository.ask("rev-parse", "--is-shallow-repository") == "true":
        raise SourceError(
            f"{str(path)!r} is a shallow clone: its history does not say who wrote what",
            "fetch the rest of it with `git fetch --unshallow`",
        )
    with repository.snapshot(head) as snapshot:
        try:
            entries = list(_entries(snapshot))
            report(f"{origin.source.name}: reading the history of {len(entries)} files")
            history = read_history(snapshot, origin)
        except GitFailed as error:
            raise SourceError(
                f"the history of {str(path)!r} cannot be read: {error.what}",
                "clone it again, whole; `git fsck` tells whether it is damaged",
            ) from error
        if not history.own_commits:
            raise _nobody(path, origin, history)
        address = Address(_remote(repository) or _local(snapshot), _branch(repository))
        authorship = Authorship(snapshot, history, origin, {} if notes is None else notes)
        with snapshot.blobs() as blobs:
            chosen, aside = sort_files(entries, _attributes(entries, blobs))
            for group in aside:
                yield origin.exclusion(group.reason, group.detail, file=group.file)
            for file in track(chosen, f"{origin.source.name}: files", len(chosen), report):
                yield from _items(file, blobs, authorship, history, address, origin)


def _items(
    chosen: Chosen,
    blobs: Blobs,
    authorship: Authorship,
    history: History,
    address: Address,
    origin: Origin,
) -> Iterator[Item]:
    path = chosen.entry.path
    scope: Scope = "public" if origin.source.base_url else "private"
    try:
        share = authorship.share(chosen.entry)
        if share < OWN_SHARE:
            detail = f"{share:.0%} of its lines are the author's"
            yield origin.exclusion("others_code", detail, file=path, native_id=address.native_id(path))
            return
        content = blobs.read(chosen.entry.blob)
    except Unreadable as error:
        yield origin.exclusion(error.reason, error.detail, file=path, native_id=address.native_id(path))
        return
    yield from file_items(chosen, content, address, origin, published_at=history.last_own.get(path), scope=scope)


def _head(repository: Repository) -> str:
    """The id of the commit that is checked out; blank when there is none."""
    return repository.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")


def _without_commits(repository: Repository, origin: Origin) -> Item:
    """What is said of an empty repository. Raises SourceError when it has commits, and HEAD leads to none of them."""
    if repository.ask("for-each-ref", "--count=1"):
        raise SourceError(
            f"HEAD of the repository {str(repository.path)!r} leads to no commit",
            "check out a branch; `git fsck` tells whether the repository is damaged",
        )
    return origin.exclusion("empty", "the repository has no commit yet", file=".")


def _remote(repository: Repository) -> str:
    return canonical_repository(repository.ask("config", "--get", "remote.origin.url"))


def _local(snapshot: Git) -> str:
    """The address of a repository without a remote: its first commit."""
    roots = snapshot.ask("rev-list", "--max-parents=0", "HEAD").split()
    # The oldest one: an unrelated history that is merged in later brings younger ones.
    return f"local:{roots[-1] if roots else ''}"


def _branch(repository: Repository) -> str:
    """The default branch: the remote's, else the one that is checked out."""
    default = repository.ask("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD").removeprefix("refs/remotes/origin/")
    return default or repository.ask("symbolic-ref", "--quiet", "--short", "HEAD") or "HEAD"


def _entries(snapshot: Git) -> Iterator[Entry]:
    for line in snapshot.tokens("ls-tree", "-r", "-l", "-z", "--full-tree", "HEAD"):
        facts, _, path = line.partition(b"\t")
        mode, _, blob, size = facts.decode().split()
        # A submodule has no size ("-"). That of a blob that is missing ("BAD") is not known: reading it says why.
        yield Entry(os.fsdecode(path), mode, blob, int(size) if size.isdigit() else 1)


def _attributes(entries: list[Entry], blobs: Blobs) -> Attributes:
    texts: dict[str, str] = {}
    for entry in entries:
        if entry.path.rpartition("/")[2] == _ATTRIBUTES and entry.size <= LARGEST:
            try:
                texts[entry.path] = decode(blobs.read(entry.blob))
            except Unreadable:
                # It is among the exclusions anyway, like every file of settings.
                continue
    return Attributes(texts)


def _nobody(path: Path, origin: Origin, history: History) -> SourceError:
    names = [repr(name) for name, _ in history.committers.most_common(_NAMED)]
    who = ", ".join(names) + (" and others" if len(history.committers) > _NAMED else "")
    return SourceError(
        f"no commit of {str(path)!r} is by {origin.author!r}: its commits are by {who}",
        f"add the author's name or e-mail address in these commits to `own_names` of source {origin.source.name!r}",
    )
