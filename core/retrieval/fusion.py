"""Makes one ranking of a dense and a sparse one (pure).

A weighted sum of scaled scores. BM25 has a natural zero, so its scores are divided by the best
one; cosines have none (those of texts that have nothing in common cluster around a value that
differs from question to question), so they are min-max-normalised over the hits. A hit that one
of the two searches did not see gets nothing from it. On the project's six evaluation sets this
beat min-max on both sides by 0.002 nDCG@10 in the mean, and reciprocal rank fusion on every set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.model import Chunk, Hit, Scores, SearchHits


@dataclass(frozen=True, slots=True)
class RankedHit:
    """A chunk in its place of a ranking, with the scores that put it there."""

    chunk: Chunk
    scores: Scores


def fuse(hits: SearchHits, dense_weight: float) -> list[RankedHit]:
    """All hits, best first. Where a search found nothing, the other one has all the weight."""
    if not (hits.dense and hits.sparse):
        dense_weight = 1.0 if hits.dense else 0.0
    found: dict[Chunk, list[float | None]] = {hit.chunk: [hit.score, None] for hit in hits.dense}
    for hit in hits.sparse:
        found.setdefault(hit.chunk, [None, None])[1] = hit.score
    of_dense, of_sparse = _min_max(hits.dense), _relative(hits.sparse)
    ranked = []
    for chunk, (dense, sparse) in found.items():
        fused = 0.0 if dense is None else dense_weight * of_dense(dense)
        if sparse is not None:
            fused += (1 - dense_weight) * of_sparse(sparse)
        ranked.append(RankedHit(chunk, Scores(fused, dense, sparse)))
    return sorted(ranked, key=_worst_last)


def combine(rankings: Sequence[tuple[float, Sequence[RankedHit]]]) -> list[RankedHit]:
    """One ranking of those of several queries: the weighted mean of the fused scores.

    A hit keeps the raw scores that the first of the queries to find it gave.
    """
    if len(rankings) == 1:
        return list(rankings[0][1])
    total = sum(weight for weight, _ in rankings)
    found: dict[Chunk, Scores] = {}
    for weight, ranking in rankings:
        for hit in ranking:
            share = weight / total * hit.scores.fused
            there = found.get(hit.chunk)
            first, before = (there, there.fused) if there else (hit.scores, 0.0)
            found[hit.chunk] = Scores(before + share, first.dense, first.sparse)
    return sorted((RankedHit(*each) for each in found.items()), key=_worst_last)


def _worst_last(hit: RankedHit) -> float:
    return -hit.scores.fused


def _min_max(hits: Sequence[Hit]) -> Callable[[float], float]:
    scores = [hit.score for hit in hits]
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    if high == low:
        return lambda _: 1.0
    return lambda score: (score - low) / (high - low)


def _relative(hits: Sequence[Hit]) -> Callable[[float], float]:
    best = max((hit.score for hit in hits), default=0.0)
    if best <= 0:
        return lambda _: 0.0
    return lambda score: score / best
