"""Raw documents to Markdown: structure kept, boilerplate out, every removal with its reason."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twin_assets.digests import digest, text_digest
from twin_assets.features.html import html_to_markdown
from twin_assets.features.markdown import clean_markdown
from twin_assets.features.markdown_blocks import blocks
from twin_assets.features.normalize import normalize
from twin_assets.features.removal import Removal, exclude, exclusions
from twin_assets.features.words import word_count
from twin_assets.progress import Report, silent, track
from twin_assets.records import CleanedDocument, Exclusion, RawDocument

CLEANER_VERSION = 1
"""Raised when the same raw text cleans differently: every document is then cleaned again."""

_MIN_WORDS = 5
_LINKEDIN_HASHTAG = re.compile(r"\{hashtag\|\\?#\|([^{}|]+)\}|\bhashtag#(?=\w)")
_HASHTAG = r"#\w[\w-]*"
_HASHTAG_TAIL = re.compile(rf"(?:\n[ \t]*(?:{_HASHTAG}[ \t,]*)+|[ \t]+{_HASHTAG}(?:[ \t,]+{_HASHTAG})+)\s*\Z")
"""Hashtags on lines of their own at the end, or two and more after the last words: one may belong to the sentence."""


@dataclass(frozen=True)
class Cleaned:
    """Cleaned documents, and what was taken out of them or left out as a whole."""

    documents: list[CleanedDocument]
    exclusions: list[Exclusion]


def clean(raw: RawDocument, min_words: int = _MIN_WORDS) -> tuple[CleanedDocument | None, list[Exclusion]]:
    """One raw document as Markdown, with an exclusion for each kind of thing removed.

    A document of fewer than `min_words` words is none: its exclusion has the reason `too_short`.
    """
    if raw.media_type == "text/html":
        text, removals = html_to_markdown(raw.text)
    elif raw.media_type == "text/markdown":
        text, removals = clean_markdown(raw.text)
    else:
        text, removals = clean_plain(raw.text)
    title = " ".join(normalize(raw.title).split())
    if raw.media_type != "text/plain":
        title, text, repeated = _titled(title, text)
        removals += repeated
    found, count = exclusions(raw, removals), word_count(text)
    if count < min_words:
        return None, [*found, exclude(raw, "too_short", f"{count} words, fewer than {min_words}")]
    document = CleanedDocument(
        row_id=raw.row_id,
        document_id=raw.document_id,
        source=raw.source,
        kind=raw.kind,
        url=raw.url,
        title=title,
        text=text,
        published_at=raw.published_at,
        scope=raw.scope,
        words=count,
        language="",
        language_confidence=1.0,
        content_digest=text_digest(text),
        input_digest=input_digest(raw),
    )
    return document, found


def clean_documents(
    raws: Sequence[RawDocument],
    known: Mapping[str, CleanedDocument],
    known_exclusions: Sequence[Exclusion] = (),
    min_words: int = _MIN_WORDS,
    report: Report = silent,
) -> Cleaned:
    """Clean the author's own documents; one that is known from the same raw row is taken over, with its exclusions.

    Args:
        raws: everything collected; rows with `excluded` are not the author's words and are left where they are.
        known: documents cleaned before, by id.
        known_exclusions: what this stage excluded before.
        min_words: documents with fewer are excluded.
        report: takes lines of progress.
    """
    documents: list[CleanedDocument] = []
    kept: list[Exclusion] = []
    by_document: dict[str, list[Exclusion]] = {}
    for exclusion in known_exclusions:
        by_document.setdefault(exclusion.document_id, []).append(exclusion)
    own = [raw for raw in raws if not raw.excluded]
    for raw in track(own, "cleaning", len(own), report):
        before = known.get(raw.document_id)
        if before is not None and before.input_digest == input_digest(raw) and before.words >= min_words:
            documents.append(before)
            kept += by_document.get(raw.document_id, [])
            continue
        document, found = clean(raw, min_words)
        kept += found
        if document is not None:
            documents.append(document)
    return Cleaned(documents, kept)


def input_digest(raw: RawDocument) -> str:
    """What a cleaned document is made from: the raw row and the version of the cleaner."""
    return digest(raw.row_digest(), CLEANER_VERSION)


def clean_plain(text: str) -> tuple[str, list[Removal]]:
    """A post as it is, without the tail of hashtags. Applying it twice changes nothing."""
    text = normalize(_LINKEDIN_HASHTAG.sub(lambda tag: f"#{tag[1] or ''}", text))
    removals = []
    while tail := _HASHTAG_TAIL.search(text):
        removals.append(Removal("hashtags", tail[0]))
        text = normalize(text[: tail.start()])
    return text, removals


def _titled(title: str, text: str) -> tuple[str, str, list[Removal]]:
    """Title and text; a first heading that repeats the title, or stands in for a missing one, leaves the text."""
    first = next(iter(blocks(text)), None)
    if first is None or first.kind != "heading" or not first.title:
        return title, text, []
    repeats = first.title.casefold() == title.casefold()
    if not repeats and (title or first.level > 1):
        return title, text, []
    removal = Removal("repeated_title" if repeats else "title", first.title)
    return title or first.title, normalize(text[first.end :]), [removal]
