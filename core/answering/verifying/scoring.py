"""How likely it is that a passage supports a claim, and that it contradicts it.

Two logistic regressions over `Findings`. Their weights stand in `weights.json`, as
`scripts/fit_verifier.py` fitted them.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from importlib.resources import files
from operator import mul
from typing import NamedTuple

from core.answering.verifying.comparing import Findings, compare
from core.answering.verifying.reading import read, read_claim


class Assessment(NamedTuple):
    """Probabilities in 0..1 that the passage says what the claim says, and that it denies it."""

    support: float
    contradiction: float


class _Fitted(NamedTuple):
    """The weights in the order of the findings."""

    bias: float
    weights: tuple[float, ...]


def assess(claim: str, text: str, heading: str = "") -> Assessment:
    """Scores a claim in plain prose against a passage. A passage is read once and remembered."""
    findings = compare(read_claim(claim), read(text, heading))
    fitted = _fitted()
    return Assessment(
        support=_probability(fitted["support"], findings),
        contradiction=_probability(fitted["contradiction"], findings),
    )


def _probability(fitted: _Fitted, findings: Findings) -> float:
    logit = fitted.bias + sum(map(mul, fitted.weights, findings))
    return 1 / (1 + math.exp(-logit))


@lru_cache(maxsize=1)
def _fitted() -> dict[str, _Fitted]:
    text = files(__package__).joinpath("weights.json").read_text("utf-8")
    fitted: dict[str, dict[str, float]] = json.loads(text)["weights"]
    return {
        name: _Fitted(weights["bias"], tuple(weights[figure] for figure in Findings._fields))
        for name, weights in fitted.items()
    }
