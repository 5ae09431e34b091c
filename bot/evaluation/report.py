"""What an evaluation found, as figures, JSON and text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any

from bot.evaluation.dataset import EvaluationQuestion
from bot.evaluation.metrics import auroc, ndcg, percentile, recall, reciprocal_rank

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the search gave for one question. `ranked` are the ids of documents, each once.

    Times are in milliseconds: of the query's embedding, and of the search with its fusion. `quoted`
    says whether the quotes that stand for an answer hold it; None where the set does not tell.
    """

    question: EvaluationQuestion
    ranked: tuple[str, ...]
    confidence: float
    sufficient: bool
    embed_ms: float
    search_ms: float
    quoted: bool | None = None


@dataclass(frozen=True, slots=True)
class Latency:
    """In milliseconds."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Refusals:
    """How well the confidence tells answerable questions from others, over all questions.

    `answerable` and `unanswerable` are the shares of each that the floor refuses; `at_90` is the
    share of the unanswerable that a floor would refuse which keeps 90 % of the answerable.
    """

    auroc: float
    answerable: float
    unanswerable: float
    at_90: float


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """The search is scored over the answerable questions.

    `refusals` is None where the set has only questions of one kind; `search` is the engine with
    fusion, `total` that with the embedding of the query. `quoted` is the share of the answerable
    questions, of those with a known answer, whose quotes hold it; None where none has.
    """

    documents: int
    chunks: int
    questions: int
    ndcg_at_10: float
    recall_at_5: float
    recall_at_10: float
    recall_at_20: float
    mrr_at_3: float
    search: Latency
    total: Latency
    refusals: Refusals | None
    quoted: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The same names and structure, rounded."""
        return {name: _rounded(value) for name, value in asdict(self).items()}

    def as_text(self) -> str:
        """A line a figure."""
        lines = [
            f"{self.documents} documents in {self.chunks} chunks, {self.questions} questions",
            f"nDCG@10    {self.ndcg_at_10:.3f}",
            f"recall@5   {self.recall_at_5:.3f}",
            f"recall@10  {self.recall_at_10:.3f}",
            f"recall@20  {self.recall_at_20:.3f}",
            f"MRR@3      {self.mrr_at_3:.3f}",
            f"search     p50 {self.search.p50:.1f} ms, p95 {self.search.p95:.1f} ms",
            f"with the query embedded  p50 {self.total.p50:.1f} ms, p95 {self.total.p95:.1f} ms",
        ]
        if self.refusals is not None:
            lines.append(
                f"refusal AUROC {self.refusals.auroc:.3f}; refused at the floor: "
                f"{self.refusals.answerable:.1%} of the answerable questions, "
                f"{self.refusals.unanswerable:.1%} of the others; with 90 % of the answerable "
                f"kept: {self.refusals.at_90:.1%}"
            )
        if self.quoted is not None:
            lines.append(f"answers held by the quotes: {self.quoted:.1%}")
        return "\n".join(lines)


def summarise(documents: int, chunks: int, outcomes: Sequence[Outcome]) -> EvaluationReport:
    """The figures of a set. At least one question must be answerable."""
    pairs = [(o.ranked, o.question.relevant) for o in outcomes if o.question.answerable]
    return EvaluationReport(
        documents=documents,
        chunks=chunks,
        questions=len(outcomes),
        ndcg_at_10=mean(ndcg(*pair, 10) for pair in pairs),
        recall_at_5=mean(recall(*pair, 5) for pair in pairs),
        recall_at_10=mean(recall(*pair, 10) for pair in pairs),
        recall_at_20=mean(recall(*pair, 20) for pair in pairs),
        mrr_at_3=mean(reciprocal_rank(*pair, 3) for pair in pairs),
        search=_latency([o.search_ms for o in outcomes]),
        total=_latency([o.embed_ms + o.search_ms for o in outcomes]),
        refusals=_refusals(outcomes),
        quoted=_share([o.quoted for o in outcomes if o.quoted is not None]),
    )


def _share(flags: Sequence[bool]) -> float | None:
    return mean(flags) if flags else None


def _latency(values: Sequence[float]) -> Latency:
    return Latency(percentile(values, 0.5), percentile(values, 0.95))


def _refusals(outcomes: Sequence[Outcome]) -> Refusals | None:
    answerable = [o for o in outcomes if o.question.answerable]
    others = [o for o in outcomes if not o.question.answerable]
    if not answerable or not others:
        return None
    floor = sorted(o.confidence for o in answerable)[len(answerable) // 10]
    return Refusals(
        auroc([o.confidence for o in answerable], [o.confidence for o in others]),
        mean(not o.sufficient for o in answerable),
        mean(not o.sufficient for o in others),
        mean(o.confidence < floor for o in others),
    )


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return round(value, _DIGITS) if isinstance(value, float) else value
