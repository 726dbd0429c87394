"""Documents to clean, fold, chunk and embed, and an embedder without a model."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from twin_assets.digests import document_id, row_id, text_digest
from twin_assets.progress import Report, silent
from twin_assets.records import CleanedDocument, CorpusDocument, RawDocument
from twin_assets_tests.corpus_documents import corpus_document as corpus_row


class HashEmbedder:
    """Vectors from hashed words: the same words give the same vector, and there is no model to load."""

    name = "hash@1"
    dimensions = 8
    window = 64

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """A word and a mark each count one, and two special tokens each text."""
        return [len(re.findall(r"\w+|[^\w\s]", text)) + 2 for text in texts]

    def embed(self, texts: Sequence[str], report: Report = silent) -> list[tuple[float, ...]]:
        """A vector of length 1 for each text."""
        self.embedded += texts
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> tuple[float, ...]:
        sums = [0.001] * self.dimensions
        for word in re.findall(r"\w+", text.lower()):
            sums[int(hashlib.md5(word.encode()).hexdigest(), 16) % self.dimensions] += 1
        length = sum(value * value for value in sums) ** 0.5
        return tuple(value / length for value in sums)


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture(scope="session")
def raw() -> Callable[..., RawDocument]:
    def make(text: str, media_type: str = "text/markdown", **changes: Any) -> RawDocument:
        document = RawDocument(
            row_id=row_id("blog", document_id("markdown", changes.get("native_id", "post"))),
            document_id=document_id("markdown", changes.get("native_id", "post")),
            source="blog",
            kind="markdown",
            native_id="post",
            url="https://example.org/post",
            title="A post",
            text=text,
            media_type=media_type,
            published_at=datetime(2024, 5, 1, tzinfo=UTC),
            scope="public",
            by="Author",
            excluded="",
            file="post.md",
            row=0,
            content_digest=text_digest(text),
        )
        return replace(document, **changes)

    return make


@pytest.fixture(scope="session")
def cleaned() -> Callable[..., CleanedDocument]:
    def make(name: str, text: str, **changes: Any) -> CleanedDocument:
        document = CleanedDocument(
            row_id=row_id(changes.get("source", "blog"), document_id("markdown", name)),
            document_id=document_id("markdown", name),
            source="blog",
            kind="markdown",
            url=f"https://example.org/{name}",
            title=name.title(),
            text=text,
            published_at=datetime(2024, 5, 1, tzinfo=UTC),
            scope="public",
            words=len(text.split()),
            language="en",
            language_confidence=0.99,
            content_digest=text_digest(text),
            input_digest="",
        )
        return replace(document, **changes)

    return make


@pytest.fixture
def corpus_document() -> Callable[..., CorpusDocument]:
    def make(text: str, name: str = "post", **changes: Any) -> CorpusDocument:
        url = f"https://example.org/{name}"
        return corpus_row(
            document_id("markdown", name),
            text,
            **{
                "url": url,
                "urls": (url,),
                "sources": ("blog",),
                "title": "The title",
                "published_at": datetime(2024, 5, 1, tzinfo=UTC),
                **changes,
            },
        )

    return make
