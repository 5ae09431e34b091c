"""How sure the search is that the docs hold an answer (pure).

It is told from raw scores: normalised ones always top at 1. What evidence there is depends on the
rung of the ladder, and each kind has its own floor.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

from core.retrieval.evidence import Evidence, gather, held_by_sentences, named, said, weigh
from core.retrieval.ranked_hits import RankedHit
from core.text.relevance import terms

CALIBRATED_MODELS: Final = frozenset({"all-MiniLM-L6-v2"})
"""Embedding models whose cosines the weights and the floor below were fitted to."""

HYBRID_FLOOR: Final = 0.33
"""On the six evaluation sets at most 4 % of the answerable questions fall below it (12 % where
follow-ups are asked without their context), and 83 to 98 % of those of the other sets."""

LEXICAL_FLOOR: Final = 0.24
"""On the same sets 2 to 12 % of the answerable questions fall below it, and 53 to 79 % of those of
the other sets."""

RERANK_FLOOR: Final = 0.1
"""Not fitted, for want of a key: rerankers give what is off topic less than this."""


@dataclass(frozen=True, slots=True)
class Confidence:
    """In 0..1, and whether that is enough to answer."""

    value: float
    sufficient: bool


def assess(query: str, ranking: Sequence[RankedHit], cosines: Sequence[float]) -> Confidence:
    """What the best hits say.

    `cosines` are those of the query, best first, none where there are none or their scale is not
    known. The best rerank score decides where there is one; else the weighted mean of the evidence,
    where a question that is the heading of the first hit suffices; else, without cosines, the mean
    of two shares of the query's terms: those that the first hit holds, and those that its text
    says, weighed by how rare they are.
    """
    if not ranking:
        return Confidence(0.0, sufficient=False)
    best = ranking[0]
    if best.scores.rerank is not None:
        return _above(best.scores.rerank, RERANK_FLOOR)
    if not cosines:
        return _above(_by_words(query, ranking), LEXICAL_FLOOR)
    value = weighted_mean(gather(query, ranking, cosines))
    return _above(max(value, HYBRID_FLOOR) if named(query, best.chunk) else value, HYBRID_FLOOR)


def term_coverage(query: str, text: str) -> float:
    """The share of the query's terms that the text holds; 0 for a query of stop words."""
    asked = set(terms(query))
    return len(asked.intersection(terms(text))) / len(asked) if asked else 0.0


def weighted_mean(evidence: Evidence) -> float:
    """The evidence in one figure. The weights are 1 in all; `scripts/fit_confidence.py` fits them.

    So it keeps the scale of a cosine, and grows with each sign by what it is worth.
    """
    figures: dict[str, float] = asdict(evidence)
    return sum(_weights()[name] * value for name, value in figures.items())


def _by_words(query: str, ranking: Sequence[RankedHit]) -> float:
    asked, chunk = weigh(query, ranking), ranking[0].chunk
    share = said(asked, held_by_sentences(asked, chunk))
    return (term_coverage(query, chunk.embedding_text) + share) / 2


def _above(value: float, floor: float) -> Confidence:
    return Confidence(min(max(value, 0.0), 1.0), sufficient=value >= floor)


@lru_cache(maxsize=1)
def _weights() -> dict[str, float]:
    text = files(__package__).joinpath("weights.json").read_text("utf-8")
    weights: dict[str, float] = json.loads(text)["weights"]
    return weights
