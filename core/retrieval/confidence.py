"""How sure the search is that the docs hold an answer (pure).

It is told from raw scores: normalised ones always top at 1. What evidence there is depends on the
rung of the ladder, and each kind has its own floor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.retrieval.fusion import RankedHit
from core.text.relevance import term_weights, terms

CALIBRATED_MODELS: Final = frozenset({"all-MiniLM-L6-v2"})
"""Embedding models whose cosines the weights and the floor below were fitted to."""

COSINE_WEIGHT: Final = 5 / 6

HYBRID_FLOOR: Final = 0.415
"""On the six evaluation sets at most 6 % of the answerable questions fall below it (14 % where
follow-ups are asked without their context), and 88 to 98 % of those of the other sets."""

LEXICAL_FLOOR: Final = 0.3
"""On the same sets 1 to 9 % of the answerable questions fall below it, and 50 to 76 % of those of
the other sets."""

RERANK_FLOOR: Final = 0.1
"""Not fitted, for want of a key: rerankers give what is off topic less than this."""

_COMPARED = 50


@dataclass(frozen=True, slots=True)
class Confidence:
    """In 0..1, and whether that is enough to answer."""

    value: float
    sufficient: bool


def assess(query: str, ranking: Sequence[RankedHit], cosine: float | None) -> Confidence:
    """What the best hits say.

    `cosine` is the best one of the query, None when there is none or its scale is not known.
    The best rerank score decides where there is one; else ⅚ of the cosine plus ⅙ of the share
    of the query's terms that the first hit holds, weighed by how rare they are among the hits;
    else that share alone, unweighed.
    """
    if not ranking:
        return Confidence(0.0, sufficient=False)
    best = ranking[0]
    if best.scores.rerank is not None:
        return _above(best.scores.rerank, RERANK_FLOOR)
    if cosine is None:
        return _above(term_coverage(query, best.chunk.embedding_text), LEXICAL_FLOOR)
    texts = [hit.chunk.embedding_text for hit in ranking[:_COMPARED]]
    coverage = weighted_coverage(query, texts)
    return _above(COSINE_WEIGHT * cosine + (1 - COSINE_WEIGHT) * coverage, HYBRID_FLOOR)


def term_coverage(query: str, text: str) -> float:
    """The share of the query's terms that the text holds; 0 for a query of stop words."""
    asked = set(terms(query))
    return len(asked.intersection(terms(text))) / len(asked) if asked else 0.0


def weighted_coverage(query: str, texts: Sequence[str]) -> float:
    """The share of the query's terms that the first text holds; the fewer hold one, the more it is.

    A question about something else shares its common words with the hits, not its rare ones.
    """
    held = [frozenset(terms(text)) for text in texts]
    return sum(share for term, share in term_weights(query, held).items() if term in held[0])


def _above(value: float, floor: float) -> Confidence:
    return Confidence(min(max(value, 0.0), 1.0), sufficient=value >= floor)
