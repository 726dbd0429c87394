"""A Substack publication, or a single post of one, by its URL."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from twin_assets.collection.collector import Gone, Item, Visit
from twin_assets.collection.web.substack_post import place
from twin_assets.collection.web.substack_publication import Publication
from twin_assets.digests import digest
from twin_assets.errors import SourceError
from twin_assets.records import Kind

_HOST = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]*)\.substack\.com", re.IGNORECASE)
_NO_PUBLICATIONS = frozenset({"www", "open", "support", "on", "api", "cdn", "email"})


@dataclass
class SubstackLive:
    """The publication at `https://<name>.substack.com`, or at its own domain where the kind is said; a single post at
    `/p/<slug>`."""

    kind: Kind = field(default="substack", init=False)
    title: str = field(default="a Substack publication", init=False)

    def recognizes(self, address: str) -> bool:
        """Whether it is an address below substack.com; a publication's own domain does not show that it is one."""
        base, _ = place(address) if address.startswith(("https://", "http://")) else ("", "")
        match = _HOST.fullmatch(urlsplit(base).netloc)
        return bool(match and match["name"].lower() not in _NO_PUBLICATIONS)

    def collect(self, visit: Visit) -> Iterator[Item | Gone]:
        """Every post that is new or changed, an exclusion for each that has no words, and each that is gone, as far as
        the archive had to be read to find what is new.

        Raises FetchError when the publication cannot be had, or asks to stop; SourceError when no post at all is by
        the author, with the bylines that were seen.
        """
        source, notes = visit.origin.source, visit.notes
        base, slug = place(source.url)
        if not base:
            raise SourceError(f"{source.url!r} is no web address", "give https://<name>.substack.com")
        judged_by = digest(base, slug, visit.origin.author, source.own_names, source.include_coauthored)
        if notes.get("judged_by") != judged_by:
            notes.clear()
            notes |= {"judged_by": judged_by, "posts": {}, "complete": False, "own": False, "others": []}
        publication = Publication(visit, base)
        yield from publication.one(slug) if slug else publication.all()
        if notes["others"] and not notes["own"]:
            seen = ", ".join(repr(name) for name in notes["others"][:10])
            raise SourceError(
                f"no post of {source.url!r} is by {visit.origin.author!r}; the bylines are {seen}",
                f"if one of them is the author, set `own_names` of the source {source.name!r} to it",
            )
