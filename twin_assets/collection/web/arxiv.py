"""Papers on arXiv: one by its id. What it is comes from the API, its text from the PDF file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from twin_assets.collection.arxiv_ids import ArxivId, read_address
from twin_assets.collection.collector import DETAILS, Gone, Item, Visit
from twin_assets.collection.paper import Facts, paper_items
from twin_assets.collection.pdf import read_pdf
from twin_assets.collection.text import Unreadable
from twin_assets.collection.web.bylines import attribute
from twin_assets.collection.web.feeds import Entry, read_feed
from twin_assets.digests import document_id
from twin_assets.errors import FetchError, SourceError
from twin_assets.records import Kind

_NOTE = "paper"
"""The note of what is stored: the paper's version, and whose words it was taken for."""


@dataclass
class ArXiv:
    """One paper (`arXiv:2401.01234`, `cs/0112017`, the URL of its page or PDF file): its newest version, or the one
    that is named.

    Args:
        api: the base URL of the API, or of what stands in for it.
        site: the base URL of the site with the PDF files.
    """

    api: str = "https://export.arxiv.org"
    site: str = "https://arxiv.org"
    kind: Kind = field(default="paper", init=False)
    title: str = field(default="a paper on arXiv", init=False)

    def recognizes(self, address: str) -> bool:
        """Whether it is an id of arXiv's, or the address of a paper there."""
        return read_address(address) is not None

    def collect(self, visit: Visit) -> Iterator[Item | Gone]:
        """The paper, if there is a version that is not stored yet; of another person's paper an exclusion only."""
        origin = visit.origin
        asked = read_address(origin.source.url)
        if asked is None:
            raise SourceError(
                f"{origin.source.url!r} is no paper on arXiv", "give its id, for example arXiv:2401.01234"
            )
        entry, found = self._entry(asked, visit)
        facts = Facts(
            f"arXiv:{found.id}", f"https://arxiv.org/abs/{found.id}", entry.title, entry.bylines, entry.published_at
        )
        identity = document_id(self.kind, facts.native_id)
        stored = visit.known.get(identity)
        by, excluded = attribute(facts.authors, origin)
        if not facts.authors or excluded == "guest":
            # Another person's paper is not fetched, and nothing of it is stored.
            detail = DETAILS["guest"].format(by=by or "nobody whom arXiv names")
            if stored:
                yield Gone(identity, "its authors are others than the source's `own_names` now")
            yield origin.exclusion("guest", detail, file=facts.url, native_id=facts.native_id)
            return
        note: dict[str, Any] = {"version": found.version, "by": by, "excluded": excluded}
        if stored and stored.excluded != "deleted" and visit.notes.get(_NOTE) == note:
            visit.report(f"{origin.source.name}: version {found.version} is stored already")
            return
        url = f"{self.site.rstrip('/')}/pdf/{found.versioned}"
        try:
            pdf = read_pdf(visit.fetcher.get(url, accept="application/pdf").body)
        except FetchError as error:
            missing = error.status in (404, 410)
            if not missing and error.reason not in ("robots", "too_large"):
                raise
            detail = f"{error.what}; {error.remedy}"
            if missing:
                detail = f"version {found.version} has no PDF file: it was withdrawn, or is not made yet"
                if stored:
                    yield Gone(identity, detail)
            reason = "missing_body" if missing else error.reason
            yield origin.exclusion(reason, detail, file=facts.url, native_id=facts.native_id)
            return
        except Unreadable as error:
            yield origin.exclusion(error.reason, error.detail, file=facts.url, native_id=facts.native_id)
            return
        yield from paper_items(pdf, facts, origin, facts.url)
        visit.notes[_NOTE] = note

    def _entry(self, asked: ArxivId, visit: Visit) -> tuple[Entry, ArxivId]:
        """What the API says of a paper, and the id with the version that is meant. Raises FetchError."""
        query = f"{self.api.rstrip('/')}/api/query?id_list={asked.versioned}&max_results=1"
        page = visit.fetcher.get(query, accept="application/atom+xml", robots=False)
        feed = read_feed(page)
        if feed is None:
            raise FetchError(f"{query!r} gives no Atom feed", "collect again later", reason="type", status=page.status)
        for entry in feed.entries:
            found = read_address(entry.url)
            if found and found.id == asked.id:
                return entry, found
        raise FetchError(
            f"arXiv knows no paper {asked.versioned!r}", "correct the id", reason="status", status=page.status
        )
