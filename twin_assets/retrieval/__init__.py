"""Search over the feature store, for the service and the evaluation alike."""

from twin_assets.retrieval.filters import Filter
from twin_assets.retrieval.passages import Passage, Scores
from twin_assets.retrieval.search import Searcher

__all__ = ["Filter", "Passage", "Scores", "Searcher"]
