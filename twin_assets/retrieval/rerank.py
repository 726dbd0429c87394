"""Reading query and chunk together: slower than comparing vectors, and a better judge of the few best."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from twin_assets.errors import ModelError
from twin_assets.features.chunk import embedded_text
from twin_assets.retrieval.passages import Hit, Scores

Rerank = Callable[[str, Sequence[str]], Sequence[float]]
"""A score for each text, higher is better: how well it answers the query."""

_BATCH = 32


class CrossEncoderReranker:
    """A cross-encoder of sentence-transformers from a local folder, loaded when first used (Nogueira and Cho 2019,
    "Passage Re-ranking with BERT"). Safe to use from several threads.

    A model with one label scores from 0 to 1 (its logit through a sigmoid) unless its own config says otherwise.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()

    def __call__(self, query: str, texts: Sequence[str]) -> list[float]:
        """The score of each text. Raises ModelError."""
        if not texts:
            return []
        with self._lock:
            scores = self._model.predict([(query, text) for text in texts], batch_size=_BATCH, show_progress_bar=False)
        return [float(score) for score in scores]

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import CrossEncoder
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        try:
            model = CrossEncoder(str(self._folder), local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(
                f"the reranker in {str(self._folder)!r} cannot be loaded: {error}",
                "use a folder with a sequence classification model and its tokenizer",
            ) from error
        if model.num_labels != 1:
            raise ModelError(
                f"the reranker in {str(self._folder)!r} has {model.num_labels} labels", "use one that gives one score"
            )
        return model


def reranked(
    query: str, hits: Sequence[Hit], scores: Mapping[str, Scores], rerank: Rerank, threshold: float | None
) -> tuple[list[Hit], dict[str, Scores]]:
    """The hits in the order of the cross-encoder, without those below the threshold."""
    judged = rerank(query, [embedded_text(hit.heading_path, hit.text) for hit in hits])
    order = sorted(zip(hits, judged, strict=True), key=lambda pair: (-pair[1], pair[0].chunk_id))
    kept = [(hit, score) for hit, score in order if threshold is None or score >= threshold]
    return [hit for hit, _ in kept], {hit.chunk_id: replace(scores[hit.chunk_id], rerank=score) for hit, score in kept}
