"""The measures of a search and of its refusals (pure).

`ranked` are document ids, best first, each once; `relevant` maps those asked for to their grade.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def ndcg(ranked: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """Normalised discounted cumulative gain with exponential gains.

    Burges et al. 2005, "Learning to rank using gradient descent"; for grades of 0 and 1 the same
    as trec_eval's.
    """
    ideal = _dcg(sorted(relevant.values(), reverse=True)[:k])
    return _dcg([relevant.get(document, 0.0) for document in ranked[:k]]) / ideal if ideal else 0.0


def recall(ranked: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """The share of the relevant documents among the first k."""
    return len(set(ranked[:k]) & relevant.keys()) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """1 / rank of the first relevant document, 0 where it is not among the first k."""
    ranks = (rank for rank, document in enumerate(ranked[:k], 1) if document in relevant)
    return 1 / next(ranks, math.inf)


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """The chance that a positive's score is above a negative's, ties counting half.

    Both must have an element. This is the Mann-Whitney U statistic over its maximum.
    """
    scores = sorted(
        [(score, True) for score in positives] + [(score, False) for score in negatives]
    )
    rank_sum, start = 0.0, 0
    while start < len(scores):
        end = start
        while end < len(scores) and scores[end][0] == scores[start][0]:
            end += 1
        mean_rank = (start + 1 + end) / 2
        rank_sum += mean_rank * sum(positive for _, positive in scores[start:end])
        start = end
    wins = rank_sum - len(positives) * (len(positives) + 1) / 2
    return wins / (len(positives) * len(negatives))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all are not above (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _dcg(grades: Sequence[float]) -> float:
    return sum((2**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))
