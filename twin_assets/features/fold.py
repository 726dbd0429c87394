"""Exact and near duplicates as one document: cross-posts, reposts of one's own, a draft beside the final version.

Candidates come from MinHash signatures in a locality-sensitive hash (Broder 1997, "On the resemblance and containment
of documents"; Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3) and are verified by the exact
Jaccard similarity of their sets of 8-word shingles.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from twin_assets.features.words import words
from twin_assets.records import CleanedDocument, CorpusDocument, Exclusion

SHINGLE_WORDS = 8
_PERMUTATIONS = 128
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Folded:
    """The corpus, and an exclusion for each document that was folded into another one."""

    documents: list[CorpusDocument]
    exclusions: list[Exclusion]


def fold(documents: Sequence[CleanedDocument], threshold: float) -> Folded:
    """Fold duplicates into the document that is public, then dated earliest, then longest.

    What two sources hold under one id (an export and the live side) is one document, however it was edited since.
    Two documents are one when their words are the same, or when the Jaccard similarity of the 8-word shingles of
    their own words reaches `threshold` (0 to 1). A short post that a long article contains stays a document:
    it is a piece of its own. Block quotes do not count, so two comments on one long quotation stay two. The result
    does not depend on the order of `documents`.
    """
    from datasketch import MinHash, MinHashLSH

    # Weighed towards recall: what the index finds too much, the exact comparison drops again.
    index = MinHashLSH(threshold=max(threshold, 0.1), num_perm=_PERMUTATIONS, weights=(0.3, 0.7))
    folded_into: dict[str, list[CleanedDocument]] = {}
    canonical: dict[str, CleanedDocument] = {}
    by_text: dict[tuple[str, ...], str] = {}
    shingles: dict[str, frozenset[int]] = {}
    found: list[Exclusion] = []
    for document in sorted(documents, key=_precedence):
        same = tuple(words(document.text)) or (document.content_digest,)
        into, reason = by_text.get(same), "the same words"
        if document.document_id in canonical:
            into, reason = document.document_id, "another source's version"
        signature, of_document = None, _shingles(words(own_text(document.text)))
        if into is None and of_document:
            signature = MinHash(num_perm=_PERMUTATIONS, hashfunc=int)
            signature.update_batch(of_document)
            nearest = max(((jaccard(of_document, shingles[c]), c) for c in index.query(signature)), default=(0.0, ""))
            if nearest[1] and nearest[0] >= threshold:
                into, reason = nearest[1], f"{nearest[0]:.0%} of the shingles"
        if into is None:
            canonical[document.document_id] = document
            by_text[same] = document.document_id
            if signature is not None:
                shingles[document.document_id] = of_document
                index.insert(document.document_id, signature)
            continue
        by_text.setdefault(same, into)
        folded_into.setdefault(into, []).append(document)
        detail = f"{reason} of {into} ({canonical[into].url or canonical[into].title})"
        found.append(Exclusion.of("corpus", document.source, "duplicate", detail, document_id=document.document_id))
    return Folded([_folded(d, folded_into.get(key, [])) for key, d in canonical.items()], found)


def own_text(markdown: str) -> str:
    """The text without block quotes, which are other people's words; all of it where nothing else is left."""
    own = "\n".join(line for line in markdown.split("\n") if not line.lstrip().startswith(">"))
    return own if own.strip() else markdown


def jaccard(left: frozenset[int], right: frozenset[int]) -> float:
    """Size of the intersection over that of the union, 0 for two empty sets."""
    either = len(left | right)
    return len(left & right) / either if either else 0.0


def _precedence(document: CleanedDocument) -> tuple[bool, datetime, int, str]:
    """Public text first: folding must never make a private version the one that is shown."""
    return document.scope != "public", document.published_at or _LATEST, -document.words, document.document_id


def _shingles(tokens: list[str]) -> frozenset[int]:
    """32-bit hashes of the runs of 8 words; none for a shorter document, which is compared as a whole only."""
    runs = (" ".join(tokens[i : i + SHINGLE_WORDS]) for i in range(len(tokens) - SHINGLE_WORDS + 1))
    return frozenset(zlib.crc32(run.encode()) for run in runs)


def _folded(document: CleanedDocument, others: list[CleanedDocument]) -> CorpusDocument:
    everyone = [document, *others]
    urls = tuple(dict.fromkeys(d.url for d in everyone if d.url))
    return CorpusDocument(
        document_id=document.document_id,
        kind=document.kind,
        url=urls[0] if urls else "",
        urls=urls,
        sources=tuple(dict.fromkeys(d.source for d in everyone)),
        folded_ids=tuple(dict.fromkeys(d.document_id for d in others if d.document_id != document.document_id)),
        title=next((d.title for d in everyone if d.title), ""),
        text=document.text,
        published_at=document.published_at,
        scope=document.scope,
        words=document.words,
        content_digest=document.content_digest,
    )
