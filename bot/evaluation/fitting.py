"""Fits the verifier's weights to examples (pure but for the passages' readings)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bot.evaluation.claims import SUPPORTED, Example
from bot.evaluation.regression import Matrix, fit_logistic
from core.answering.verifying.comparing import Findings, compare
from core.answering.verifying.reading import read

NAMES: Final = Findings._fields
SPEAKS_FOR: Final = frozenset({"covered", "window", "sentence", "agreeing"})
DENIED: Final = frozenset({"contradicted", "negation", "negation dropped", "direction"})

_EMPHASIS: Final[Mapping[str, float]] = {
    "nearest passage": 6,
    "no evidence": 10,
    "contradicted": 6,
    "another passage": 3,
    "direction": 2,
    "number": 2,
}
"""How much a kind of false claim counts, 1 by default: what models get wrong before what is easy
to make up."""

_RIDGE = 60.0
_A_CLASS = 200.0


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """The examples of one set, and a row of findings for each."""

    examples: Sequence[Example]
    rows: Matrix


def findings(examples: Sequence[Example]) -> Matrix:
    """A row an example, a column a name of NAMES."""
    return np.array(
        [compare(read(e.claim), read(e.text, e.heading)) for e in examples], dtype=float
    )


def fit_support(sets: Sequence[Fold]) -> dict[str, float]:
    """Weights of the logit that a claim is supported. Sets count alike, and so do both answers."""
    signs = [1.0 if name in SPEAKS_FOR else -1.0 for name in NAMES]
    return _fit(sets, {SUPPORTED}, signs, frozenset())


def fit_contradiction(sets: Sequence[Fold]) -> dict[str, float]:
    """Weights of the logit that a claim is denied, against those supported or without evidence."""
    signs = [-1.0 if name == "agreeing" else 1.0 for name in NAMES]
    others = {"number", "name", "name nearby", "names swapped"}
    return _fit(sets, DENIED, signs, others)


def score(weights: Mapping[str, float], rows: Matrix) -> list[float]:
    """The logits of the rows."""
    column = np.array([weights[name] for name in NAMES])
    return [float(value) for value in rows @ column + weights["bias"]]


def _fit(
    sets: Sequence[Fold],
    positive: Collection[str],
    signs: Sequence[float],
    left_out: Collection[str],
) -> dict[str, float]:
    rows, answers, weights = [], [], []
    for fold in sets:
        kept = [at for at, e in enumerate(fold.examples) if e.kind not in left_out]
        kinds = [fold.examples[at].kind for at in kept]
        rows.append(fold.rows[kept])
        answers += [float(kind in positive) for kind in kinds]
        weights += _balanced(kinds, positive)
    bias, raw = fit_logistic(
        np.vstack(rows), np.array(answers), np.array(weights), np.array(signs), _RIDGE
    )
    named = dict(zip(NAMES, (round(float(value), 3) for value in raw), strict=True))
    return {"bias": round(bias, 3), **named}


def _balanced(kinds: Sequence[str], positive: Collection[str]) -> list[float]:
    """Each answer weighs the same, shared among its kinds by emphasis."""
    counts = Counter(kinds)
    totals = {
        answer: sum(_EMPHASIS.get(k, 1) for k in counts if (k in positive) == answer)
        for answer in (True, False)
    }
    return [_A_CLASS * _EMPHASIS.get(k, 1) / totals[k in positive] / counts[k] for k in kinds]
