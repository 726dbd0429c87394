"""A large feature store from a fixed seed: clustered vectors, and words with a natural distribution."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from twin_assets.features.active import table_of

SEED = 11
GIVEN = "given@1"
"""An embedder that is none: the vectors of the queries are known."""
DIMENSIONS = 384
CLUSTERS = 2_000
SPREAD = 0.8
"""Of a cluster, against the length of its center: the nearest rows of a query have a cosine of about 0.65."""
VOCABULARY, ROW_WORDS = 20_000, 40
BATCH = 10_000
NEVER = sys.maxsize


class Synthetic:
    """Rows and queries from a seed; a batch is the same whenever it is made. They are in `record`'s table, as rows of
    `embedder`."""

    def __init__(self, embedder: str = GIVEN) -> None:
        self.embedder, self.record = embedder, table_of(embedder)
        chance = np.random.default_rng(SEED)
        self._centers = _unit(chance.standard_normal((CLUSTERS, DIMENSIONS), dtype=np.float32))
        syllables = ["ba", "do", "ki", "lu", "me", "no", "pra", "ri", "sto", "ta", "ve", "zu"]
        self._vocabulary = np.array(["".join(chance.choice(syllables, 4)) + str(n) for n in range(VOCABULARY)])
        frequency = 1 / np.arange(1, VOCABULARY + 1)
        self._frequency = frequency / frequency.sum()

    def vectors(self, number: int, count: int) -> np.ndarray:
        """Vectors of length 1."""
        chance = np.random.default_rng([SEED, number])
        of = self._centers[chance.integers(0, CLUSTERS, count)]
        noise = chance.standard_normal((count, DIMENSIONS), dtype=np.float32)
        return _unit(of + noise * np.float32(SPREAD / np.sqrt(DIMENSIONS)))

    def texts(self, number: int, count: int, length: int) -> list[str]:
        """Texts of words, the most frequent one some 10 % of them."""
        chance = np.random.default_rng([SEED, number, 1])
        drawn = self._vocabulary[chance.choice(VOCABULARY, (count, length), p=self._frequency)]
        return [" ".join(row) for row in drawn]

    def batch(self, number: int, count: int, schema: pa.Schema) -> tuple[np.ndarray, pa.RecordBatch]:
        """The vectors of a batch, and its rows."""
        vectors, first = self.vectors(number, count), number * BATCH
        ids = [f"{row:012d}" for row in range(first, first + count)]
        given = {
            "chunk_id": ids,
            "document_id": ids,
            "text": self.texts(number, count, ROW_WORDS),
            "heading_path": self.texts(number + NEVER // 2, count, 4),
            "kind": ["markdown"] * count,
            "scope": ["public"] * count,
            "embedder": [self.embedder] * count,
            "published_at": [datetime(2024, 1, 1, tzinfo=UTC)] * count,
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), DIMENSIONS),
        }
        rows = [pa.array(given.get(field.name, [_empty(field.type)] * count), field.type) for field in schema]
        return vectors, pa.record_batch(rows, schema=schema)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _empty(kind: pa.DataType) -> Any:
    return "" if pa.types.is_string(kind) else [] if pa.types.is_list(kind) else 0
