"""Vectors of chunks by a sentence-transformers model from a local folder."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from twin_assets.digests import digest, file_sha256
from twin_assets.errors import ModelError
from twin_assets.progress import Meter, Report, silent

Precision = Literal["auto", "float32", "bfloat16"]
Vectors = NDArray[np.float32]
"""Shape (texts, dimensions), each row of length 1."""

BATCH_TOKENS = 2_048
"""Of one batch, padding included. Measured on 2 cores at 170 tokens a text: 8 texts at once are a fifth faster than 32,
and half as fast again as 64, whose activations no longer fit the caches."""
FEW_TOKENS = 256
"""Of a batch that one thread computes. Two threads are no faster at a question, and where other work runs beside them
they take 60 ms of processor time to wait for each other, against 11 ms."""
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
        precision: of the transformer's arithmetic; pooling is in 32 bits always. `auto` is bfloat16 where this machine
            computes in it.
    """

    def __init__(self, folder: Path, name: str = "", precision: Precision = "float32") -> None:
        self._folder = folder
        self._label = name or folder.name
        self._asked = precision
        self._lock = threading.RLock()

    @cached_property
    def precision(self) -> Literal["float32", "bfloat16"]:
        """What the transformer computes in."""
        if self._asked != "auto":
            return self._asked
        from twin_assets.training.run import computes_bfloat16

        return "bfloat16" if computes_bfloat16() else "float32"

    @cached_property
    def name(self) -> str:
        """Name, digest of the files and precision, if not 32 bits: vectors of equal names are comparable."""
        files = sorted(f for f in self._folder.rglob("*") if f.is_file() and f.suffix in _DEFINING)
        contents = digest([(f.relative_to(self._folder).as_posix(), file_sha256(f)) for f in files])
        return f"{self._label}@{contents[:12]}{'' if self.precision == 'float32' else f'/{self.precision}'}"

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

    def embed(self, texts: Sequence[str], report: Report = silent) -> Vectors:
        """A vector of length 1 for each text, in the order of the texts.

        Equals `SentenceTransformer.encode` with normalized embeddings. Each text is tokenized once, and texts of like
        token counts share a batch, so that little is computed for padding.
        """
        meter = Meter("embedding", len(texts), report)
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        ids = [encoding.ids for encoding in self._reader.encode_batch_fast(list(texts))]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]), reverse=True)
        start = 0
        while start < len(order):
            size = max(BATCH_TOKENS // max(len(ids[order[start]]), 1), 1)
            batch = order[start : start + size]
            start += size
            with self._lock:
                vectors[batch] = self._forward([ids[i] for i in batch])
            meter.advance(len(batch))
        return vectors

    def _forward(self, ids: Sequence[Sequence[int]]) -> Vectors:
        """Vectors of texts as token ids, the longest first. Padding is masked, so its id does not matter."""
        import torch

        padded = np.zeros((len(ids), len(ids[0])), np.int64)
        mask = np.zeros_like(padded)
        for row, tokens in enumerate(ids):
            padded[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        device = self._model.device
        features = {
            "input_ids": torch.from_numpy(padded).to(device),
            "attention_mask": torch.from_numpy(mask).to(device),
        }
        transformer, *above = self._model
        with torch.inference_mode(), _threads(padded.size):
            features = transformer(features)
            # A mean over 256 tokens in bfloat16 would lose what the transformer kept.
            features["token_embeddings"] = features["token_embeddings"].float()
            for module in above:
                features = module(features)
            normalized = torch.nn.functional.normalize(features["sentence_embedding"].float(), dim=1)
        found: Vectors = normalized.cpu().numpy()
        return found

    @cached_property
    def _model(self) -> Any:
        with self._lock:
            from sentence_transformers import SentenceTransformer
            from transformers.utils.logging import disable_progress_bar

            disable_progress_bar()
            try:
                model = SentenceTransformer(
                    str(self._folder), local_files_only=True, model_kwargs={"dtype": self.precision}
                )
                return model.eval()
            except (OSError, ValueError, KeyError) as error:
                raise ModelError(
                    f"the embedding model in {str(self._folder)!r} cannot be loaded: {error}",
                    "use a folder in the layout of sentence-transformers",
                ) from error

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


@contextmanager
def _threads(tokens: int) -> Iterator[None]:
    """One thread for what follows when it is few tokens, padding included."""
    import torch

    before = torch.get_num_threads()
    if tokens > FEW_TOKENS or before == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
