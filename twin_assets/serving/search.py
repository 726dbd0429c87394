"""Retrieval for the service: the feature store's searcher, made in the background while the service is up already."""

import contextlib
import threading
from collections.abc import Callable, Sequence

from twin_assets.errors import TwinError
from twin_assets.serving.context import Found
from twin_assets.settings import Settings

Search = Callable[[str, int], Sequence[Found]]
"""Query and number of passages; raises TwinError when nothing can be searched."""


class FeatureStoreSearch:
    """Searches what was last materialized; the first search waits for the embedding model to be loaded."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._search: Search | None = None

    def __call__(self, query: str, k: int) -> Sequence[Found]:
        """The `k` best passages of the author's public writing. Raises StorageError, ModelError."""
        with self._lock:
            if self._search is None:
                self._search = self._make()
            return self._search(query, k)

    def warm(self) -> None:
        """Load the model ahead of the first request; a fault shows when something is searched for."""
        threading.Thread(target=self._warm, name="warm-search", daemon=True).start()

    def _warm(self) -> None:
        with contextlib.suppress(TwinError):
            self("warm", 1)

    def _make(self) -> Search:
        from twin_assets.features.embedders import configured_embedder, embedder_of
        from twin_assets.retrieval import Searcher
        from twin_assets.storage import TableStore

        settings = self._settings
        searcher = Searcher(TableStore.of(settings), configured_embedder(settings), embedder_of(settings))
        return searcher.search
