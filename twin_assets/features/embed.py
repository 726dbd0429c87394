"""Vectors of chunks by a sentence-transformers model from a local folder."""

import json
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from twin_assets.digests import digest, file_sha256
from twin_assets.errors import ModelError
from twin_assets.features.chunk import embedded_text
from twin_assets.progress import Meter, Report, silent
from twin_assets.records import Chunk, ChunkEmbedding
from twin_assets.storage import TableStore
from twin_assets.storage.tables import equals

_BATCH = 32
_DEFINING = (".safetensors", ".bin", ".json", ".txt", ".model")
"""Suffixes of the files that decide what a vector is: weights, tokenizer, pooling."""


class EmbeddingModel(Protocol):
    """What embedding needs of a model; `Embedder` is the one that is used."""

    @property
    def name(self) -> str:
        """The model with its digest."""

    def embed(self, texts: Sequence[str], report: Report = silent) -> list[tuple[float, ...]]:
        """A vector for each text."""


class Embedder:
    """A sentence embedder (Reimers and Gurevych 2019, "Sentence-BERT") in 32-bit floats; loaded when first used.

    Counting tokens needs the tokenizer only, not the model. Safe to use from several threads.
    """

    def __init__(self, folder: Path, name: str = "") -> None:
        self._folder = folder
        self._label = name or folder.name
        self._lock = threading.RLock()

    @cached_property
    def name(self) -> str:
        """The model's name and the digest of its files: vectors of equal names are comparable."""
        files = sorted(f for f in self._folder.rglob("*") if f.is_file() and f.suffix in _DEFINING)
        contents = digest([(f.relative_to(self._folder).as_posix(), file_sha256(f)) for f in files])
        return f"{self._label}@{contents[:12]}"

    @cached_property
    def window(self) -> int:
        """How many tokens the model reads, special tokens included; what is beyond would not be embedded."""
        sentence = self._json("sentence_bert_config.json").get("max_seq_length")
        positions = self._json("config.json").get("max_position_embeddings")
        limits = [int(limit) for limit in (sentence, positions) if limit]
        if not limits:
            raise ModelError(f"the model in {str(self._folder)!r} does not say its window", "use another model")
        return min(limits)

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return int(self._model.get_embedding_dimension())

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by the model's own tokenizer, special tokens included, nothing cut off."""
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def embed(self, texts: Sequence[str], report: Report = silent) -> list[tuple[float, ...]]:
        """A vector of length 1 for each text, in the order of the texts; texts of like length share a batch."""
        meter = Meter("embedding", len(texts), report)
        vectors: list[tuple[float, ...]] = [()] * len(texts)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            with self._lock:
                encoded = self._model.encode(
                    [texts[i] for i in batch], batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
                )
            for i, vector in zip(batch, encoded.tolist(), strict=True):
                vectors[i] = tuple(vector)
            meter.advance(len(batch))
        return vectors

    @cached_property
    def _model(self) -> Any:
        with self._lock:
            from sentence_transformers import SentenceTransformer
            from transformers.utils.logging import disable_progress_bar

            disable_progress_bar()
            try:
                return SentenceTransformer(str(self._folder), local_files_only=True)
            except (OSError, ValueError, KeyError) as error:
                raise ModelError(
                    f"the embedding model in {str(self._folder)!r} cannot be loaded: {error}",
                    "use a folder in the layout of sentence-transformers",
                ) from error

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        file = self._folder / "tokenizer.json"
        if not file.is_file():
            raise ModelError(f"no tokenizer at {str(file)!r}", "use a model that comes with tokenizer.json")
        tokenizer = Tokenizer.from_file(str(file))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def _json(self, name: str) -> dict[str, Any]:
        file = self._folder / name
        content = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        return content if isinstance(content, dict) else {}


def known_embeddings(store: TableStore, embedder: EmbeddingModel) -> dict[str, ChunkEmbedding]:
    """The chunks embedded by this embedder before, by id."""
    return {row.chunk_id: row for row in store.read(ChunkEmbedding, equals("embedder", embedder.name))}


def embed_chunks(
    chunks: Sequence[Chunk], embedder: EmbeddingModel, known: Mapping[str, ChunkEmbedding], report: Report = silent
) -> list[ChunkEmbedding]:
    """The chunks with their vectors, in order.

    A vector depends on heading path and text only, so one is reused wherever the same embedder has embedded the same
    words, even when the chunk has moved within its document.
    """
    vectors = {
        embedded_text(row.heading_path, row.text): row.vector for row in known.values() if row.embedder == embedder.name
    }
    missing = list(dict.fromkeys(t for t in map(_embedded, chunks) if t not in vectors))
    vectors.update(zip(missing, embedder.embed(missing, report), strict=True))
    return [
        ChunkEmbedding(
            chunk_id=chunk.chunk_id,
            document_id=chunk.document_id,
            position=chunk.position,
            start=chunk.start,
            end=chunk.end,
            text=chunk.text,
            heading_path=chunk.heading_path,
            title=chunk.title,
            url=chunk.url,
            kind=chunk.kind,
            published_at=chunk.published_at,
            scope=chunk.scope,
            embedder=embedder.name,
            vector=vectors[_embedded(chunk)],
        )
        for chunk in chunks
    ]


def _embedded(chunk: Chunk) -> str:
    return embedded_text(chunk.heading_path, chunk.text)
