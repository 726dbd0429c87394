"""One order of several: of two kinds of score for one query, and of the rankings of several queries."""

import math
from collections.abc import Iterable, Mapping

from twin_assets.settings import RetrievalSettings

RRF_K = 60
"""The constant of reciprocal rank fusion, as in Cormack, Clarke and Büttcher (2009)."""


def hybrid_score(similarity: float, bm25: float, terms: int, rows: int, how: RetrievalSettings) -> float:
    """How well a chunk fits a query by its vector and by its words together.

    A convex combination of scores keeps what ranks throw away: how much better the first is than the second (Bruch, Gai
    and Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval"). BM25 is made comparable over queries and
    corpora by the number of words asked for and by the weight that a word can have at most; squared, it decides where
    the words match as they stand, and leaves the order to the vectors where they hardly do.

    Args:
        similarity: cosine of the vectors, -1 to 1.
        bm25: BM25 summed over the indexed columns, 0 when no word is in them.
        terms: different words of the query.
        rows: chunks that are searched.
        how: the weights of the similarity and of the squared BM25.
    """
    share = bm25 / (max(terms, 1) * math.log(rows + 2))
    return how.vector_weight * similarity + how.text_weight * share**2


def reciprocal_rank_fusion(rankings: Iterable[tuple[Mapping[str, int], float]], k: int = RRF_K) -> dict[str, float]:
    """Sum of weight / (k + rank) over the rankings, best first; equal scores in the order of their keys.

    Cormack, Clarke and Büttcher 2009, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
    Methods"; the weights are ours.

    Args:
        rankings: of each the rank by key, counted from 1, and its weight.
        k: how little the first ranks stand out.
    """
    scores: dict[str, float] = {}
    for ranking, weight in rankings:
        for key, rank in ranking.items():
            scores[key] = scores.get(key, 0.0) + weight / (k + rank)
    return dict(sorted(scores.items(), key=lambda entry: (-entry[1], entry[0])))
