"""Retrieval for the service: the feature store's searcher, made in the background while the service is up already."""

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from twin_assets.errors import TwinError
from twin_assets.retrieval.filters import Filter
from twin_assets.serving.context import Found
from twin_assets.settings import Settings

if TYPE_CHECKING:
    from twin_assets.retrieval import Searcher
    from twin_assets.retrieval.search import QueryModel

Search = Callable[[str, int, Filter], Sequence[Found]]
"""Query, number of passages, and what to search; raises TwinError when nothing can be searched."""


class FeatureStoreSearch:
    """Searches what was last materialized; the first search waits for the embedding model to be loaded."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._searcher: Searcher | None = None

    def __call__(self, query: str, k: int, only: Filter) -> Sequence[Found]:
        """The `k` best passages that fit into a prompt. Raises StorageError, ModelError."""
        settings = self._settings
        most = min(settings.retrieval.max_tokens, settings.service.context_tokens // 2)
        return self._made().search(query, k, only, max_tokens=most)

    def passages(self, query: str, k: int, only: Filter) -> Sequence[Found]:
        """The `k` best passages, however long they are together. Raises StorageError, ModelError."""
        return self._made().search(query, k, only)

    def embedder(self) -> "QueryModel":
        """The model of the vectors that are searched. Raises ConfigError, ModelError."""
        return self._made().embedder

    def warm(self) -> None:
        """Load the model ahead of the first request; a fault shows when something is searched for."""
        threading.Thread(target=self._warm, name="warm-search", daemon=True).start()

    def _warm(self) -> None:
        with contextlib.suppress(TwinError):
            self("warm", 1, Filter())

    def _made(self) -> "Searcher":
        from twin_assets.retrieval import Searcher

        with self._lock:
            if self._searcher is None:
                self._searcher = Searcher.of(self._settings)
            return self._searcher
