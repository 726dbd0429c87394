"""Search over the feature store, for the service, evaluation and datasets alike."""

from twin_assets.retrieval.search import Passage, Searcher

__all__ = ["Passage", "Searcher"]
