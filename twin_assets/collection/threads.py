"""Threads: posts of one author that continue one another, whatever the platform."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime

_EPOCH = datetime.fromtimestamp(0, UTC)


def threads(parents: Mapping[str, str], times: Mapping[str, datetime | None]) -> list[list[str]]:
    """The posts' ids, each with those that continue it behind it in the order of time; every post exactly once.

    Args:
        parents: each post's id with the id of the post that it continues: blank, or of no post here, for none.
        times: when each post was published.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for identity, root in roots(parents).items():
        members[root].append(identity)

    def when(identity: str) -> tuple[datetime, int, str]:
        # Ids grow with time, so of two posts of one second the one with the lower id comes first.
        return times.get(identity) or _EPOCH, len(identity), identity

    return [[root, *sorted((i for i in thread if i != root), key=when)] for root, thread in members.items()]


def roots(parents: Mapping[str, str]) -> dict[str, str]:
    """Id of each post -> id of the first post of its thread; of a ring of replies, which only a damaged archive
    holds, the post that was met first."""
    found: dict[str, str] = {}
    for start in parents:
        path: dict[str, None] = {}
        current = start
        while current not in found and current not in path:
            path[current] = None
            if parents[current] not in parents:
                break
            current = parents[current]
        found.update(dict.fromkeys(path, found.get(current, current)))
    return {identity: found[identity] for identity in parents}
