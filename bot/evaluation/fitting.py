"""Fits the verifier's weights to examples (pure but for the passages' readings)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from bot.evaluation.claims import SUPPORTED, Example
from core.answering.verifying.comparing import Findings, compare
from core.answering.verifying.reading import read

Matrix: TypeAlias = npt.NDArray[np.float64]

NAMES: Final = tuple(field.name for field in fields(Findings))
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
_SWEEPS = 300
_SETTLED = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """The examples of one set, and a row of findings for each."""

    examples: Sequence[Example]
    rows: Matrix


def findings(examples: Sequence[Example]) -> Matrix:
    """A row an example, a column a name of NAMES."""
    return np.array(
        [astuple(compare(read(e.claim), read(e.text, e.heading))) for e in examples], dtype=float
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
    return _logistic(np.vstack(rows), np.array(answers), np.array(weights), np.array(signs))


def _balanced(kinds: Sequence[str], positive: Collection[str]) -> list[float]:
    """Each answer weighs the same, shared among its kinds by emphasis."""
    counts = Counter(kinds)
    totals = {
        answer: sum(_EMPHASIS.get(k, 1) for k in counts if (k in positive) == answer)
        for answer in (True, False)
    }
    return [_A_CLASS * _EMPHASIS.get(k, 1) / totals[k in positive] / counts[k] for k in kinds]


def _logistic(rows: Matrix, answers: Matrix, weights: Matrix, signs: Matrix) -> dict[str, float]:
    """Ridge-penalised logistic regression by coordinate descent, on standardised columns.

    No weight gets the wrong sign: what speaks for a claim never speaks against it because of a
    coincidence in one set.
    """
    means, spreads = rows.mean(0), rows.std(0) + 1e-9
    columns = np.c_[(rows - means) / spreads, np.ones(len(rows))]
    ridge = np.r_[np.full(rows.shape[1], _RIDGE), 0.0]
    allowed = np.r_[signs, 0.0]
    found, logits = np.zeros(columns.shape[1]), np.zeros(len(rows))
    for _ in range(_SWEEPS):
        most = 0.0
        for at, column in enumerate(columns.T):
            chance = 1 / (1 + np.exp(-logits))
            slope = (weights * (chance - answers)) @ column + ridge[at] * found[at]
            curve = (weights * chance * (1 - chance)) @ column**2 + ridge[at] + 1e-9
            new = found[at] - slope / curve
            new = 0.0 if allowed[at] * new < 0 else new
            logits += column * (new - found[at])
            most, found[at] = max(most, abs(new - found[at])), new
        if most < _SETTLED:
            break
    raw = found[:-1] / spreads
    named = dict(zip(NAMES, (round(float(value), 3) for value in raw), strict=True))
    return {"bias": round(float(found[-1] - raw @ means), 3), **named}
