"""A feature store of a few chunks, and an embedder whose vectors are given."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from twin_assets.progress import Report, silent
from twin_assets.records import ChunkEmbedding
from twin_assets.storage import TableStore

DIMENSIONS = 4


class TopicEmbedder:
    """A vector with one number for each of four topics, so that a test says what is near to what."""

    name = "topics@1"
    topics = ("sea", "database", "garden", "clock")

    def embed(self, texts: Sequence[str], report: Report = silent) -> list[tuple[float, ...]]:
        """Counts of the topics; a text without any lies between them."""
        return [tuple(text.lower().count(topic) + 0.01 for topic in self.topics) for text in texts]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """A token for each word."""
        return [len(text.split()) for text in texts]


@pytest.fixture
def topics() -> TopicEmbedder:
    return TopicEmbedder()


@pytest.fixture
def store(tmp_path: Path) -> TableStore:
    return TableStore(str(tmp_path / "lance"))


@pytest.fixture
def write(store: TableStore, topics: TopicEmbedder) -> Callable[..., None]:
    def write_rows(*rows: dict[str, Any]) -> None:
        made = [_row(number, topics, **row) for number, row in enumerate(rows)]
        store.sync(ChunkEmbedding, made, schema=ChunkEmbedding.schema_for(DIMENSIONS))

    return write_rows


def _row(number: int, topics: TopicEmbedder, **changes: Any) -> ChunkEmbedding:
    text = changes.pop("text")
    values = {
        "chunk_id": f"c{number}",
        "document_id": f"d{number}",
        "position": 0,
        "start": 0,
        "end": len(text),
        "heading_path": "",
        "title": "",
        "url": f"https://example.org/{number}",
        "kind": "markdown",
        "published_at": datetime(2024, 1, 1, tzinfo=UTC),
        "scope": "public",
        "embedder": topics.name,
        "vector": topics.embed([text])[0],
        **changes,
    }
    return ChunkEmbedding(text=text, **values)
