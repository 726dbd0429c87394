"""Papers as PDF files: a folder of them, a zip archive, or a single one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from twin_assets.collection.archive import Files, suffix
from twin_assets.collection.arxiv_ids import read_address, read_file_name
from twin_assets.collection.authors import named_in, split_names
from twin_assets.collection.collector import Item, Origin
from twin_assets.collection.pdf import PDF_BYTES, Pdf, read_pdf
from twin_assets.collection.prose import to_prose
from twin_assets.collection.text import Unreadable, has_words
from twin_assets.collection.web.bylines import attribute
from twin_assets.progress import Report, track
from twin_assets.records import Kind

_OTHER_WRITING = frozenset({".md", ".markdown", ".txt", ".html", ".htm", ".csv", ".js", ".json", ".xml"})
"""Suffixes of what makes a folder something else, which may hold PDF files, too."""
_NO_TITLE = re.compile(
    r"(?:untitled|title|paper|main|ms|manuscript|article|draft|document|template|presentation|layout|print)[-_ .]*\d*"
    r"|.*\.(?:tex|docx?|dvi|pdf|indd|e?ps|odt|rtf|pages|md|html?|qxd|pptx?)|microsoft \w+ - .*|(?:arxiv|doi):.*|\W*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a paper besides its text."""

    native_id: str
    url: str
    title: str
    """Blank to take it from the first page."""
    authors: tuple[str, ...]
    """Their names, one by one; none to take them from the first page."""
    published_at: datetime | None


class Paper:
    """Every `.pdf` file is a document."""

    kind: Kind = "paper"
    title = "papers as PDF files, or one"
    suffixes = frozenset({".pdf"})
    looked_for = "put .pdf files into the folder, or set `kind:` of the source if it is another kind"

    def recognizes(self, names: Sequence[str]) -> bool:
        """Whether there are PDF files, and nothing that makes them the pictures and handouts of something else."""
        suffixes = {suffix(name) for name in names}
        return ".pdf" in suffixes and not suffixes & _OTHER_WRITING

    def collect(self, files: Files, origin: Origin, report: Report) -> Iterator[Item]:
        """A document or an exclusion for each file, and an exclusion for what of it is no prose."""
        names = [name for name in files.names if suffix(name) in self.suffixes]
        for name in track(names, f"{origin.source.name}: papers", len(names), report):
            try:
                pdf = read_pdf(files.read(name, PDF_BYTES))
            except Unreadable as error:
                yield origin.exclusion(error.reason, error.detail, file=name, native_id=name)
                continue
            yield from paper_items(pdf, facts_of(pdf, name), origin, name)


def paper_items(pdf: Pdf, facts: Facts, origin: Origin, file: str) -> Iterator[Item]:
    """The document that a paper is, then what was left out of it; an exclusion only for one without prose."""
    own = (origin.author, *origin.source.own_names)
    prose = to_prose(pdf, facts.title, (*facts.authors, *own))
    by, excluded = attribute(facts.authors or named_in(prose.author_block, origin.is_own, own), origin)
    left_out = ", ".join(f"{count} of {what}" for what, count in prose.left_out.items())
    if not has_words(prose.text):
        detail = f"has no prose (words left out: {left_out})" if left_out else "has no prose"
        yield origin.exclusion("empty", detail, file=file, native_id=facts.native_id)
        return
    yield origin.document(
        facts.native_id,
        prose.text,
        "text/markdown",
        file=file,
        url=facts.url,
        title=prose.title or re.sub(r"[-_]+", " ", PurePosixPath(file).stem),
        published_at=facts.published_at,
        by=by,
        excluded=excluded,
    )
    if left_out:
        detail = f"words that are no prose: {left_out}"
        yield origin.exclusion("not_a_post", detail, file=file, native_id=facts.native_id)
    if pdf.pages_unread:
        detail = f"{pdf.pages_unread} of its {len(pdf.pages) + pdf.pages_unread} pages cannot be read"
        yield origin.exclusion("unreadable", detail, file=file, native_id=facts.native_id)


def facts_of(pdf: Pdf, name: str) -> Facts:
    """What a file tells of itself: by its metadata, arXiv's stamp and its name."""
    stem = PurePosixPath(name).stem
    identity = _arxiv_id(pdf, stem)
    # arXiv makes its PDF files anew now and then: what its stamp says is the paper's date.
    published = pdf.stamped or pdf.created
    title = "" if _is_no_title(pdf.title, stem) else pdf.title
    authors = split_names(pdf.authors)
    if identity:
        return Facts(f"arXiv:{identity}", f"https://arxiv.org/abs/{identity}", title, authors, published)
    if pdf.doi:
        return Facts(f"doi:{pdf.doi}", f"https://doi.org/{pdf.doi}", title, authors, published)
    return Facts(name, name, title, authors, published)


def _arxiv_id(pdf: Pdf, stem: str) -> str:
    found = pdf.arxiv_id or read_address(pdf.doi) or read_file_name(stem)
    return found.id if found else ""


def _is_no_title(title: str, stem: str) -> bool:
    return bool(_NO_TITLE.fullmatch(title)) or (" " not in title and title.casefold() == stem.casefold())
