"""How well the verifier tells supported claims from false ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from rich.table import Table

from bot.evaluation.claims import (
    JUDGED,
    SUPPORTED,
    WITH_ANSWERS,
    Example,
    answer_claims,
    judged_claims,
)
from bot.evaluation.fitting import Fold, findings, fit_support, score
from bot.evaluation.metrics import auroc, percentile
from core.answering.verifying.scoring import assess

ANSWERS: Final = 200
"""Of each set that has answers."""

REQUIRED: Final[Mapping[tuple[str, str], float]] = {
    (JUDGED, "no evidence"): 0.88,
    (JUDGED, "contradicted"): 0.72,
    ("clapnq", "another passage"): 0.90,
    ("clapnq", "number"): 0.90,
    ("clapnq", "name"): 0.90,
    ("clapnq", "negation"): 0.90,
}
"""AUROC of supported claims against each kind of false one."""

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Separation:
    """Supported claims against one kind of false ones of a set.

    `auroc` is that of the verifier as it is; `held_out` of one that was fitted on the other sets.
    """

    set: str
    kind: str
    claims: int
    auroc: float
    held_out: float
    required: float | None

    @property
    def falls_short(self) -> bool:
        """Whether the requirement is missed."""
        return self.required is not None and self.auroc < self.required


@dataclass(frozen=True, slots=True)
class VerifierReport:
    """All kinds of all sets, and milliseconds a claim, its passage's first reading included."""

    separations: tuple[Separation, ...]
    p50_ms: float
    p95_ms: float

    @property
    def falls_short(self) -> bool:
        """Whether a requirement is missed."""
        return any(each.falls_short for each in self.separations)

    def as_json(self) -> dict[str, Any]:
        """The same names and structure, rounded."""
        return {
            "separations": [
                {
                    name: round(value, _DIGITS) if isinstance(value, float) else value
                    for name, value in asdict(each).items()
                }
                for each in self.separations
            ],
            "p50_ms": round(self.p50_ms, _DIGITS),
            "p95_ms": round(self.p95_ms, _DIGITS),
        }


def example_sets(folder: Path, answers: int = ANSWERS) -> dict[str, list[Example]]:
    """The claims of every set that has any, by its name."""
    sets = {name: answer_claims(folder, name, answers) for name in WITH_ANSWERS}
    return {JUDGED: judged_claims(folder), **sets}


def evaluate_verifier(folder: Path, answers: int = ANSWERS) -> VerifierReport:
    """Scores the claims of all sets. Raises ConfigurationError where one is not there."""
    sets = example_sets(folder, answers)
    times = [_timed(example) for examples in sets.values() for example in examples]
    folds = {name: Fold(examples, findings(examples)) for name, examples in sets.items()}
    rows = [row for name in folds for row in _separations(name, folds)]
    return VerifierReport(tuple(rows), percentile(times, 0.5), percentile(times, 0.95))


def as_table(report: VerifierReport) -> Table:
    """A row a kind of false claim."""
    table = Table("set", "supported against")
    for column in ("claims", "AUROC", "held out", "required"):
        table.add_column(column, justify="right")
    for each in report.separations:
        mark = " ✗" if each.falls_short else ""
        table.add_row(
            each.set,
            each.kind,
            str(each.claims),
            f"{each.auroc:.3f}{mark}",
            f"{each.held_out:.3f}",
            f"{each.required:.2f}" if each.required else "",
        )
    table.caption = f"{report.p50_ms:.2f} ms a claim, {report.p95_ms:.2f} ms for 95 % of them"
    return table


def _separations(name: str, folds: Mapping[str, Fold]) -> Iterable[Separation]:
    fold = folds[name]
    shipped = [assess(e.claim, e.text, e.heading).support for e in fold.examples]
    others = fit_support([other for each, other in folds.items() if each != name])
    held_out = score(others, fold.rows)
    kinds = [example.kind for example in fold.examples]
    for kind in dict.fromkeys(kinds):
        if kind != SUPPORTED:
            yield Separation(
                name,
                kind,
                kinds.count(kind),
                _auroc(shipped, kinds, kind),
                _auroc(held_out, kinds, kind),
                REQUIRED.get((name, kind)),
            )


def _auroc(scores: Sequence[float], kinds: Sequence[str], kind: str) -> float:
    of = {
        each: [s for s, k in zip(scores, kinds, strict=True) if k == each]
        for each in (SUPPORTED, kind)
    }
    return auroc(of[SUPPORTED], of[kind])


def _timed(example: Example) -> float:
    start = perf_counter()
    assess(example.claim, example.text, example.heading)
    return (perf_counter() - start) * 1e3
