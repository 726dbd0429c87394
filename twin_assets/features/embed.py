"""Vectors of chunks by a sentence-transformers model from a local folder."""

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from twin_assets.digests import digest, file_sha256
from twin_assets.errors import ModelError
from twin_assets.features.encoders import Encoder, Ids, Precision, Vectors, best_precision, load_encoder
from twin_assets.progress import Meter, Report, silent

PrecisionSetting = Literal["auto", "float32", "bfloat16"]
_DEFINING = (".safetensors", ".bin", ".json", ".txt", ".model")
"""Suffixes of the files that decide what a vector is: weights, tokenizer, pooling."""


class EmbeddingModel(Protocol):
    """What embedding needs of a model; `Embedder` is the one that is used."""

    @property
    def name(self) -> str:
        """The model with its digest."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""

    def embed(self, texts: Sequence[str], report: Report = silent) -> Vectors:
        """A vector for each text."""


class Embedder:
    """A sentence embedder (Reimers and Gurevych 2019, "Sentence-BERT"), loaded when first used.

    Counting tokens needs the tokenizer only, not the model. Safe to use from several threads.

    Args:
        folder: the model's files in the layout of sentence-transformers.
        name: what it is called; by default as its folder.
        precision: of the transformer's arithmetic; `auto` is bfloat16 where this machine computes in it.
        converted: where models are kept in the form in which a processor computes them; without it, each process makes
            that form anew.
    """

    def __init__(
        self, folder: Path, name: str = "", precision: PrecisionSetting = "float32", converted: Path | None = None
    ) -> None:
        self._folder = folder
        self._label = name or folder.name
        self._asked = precision
        self._converted = converted
        self._lock = threading.Lock()
        self._loaded: Encoder | None = None

    @cached_property
    def precision(self) -> Precision:
        """What the transformer computes in."""
        return best_precision() if self._asked == "auto" else self._asked

    @cached_property
    def name(self) -> str:
        """Name, digest of the files and precision, if not 32 bits: vectors of equal names are comparable."""
        return f"{self._model_name}{'' if self.precision == 'float32' else f'/{self.precision}'}"

    @cached_property
    def _model_name(self) -> str:
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
        return self._encoder.dimensions

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by the model's own tokenizer, special tokens included, nothing cut off."""
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def embed(self, texts: Sequence[str], report: Report = silent) -> Vectors:
        """A vector of length 1 for each text, in the order of the texts.

        Equals `SentenceTransformer.encode` with normalized embeddings. Each text is tokenized once, and texts of like
        token counts share a batch, so that little is computed for padding.
        """
        meter = Meter("embedding", len(texts), report)
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        ids = [encoding.ids for encoding in self._reader.encode_batch_fast(list(texts))]
        batches = list(_batches([len(tokens) for tokens in ids], self._encoder.batch_tokens))

        def encode(batch: list[int]) -> Vectors:
            return self._encoder.encode(*_padded([ids[i] for i in batch]))

        at_once = min(len(batches), self._encoder.batches_at_once)
        computed: Iterable[Vectors] = map(encode, batches) if at_once < 2 else self._threads.map(encode, batches)
        for batch, found in zip(batches, computed, strict=True):
            vectors[batch] = found
            meter.advance(len(batch))
        return vectors

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._encoder.batches_at_once, thread_name_prefix="embedding")

    @property
    def _encoder(self) -> Encoder:
        with self._lock:
            if self._loaded is None:
                place = self._converted / self._model_name if self._converted else None
                self._loaded = load_encoder(self._folder, self.precision, place)
            return self._loaded

    @cached_property
    def _reader(self) -> Any:
        """The tokenizer that cuts off what is beyond the window."""
        tokenizer = self._load_tokenizer()
        tokenizer.enable_truncation(self.window)
        return tokenizer

    @cached_property
    def _tokenizer(self) -> Any:
        return self._load_tokenizer()

    def _load_tokenizer(self) -> Any:
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


def _batches(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Indices of texts of like lengths, the longest first, that are so many tokens together with their padding."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i], reverse=True)
    start = 0
    while start < len(order):
        size = max(batch_tokens // max(lengths[order[start]], 1), 1)
        yield order[start : start + size]
        start += size


def _padded(ids: Sequence[Sequence[int]]) -> tuple[Ids, Ids]:
    """Token ids, the longest first, and their mask. Padding is masked, so its id does not matter."""
    padded = np.zeros((len(ids), len(ids[0])), np.int64)
    mask = np.zeros_like(padded)
    for row, tokens in enumerate(ids):
        padded[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return padded, mask
