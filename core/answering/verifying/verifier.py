"""The verifier that needs no service: what a claim says is looked up in the words it cites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from core.answering.verifying.marks import cited, noted, recited, unmarked
from core.answering.verifying.quotation import in_quotation_marks
from core.answering.verifying.scoring import Assessment, assess
from core.answering.verifying.substance import statement
from core.answering.wording import NOT_IN_CITED, NOT_IN_DOCS
from core.model import Passage, Verdict
from core.ports import CheckedClaim

SUPPORTED: Final = 0.55
UNSUPPORTED: Final = 0.3
CONTRADICTED: Final = 0.8
"""Probabilities from and below which a verdict is given; what lies between is unsettled."""

_BETTER: Final = 0.2
_DOUBTED: Final = 0.5


@dataclass(frozen=True, slots=True)
class VerifierSettings:
    """What becomes of a claim that no passage supports: a word beside it, or nothing at all."""

    unsupported: Literal["mark", "drop"] = "mark"


class _Finding(NamedTuple):
    """`numbers` are the passages to cite, those that the claim cites unless another fits better."""

    verdict: Verdict
    support: float
    numbers: tuple[int, ...]


class LexicalVerifier:
    """A Verifier that compares words, numbers, names, negations and directions; about 1 ms a claim.

    A claim that cites a passage which does not support it gets the mark of another one that does.
    A contradicted claim is dropped. A long run that is taken over verbatim is put in quotation
    marks.
    """

    def __init__(self, settings: VerifierSettings | None = None) -> None:
        self._settings = settings or VerifierSettings()

    def check(self, claim: str, passages: Sequence[Passage]) -> CheckedClaim:
        """The claim as it may be shown. One that needs no evidence passes without a verdict."""
        numbers = tuple([n for n in cited(claim) if 1 <= n <= len(passages)])
        text = statement(unmarked(claim), cites=bool(numbers)) if passages else ""
        if not text:
            return CheckedClaim(claim)
        found = _find(text, numbers, passages)
        return CheckedClaim(
            self._shown(claim, numbers, found, passages),
            found.verdict,
            found.support,
            found.numbers,
        )

    def _shown(
        self,
        claim: str,
        numbers: tuple[int, ...],
        found: _Finding,
        passages: Sequence[Passage],
    ) -> str:
        if found.verdict is Verdict.CONTRADICTED:
            return ""
        if found.verdict is Verdict.UNSUPPORTED:
            if self._settings.unsupported == "drop":
                return ""
            return noted(claim, NOT_IN_CITED if numbers else NOT_IN_DOCS)
        if found.numbers != numbers:
            claim = recited(claim, found.numbers)
        return in_quotation_marks(claim, [(n, passages[n - 1].text) for n in found.numbers])


def _find(text: str, numbers: tuple[int, ...], passages: Sequence[Passage]) -> _Finding:
    own = _assess(text, [passages[n - 1] for n in numbers])
    if own.support >= SUPPORTED:
        return _Finding(Verdict.SUPPORTED, own.support, numbers)
    others = [n for n in range(1, len(passages) + 1) if n not in numbers]
    ranked = sorted(((_assess(text, [passages[n - 1]]), n) for n in others), key=_by_support)
    if ranked:
        best, n = ranked[-1]
        if best.support >= SUPPORTED and best.support >= own.support + _BETTER:
            return _Finding(Verdict.SUPPORTED, best.support, (n,))
        if not numbers:
            own = best
    return _Finding(_verdict(own), own.support, numbers)


def _by_support(ranked: tuple[Assessment, int]) -> float:
    return ranked[0].support


def _assess(text: str, passages: Sequence[Passage]) -> Assessment:
    if not passages:
        return Assessment(0.0, 0.0)
    return assess(
        text, "\n\n".join([p.text for p in passages]), "\n\n".join([p.place for p in passages])
    )


def _verdict(found: Assessment) -> Verdict:
    if found.contradiction >= CONTRADICTED and found.support < _DOUBTED:
        return Verdict.CONTRADICTED
    return Verdict.UNSUPPORTED if found.support < UNSUPPORTED else Verdict.UNSETTLED
