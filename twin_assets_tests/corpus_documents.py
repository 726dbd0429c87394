"""A document of the corpus for tests that need little of one."""

from dataclasses import replace
from typing import Any

from twin_assets.digests import text_digest
from twin_assets.records import CorpusDocument


def corpus_document(document_id: str, text: str = "", **changes: Any) -> CorpusDocument:
    """A public Markdown document without a title, an address or a date; `changes` are fields."""
    document = CorpusDocument(
        document_id=document_id,
        kind="markdown",
        url="",
        urls=(),
        sources=(),
        folded_ids=(),
        title="",
        text=text,
        published_at=None,
        scope="public",
        words=len(text.split()),
        language="en",
        content_digest=text_digest(text),
        quality=1.0,
        length_score=1.0,
        prose_share=1.0,
        link_share=0.0,
        repetition=0.0,
        language_confidence=1.0,
        retrievable=True,
        trainable=True,
        input_digest="",
    )
    return replace(document, **changes)
