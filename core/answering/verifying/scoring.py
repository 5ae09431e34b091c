"""How likely it is that a passage supports a claim, and that it contradicts it.

Two logistic regressions over `Findings`. Their weights stand in `weights.json`, as
`scripts/fit_verifier.py` fitted them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files

from core.answering.verifying.comparing import Findings, compare
from core.answering.verifying.reading import read, read_claim

_NAMES = tuple(field.name for field in fields(Findings))


@dataclass(frozen=True, slots=True)
class Assessment:
    """Probabilities in 0..1 that the passage says what the claim says, and that it denies it."""

    support: float
    contradiction: float


def assess(claim: str, text: str, heading: str = "") -> Assessment:
    """Scores a claim in plain prose against a passage. A passage is read once and remembered."""
    findings = compare(read_claim(claim), read(text, heading))
    support, contradiction = (
        _probability(weights, findings)
        for weights in (_fitted()["support"], _fitted()["contradiction"])
    )
    return Assessment(support, contradiction)


def _probability(weights: Mapping[str, float], findings: Findings) -> float:
    logit = weights["bias"] + sum(weights[name] * getattr(findings, name) for name in _NAMES)
    return 1 / (1 + math.exp(-logit))


@lru_cache(maxsize=1)
def _fitted() -> dict[str, dict[str, float]]:
    text = files(__package__).joinpath("weights.json").read_text("utf-8")
    fitted: dict[str, dict[str, float]] = json.loads(text)["weights"]
    return fitted
