"""Makes one ranking of a dense and a sparse one (pure).

A weighted sum of scaled scores. BM25 has a natural zero, so its scores are divided by the best
one; cosines have none (those of texts that have nothing in common cluster around a value that
differs from question to question), so they are min-max-normalised over the hits. A hit that one
of the two searches did not see gets nothing from it. On the project's six evaluation sets this
beat min-max on both sides by 0.002 nDCG@10 in the mean, and reciprocal rank fusion on every set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core.model import PointKey, SearchHits
from core.retrieval.ranked_hits import RankedHits


def fuse(found: SearchHits, dense_weight: float) -> RankedHits:
    """All hits, best first. Where a search found nothing, the other one has all the weight."""
    if not (found.dense and found.sparse):
        dense_weight = 1.0 if found.dense else 0.0
    dense = _min_max(found.dense, dense_weight)
    sparse = _relative(found.sparse, 1 - dense_weight)
    fused = dense | sparse
    for key in dense.keys() & sparse.keys():
        fused[key] = dense[key] + sparse[key]
    return RankedHits.best_first(found, fused)


def combine(rankings: Sequence[tuple[float, RankedHits]]) -> RankedHits:
    """One ranking of those of several queries: the weighted mean of the fused scores.

    A hit keeps the raw scores that the first of the queries to find it gave.
    """
    if len(rankings) == 1:
        return rankings[0][1]
    total = sum(weight for weight, _ in rankings)
    fused: dict[PointKey, float] = {}
    for weight, ranking in rankings:
        share = weight / total
        for key in ranking.order:
            fused[key] = fused.get(key, 0.0) + share * ranking.fused[key]
    ranked = [each for _, each in rankings]
    chunks = {key: chunk for each in ranked for key, chunk in each.chunks.items()}
    return RankedHits.best_first(_first_found(ranked), fused, chunks)


def _min_max(cosines: Mapping[PointKey, float], weight: float) -> dict[PointKey, float]:
    if not cosines:
        return {}
    low, high = min(cosines.values()), max(cosines.values())
    if high == low:
        return dict.fromkeys(cosines, weight)
    width = high - low
    return {key: weight * ((score - low) / width) for key, score in cosines.items()}


def _relative(scores: Mapping[PointKey, float], weight: float) -> dict[PointKey, float]:
    best = max(scores.values(), default=0.0)
    if best <= 0:
        return dict.fromkeys(scores, 0.0)
    return {key: weight * (score / best) for key, score in scores.items()}


def _first_found(rankings: Iterable[RankedHits]) -> SearchHits:
    """All points, each with the scores of the first of the rankings that has it."""
    dense: dict[PointKey, float] = {}
    sparse: dict[PointKey, float] = {}
    seen: set[PointKey] = set()
    for ranking in rankings:
        new = [key for key in ranking.order if key not in seen]
        found = ranking.found
        dense.update((key, found.dense[key]) for key in new if key in found.dense)
        sparse.update((key, found.sparse[key]) for key in new if key in found.sparse)
        seen.update(new)
    return SearchHits(dense, sparse)
