"""A cleaned document's fingerprint: all that folding and scoring need of it, from one reading of its text."""

import hashlib

import pyarrow as pa

from twin_assets.batches import batches
from twin_assets.digests import LENGTH, digest
from twin_assets.features.quality import quality_of
from twin_assets.features.reading import own_text, read
from twin_assets.features.shingles import WordHashes, shingles_of, signature_of
from twin_assets.progress import Meter, Report
from twin_assets.records import CleanedDocument, Fingerprint
from twin_assets.storage import TableStore
from twin_assets.storage.keyed import Among, absent, differ, looked_up
from twin_assets.storage.parts import in_parts

FINGERPRINT_VERSION = 1
"""Raised when the same document gets another fingerprint: every one is then made again."""
_BATCH = 1_000
"""Documents in memory at a time."""


def made_from(row_digest: str) -> str:
    """What a fingerprint is made from: the cleaned row and the version of this code."""
    return f"{row_digest}.{FINGERPRINT_VERSION}"


def fingerprint(document: CleanedDocument, row_digest: str) -> Fingerprint:
    """The fingerprint of a document. What is compared are its own words: block quotes and link targets do not count."""
    own = own_text(document.text)
    reading = read(own)
    everything = reading if own is document.text else read(document.text)
    shingles = shingles_of(reading.hashes)
    scored = quality_of(reading, document.language_confidence)
    return Fingerprint(
        row_id=document.row_id,
        document_id=document.document_id,
        made_from=made_from(row_digest),
        piece_digest=_piece_digest(document),
        words_digest=_words_digest(everything.hashes) if len(everything.hashes) else document.content_digest,
        shingle_count=len(shingles),
        shingles=shingles.astype("<u4").tobytes(),
        minhash=signature_of(shingles).astype("<u4").tobytes() if len(shingles) else b"",
        quality=scored.quality,
        length_score=scored.length_score,
        prose_share=scored.prose_share,
        link_share=scored.link_share,
        repetition=scored.repetition,
        language_confidence=scored.language_confidence,
    )


def update_fingerprints(tables: TableStore, rows: pa.Table, report: Report) -> int:
    """Make the fingerprints that are missing or of another text, and remove those of rows that are gone.

    Args:
        rows: `row_id` and `row_digest` of each cleaned row that there is.

    Returns how many texts were read. Raises StorageError.
    """
    if tables.find(Fingerprint) is not None and not tables.is_current(Fingerprint):
        with tables.writing(Fingerprint):
            tables.overwrite(Fingerprint, Fingerprint.schema().empty_table())
    stored = tables.columns(Fingerprint, ["row_id", "made_from"])
    known = looked_up(rows["row_id"], stored, "row_id", "made_from")
    made = pa.array(map(made_from, rows["row_digest"].to_pylist()), pa.string())
    wanting = rows["row_id"].filter(differ(known, made))
    meter = Meter("fingerprints", len(wanting), report)
    for documents in in_parts(tables, CleanedDocument, Among("row_id", wanting), _BATCH):
        ids = pa.array([document.row_id for document in documents])
        digests = looked_up(ids, rows, "row_id", "row_digest").to_pylist()
        tables.sync(Fingerprint, list(map(fingerprint, documents, digests)), Among("row_id", ids))
        meter.advance(len(documents))
    for ids in batches(absent(stored["row_id"], rows["row_id"]), _BATCH):
        tables.sync(Fingerprint, [], Among("row_id", ids))
    return len(wanting)


def _piece_digest(document: CleanedDocument) -> str:
    """Of what the corpus takes over: it changes no corpus when another cleaner gives the same text."""
    return digest(
        document.row_id,
        document.document_id,
        document.kind,
        document.url,
        document.title,
        document.text,
        document.published_at,
        document.scope,
        document.words,
        document.language,
        document.language_confidence,
    )


def _words_digest(hashes: WordHashes) -> str:
    return hashlib.blake2b(hashes.astype("<u8").tobytes(), digest_size=LENGTH // 2).hexdigest()
