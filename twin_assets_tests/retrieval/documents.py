"""A document of the corpus for tests that need little of one."""

from twin_assets.records import CorpusDocument, Scope


def document_of(
    identity: str, text: str = "", *, sources: tuple[str, ...] = (), scope: Scope = "public", title: str = ""
) -> CorpusDocument:
    return CorpusDocument(
        document_id=identity,
        kind="markdown",
        url="",
        urls=(),
        sources=sources,
        folded_ids=(),
        title=title,
        text=text,
        published_at=None,
        scope=scope,
        words=1,
        language="en",
        content_digest="",
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
