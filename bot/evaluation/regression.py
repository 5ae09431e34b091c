"""Fits a logistic regression whose weights may have one sign only (pure)."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Matrix: TypeAlias = npt.NDArray[np.float64]

_SWEEPS = 300
_SETTLED = 1e-4


def fit_logistic(
    rows: Matrix, answers: Matrix, weights: Matrix, signs: Matrix, ridge: float
) -> tuple[float, Matrix]:
    """The bias, and a weight for each column; a row counts as much as its own of `weights`.

    Ridge-penalised, by coordinate descent on standardised columns. No column's weight gets the
    sign that is not its: what speaks for an answer never speaks against it because of a
    coincidence in one set.
    """
    means, spreads = rows.mean(0), rows.std(0) + 1e-9
    columns = np.c_[(rows - means) / spreads, np.ones(len(rows))]
    ridges = np.r_[np.full(rows.shape[1], ridge), 0.0]
    allowed = np.r_[signs, 0.0]
    found, logits = np.zeros(columns.shape[1]), np.zeros(len(rows))
    for _ in range(_SWEEPS):
        most = 0.0
        for at, column in enumerate(columns.T):
            chance = 1 / (1 + np.exp(-logits))
            slope = (weights * (chance - answers)) @ column + ridges[at] * found[at]
            curve = (weights * chance * (1 - chance)) @ column**2 + ridges[at] + 1e-9
            new = found[at] - slope / curve
            new = 0.0 if allowed[at] * new < 0 else new
            logits += column * (new - found[at])
            most, found[at] = max(most, abs(new - found[at])), new
        if most < _SETTLED:
            break
    raw = found[:-1] / spreads
    return float(found[-1] - raw @ means), raw
