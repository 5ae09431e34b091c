"""The sets that the search was tuned on, and what it must reach on each with the local model.

Run as `python -m bot.evaluation FOLDER [SET ...]`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

from rich.table import Table

from bot.evaluation.conversations import VIEWS
from bot.evaluation.dataset import Dataset, read_dataset
from bot.evaluation.refusing import Asked, ask_all
from bot.evaluation.report import EvaluationReport
from bot.evaluation.runner import Bench, measure, open_bench
from bot.settings import Settings
from core.errors import ConfigurationError

REQUIRED_NDCG: Final[Mapping[str, float]] = {
    "vendor-docs": 0.785,
    "scifact": 0.75,
    "squad2": 0.90,
    "covidqa": 0.65,
    "clapnq": 0.975,
    "mtrag": 0.83,
    "mtrag/follow-ups": 0.91,
    "vendor-docs/another-topic": 0.78,
}
"""nDCG@10 over the answerable questions.

Behind a slash stands what is asked within a conversation (`conversations.VIEWS`); without one only
the last turn of a conversation is asked.
"""

SETS: Final = tuple(name for name in REQUIRED_NDCG if "/" not in name)
"""The sets of which each question is asked by itself."""

REQUIRED_MRR: Final[Mapping[str, float]] = {"vendor-docs": 0.865}
"""MRR@3, above which it must be."""

REQUIRED_AUROC: Final[Mapping[str, float]] = {"clapnq": 0.88, "mtrag": 0.83, "squad2": 0.63}
"""Of the refusals, without any model."""

REQUIRED_QUOTED: Final[Mapping[str, float]] = {"squad2": 0.85}
"""The share of answers that the quotes hold, searched for in the whole set."""

_COLUMNS = (
    "nDCG@10",
    "required",
    "recall@5",
    "@10",
    "@20",
    "MRR@3",
    "AUROC",
    "refused @90",
    "quoted",
    "p50 ms",
    "p95 ms",
)


def read_set(folder: Path, name: str) -> Dataset:
    """One of the sets, as its name says."""
    if name not in REQUIRED_NDCG:
        raise ConfigurationError(
            f"There is no evaluation set {name!r}.", hint=f"There is: {', '.join(REQUIRED_NDCG)}."
        )
    files, _, view = name.partition("/")
    corpus, questions = (folder / f"{files}.{kind}.jsonl" for kind in ("corpus", "questions"))
    return VIEWS[view](read_dataset(corpus, questions))


def open_set_bench() -> AbstractAsyncContextManager[Bench]:
    """The parts for one set, with the local model and every setting at its default."""
    return open_bench(Settings(_env_file=None))


async def evaluate_set(folder: Path, name: str) -> EvaluationReport:
    """The figures of one set."""
    dataset = read_set(folder, name)
    async with open_set_bench() as bench:
        return await measure(bench, dataset)


async def ask_sets(
    folder: Path, names: Collection[str]
) -> AsyncIterator[tuple[str, EvaluationReport, list[Asked]]]:
    """Each set with its figures, and its questions asked beside such as it does not answer.

    Nothing is asked within a conversation, nor where a set is alone.
    """
    alone = {name: read_set(folder, name) for name in names if "/" not in name}
    for name in names:
        dataset = alone.get(name) or read_set(folder, name)
        others = [other for each, other in alone.items() if each != name]
        async with open_set_bench() as bench:
            report = await measure(bench, dataset)
            compared = name in alone and others
            yield name, report, await ask_all(bench, dataset, others) if compared else []


def falls_short(name: str, report: EvaluationReport) -> bool:
    """Whether one of the set's requirements is missed."""
    return any(
        (
            report.ndcg_at_10 < REQUIRED_NDCG[name],
            report.mrr_at_3 < REQUIRED_MRR.get(name, 0.0),
            _auroc(report) < REQUIRED_AUROC.get(name, 0.0),
            (report.quoted or 0.0) < REQUIRED_QUOTED.get(name, 0.0),
        )
    )


def _auroc(report: EvaluationReport) -> float:
    return report.refusals.auroc if report.refusals else 0.0


def as_table(reports: Iterable[tuple[str, EvaluationReport]]) -> Table:
    """A row a set. Times are of a query, embedded and searched."""
    table = Table("set")
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    for name, report in reports:
        table.add_row(name, *_row(name, report))
    return table


def _row(name: str, report: EvaluationReport) -> list[str]:
    refusals = report.refusals
    return [
        _marked(f"{report.ndcg_at_10:.4f}", report.ndcg_at_10, REQUIRED_NDCG[name]),
        f"{REQUIRED_NDCG[name]:.3f}",
        f"{report.recall_at_5:.3f}",
        f"{report.recall_at_10:.3f}",
        f"{report.recall_at_20:.3f}",
        _marked(f"{report.mrr_at_3:.3f}", report.mrr_at_3, REQUIRED_MRR.get(name)),
        _marked(f"{refusals.auroc:.3f}", refusals.auroc, REQUIRED_AUROC.get(name))
        if refusals
        else "",
        f"{refusals.at_90:.1%}" if refusals else "",
        _marked(f"{report.quoted:.3f}", report.quoted, REQUIRED_QUOTED.get(name))
        if report.quoted is not None
        else "",
        f"{report.total.p50:.1f}",
        f"{report.total.p95:.1f}",
    ]


def _marked(shown: str, value: float, required: float | None) -> str:
    return f"{shown} ✗" if required is not None and value < required else shown
