"""How well the evidence of a search tells the questions that the docs answer from others.

Besides those that a set gives as not answerable there are two kinds that can be had of any set: its
own questions, searched for without the documents that answer them, and questions of other sets.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Final

import numpy as np
from rich.table import Table

from bot.evaluation.dataset import Dataset, EvaluationQuestion
from bot.evaluation.metrics import auroc
from bot.evaluation.regression import Matrix, fit_logistic
from bot.evaluation.runner import Bench
from core.model import EVERYTHING
from core.retrieval.confidence import HYBRID_FLOOR, weighted_mean
from core.retrieval.evidence import Evidence, gather
from core.retrieval.ranked_hits import RankedHit

ANSWERABLE: Final = "answerable"
GIVEN: Final = "not answerable"
TAKEN: Final = "without its documents"
ELSEWHERE: Final = "of another set"

NAMES: Final = tuple(field.name for field in fields(Evidence))

_SHARES: Final[Mapping[str, float]] = {GIVEN: 1.0, TAKEN: 0.5, ELSEWHERE: 0.5}
"""How much the kinds of questions to refuse count against each other where a set has them."""

_OF_ANOTHER = 60
_SEED = 3
_A_CLASS = 100.0
_RIDGE = 5.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a kind, and what its search found."""

    kind: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Separation:
    """A set's answerable questions against those of one kind that are not.

    `auroc` is that of the weights as they are, `held_out` of such as were fitted to the other sets;
    `refused` the share of this kind below the floor, `kept` that of the answerable above it.
    """

    set: str
    kind: str
    questions: int
    auroc: float
    held_out: float
    refused: float
    kept: float


async def ask_all(bench: Bench, dataset: Dataset, others: Iterable[Dataset]) -> list[Asked]:
    """The questions of the set that the bench has indexed, and some of others."""
    found: list[Asked] = []
    for question in dataset.questions:
        hits = await _hits(bench, question)
        found += _asked(ANSWERABLE if question.answerable else GIVEN, question, hits)
        if question.answerable:
            left = [hit for hit in hits if hit.chunk.path not in question.relevant]
            found += _asked(TAKEN, question, left)
    for question in (each for other in others for each in _some(other.questions)):
        found += _asked(ELSEWHERE, question, await _hits(bench, question))
    return found


def fit(sets: Iterable[Sequence[Asked]]) -> dict[str, float]:
    """Weights of the evidence, 1 in all. Sets count alike, and so do both answers in each."""
    rows, answers, weights = [], [], []
    for asked in sets:
        kinds = [each.kind for each in asked]
        rows.append(_rows(asked))
        answers += [float(kind == ANSWERABLE) for kind in kinds]
        weights += _balanced(kinds)
    signs = np.ones(len(NAMES))
    _, found = fit_logistic(np.vstack(rows), np.array(answers), np.array(weights), signs, _RIDGE)
    return dict(zip(NAMES, (round(float(each), 3) for each in found / found.sum()), strict=True))


def separations(sets: Mapping[str, Sequence[Asked]]) -> list[Separation]:
    """All kinds of all sets, of which there are two at least."""
    return [row for name in sets for row in _separations(name, sets)]


def as_table(rows: Iterable[Separation]) -> Table:
    """A row a kind of question that is to be refused."""
    table = Table("set", "answerable against")
    for column in ("questions", "AUROC", "held out", "refused", "answerable kept"):
        table.add_column(column, justify="right")
    for row in rows:
        aurocs = f"{row.auroc:.3f}", f"{row.held_out:.3f}"
        shares = f"{row.refused:.1%}", f"{row.kept:.1%}"
        table.add_row(row.set, row.kind, str(row.questions), *aurocs, *shares)
    return table


def _separations(name: str, sets: Mapping[str, Sequence[Asked]]) -> Iterable[Separation]:
    asked = sets[name]
    others = fit(found for each, found in sets.items() if each != name)
    held_out = _rows(asked) @ np.array([others[each] for each in NAMES])
    shipped = np.array([weighted_mean(each.evidence) for each in asked])
    kinds = np.array([each.kind for each in asked])
    answerable = kinds == ANSWERABLE
    for kind in _SHARES:
        refused = kinds == kind
        if refused.any():
            yield Separation(
                name,
                kind,
                int(refused.sum()),
                auroc(list(shipped[answerable]), list(shipped[refused])),
                auroc(list(held_out[answerable]), list(held_out[refused])),
                float((shipped[refused] < HYBRID_FLOOR).mean()),
                float((shipped[answerable] >= HYBRID_FLOOR).mean()),
            )


def _balanced(kinds: Sequence[str]) -> list[float]:
    counts = Counter(kinds)
    shares = {kind: share for kind, share in _SHARES.items() if kind in counts}
    total = sum(shares.values())
    each = {kind: _A_CLASS * share / total / counts[kind] for kind, share in shares.items()}
    each[ANSWERABLE] = _A_CLASS / max(1, counts[ANSWERABLE])
    return [each[kind] for kind in kinds]


def _rows(asked: Sequence[Asked]) -> Matrix:
    return np.array([astuple(each.evidence) for each in asked], dtype=float)


async def _hits(bench: Bench, question: EvaluationQuestion) -> Sequence[RankedHit]:
    query = await bench.retriever.encode(question.text)
    return (await bench.retriever.rank([query], EVERYTHING, bench.corpus)).hits


def _asked(kind: str, question: EvaluationQuestion, hits: Sequence[RankedHit]) -> Iterable[Asked]:
    """Nothing where no hit has a cosine."""
    dense = (hit.scores.dense for hit in hits)
    cosines = sorted((score for score in dense if score is not None), reverse=True)
    if cosines:
        yield Asked(kind, gather(question.text, hits, cosines))


def _some(questions: Sequence[EvaluationQuestion]) -> Sequence[EvaluationQuestion]:
    """The same ones every time."""
    chance = random.Random(_SEED)  # noqa: S311 - nothing secret
    return chance.sample(questions, min(_OF_ANOTHER, len(questions)))
