"""Makes one ranking of a dense and a sparse one (pure).

A weighted sum of scaled scores. BM25 has a natural zero, so its scores are divided by the best
one; cosines have none (those of texts that have nothing in common cluster around a value that
differs from question to question), so they are min-max-normalised over the hits. A hit that one
of the two searches did not see gets nothing from it. On the project's six evaluation sets this
beat min-max on both sides by 0.002 nDCG@10 in the mean, and reciprocal rank fusion on every set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    dense, sparse = _raw(hits.dense), _raw(hits.sparse)
    scaled_dense, scaled_sparse = _min_max(dense), _relative(sparse)
    ranked = [
        RankedHit(
            chunk,
            Scores(
                fused=dense_weight * scaled_dense.get(chunk, 0.0)
                + (1 - dense_weight) * scaled_sparse.get(chunk, 0.0),
                dense=dense.get(chunk),
                sparse=sparse.get(chunk),
            ),
        )
        for chunk in dict.fromkeys([*dense, *sparse])
    ]
    return sorted(ranked, key=lambda hit: -hit.scores.fused)


def combine(rankings: Sequence[tuple[float, Sequence[RankedHit]]]) -> list[RankedHit]:
    """One ranking of those of several queries: the weighted mean of the fused scores.

    A hit keeps the raw scores that the first of the queries to find it gave.
    """
    total = sum(weight for weight, _ in rankings)
    fused: dict[Chunk, float] = {}
    raw: dict[Chunk, Scores] = {}
    for weight, ranking in rankings:
        for hit in ranking:
            share = weight / total * hit.scores.fused
            fused[hit.chunk] = fused.get(hit.chunk, 0.0) + share
            raw.setdefault(hit.chunk, hit.scores)
    ranked = [
        RankedHit(chunk, Scores(score, raw[chunk].dense, raw[chunk].sparse))
        for chunk, score in fused.items()
    ]
    return sorted(ranked, key=lambda hit: -hit.scores.fused)


def _raw(hits: Sequence[Hit]) -> dict[Chunk, float]:
    return {hit.chunk: hit.score for hit in hits}


def _min_max(scores: Mapping[Chunk, float]) -> dict[Chunk, float]:
    low, high = min(scores.values(), default=0.0), max(scores.values(), default=0.0)
    if high == low:
        return dict.fromkeys(scores, 1.0)
    return {chunk: (score - low) / (high - low) for chunk, score in scores.items()}


def _relative(scores: Mapping[Chunk, float]) -> dict[Chunk, float]:
    best = max(scores.values(), default=0.0)
    return {chunk: score / best if best > 0 else 0.0 for chunk, score in scores.items()}
