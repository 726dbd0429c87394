"""One ranking of several."""

from collections.abc import Iterable, Mapping

RRF_K = 60
"""The constant of reciprocal rank fusion, as in Cormack, Clarke and Büttcher (2009)."""


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
