from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.evaluation.dataset import EvaluationQuestion
from bot.evaluation.report import Latency, Outcome, Refusals, summarise
from bot.evaluation.suite import as_table, falls_short

ASKED = EvaluationQuestion(id="1", text="How?", relevant={"a": 1.0})
OTHER = EvaluationQuestion(id="2", text="Why?", relevant={"a": 1.0}, answerable=False)


def outcome(
    ranked: str, *, question: EvaluationQuestion = ASKED, confidence: float = 0.9, ms: float = 1.0
) -> Outcome:
    return Outcome(question, tuple(ranked), confidence, confidence > 0.5, 2 * ms, ms)


def test_a_search_is_scored_over_the_answerable_questions() -> None:
    report = summarise(
        9, 20, [outcome("a"), outcome("xxxxxa"), outcome("xyz", question=OTHER, confidence=0.2)]
    )

    assert (report.documents, report.chunks, report.questions) == (9, 20, 3)
    assert (report.recall_at_5, report.recall_at_10, report.recall_at_20) == (0.5, 1.0, 1.0)
    assert report.mrr_at_3 == 0.5
    assert report.ndcg_at_10 == pytest.approx((1 + 1 / 2.807355) / 2)


def test_refusals_are_scored_over_all_questions() -> None:
    sure, unsure = outcome("a"), outcome("a", confidence=0.4)
    refused, fooled = (outcome("a", question=OTHER, confidence=c) for c in (0.1, 0.6))

    report = summarise(1, 1, [sure, unsure, refused, fooled])

    assert report.refusals == Refusals(auroc=0.75, answerable=0.5, unanswerable=0.5, at_90=0.5)


def test_the_refused_share_is_told_where_nine_of_ten_answerable_questions_are_kept() -> None:
    kept = [outcome("a", confidence=n / 10) for n in range(1, 11)]
    others = [outcome("a", question=OTHER, confidence=c) for c in (0.05, 0.09, 0.1, 0.8)]

    report = summarise(1, 1, [*kept, *others])

    assert report.refusals is not None
    assert report.refusals.at_90 == 0.75
    assert "with 90 % of the answerable kept: 75.0%" in report.as_text()


def test_quotes_are_scored_over_the_questions_with_a_known_answer() -> None:
    flags = (True, False, None, True, True)
    report = summarise(1, 1, [replace(outcome("a"), quoted=flag) for flag in flags])

    assert report.quoted == 0.75
    assert report.as_json()["quoted"] == 0.75
    assert "answers held by the quotes: 75.0%" in report.as_text()


@pytest.mark.parametrize(
    ("name", "worse"),
    [
        ("vendor-docs", {"mrr_at_3": 0.86}),
        ("squad2", {"quoted": 0.84}),
        ("squad2", {"refusals": Refusals(0.62, 0.0, 0.0, 0.0)}),
        ("clapnq", {"refusals": None}),
    ],
)
def test_each_requirement_of_a_set_counts(name: str, worse: dict[str, Any]) -> None:
    good = replace(
        summarise(1, 1, [outcome("a"), outcome("", question=OTHER, confidence=0.1)]), quoted=0.9
    )
    assert not falls_short(name, good)
    assert falls_short(name, replace(good, **worse))


def test_without_unanswerable_questions_refusals_have_no_score() -> None:
    report = summarise(1, 1, [outcome("a")])

    assert report.refusals is None
    assert "AUROC" not in report.as_text()


def test_times_are_given_with_and_without_the_embedding() -> None:
    report = summarise(1, 1, [outcome("a", ms=float(n)) for n in range(1, 101)])

    assert (report.search, report.total) == (Latency(50, 95), Latency(150, 285))


def test_the_figures_are_printed_as_json_and_as_text() -> None:
    report = summarise(2, 3, [outcome("a"), outcome("", question=OTHER, confidence=0.1)])

    printed = json.loads(json.dumps(report.as_json()))
    assert (printed["ndcg_at_10"], printed["mrr_at_3"]) == (1.0, 1.0)
    assert printed["search"] == {"p50": 1.0, "p95": 1.0}
    assert printed["refusals"] == {
        "auroc": 1.0,
        "answerable": 0.0,
        "unanswerable": 1.0,
        "at_90": 1.0,
    }
    for figure in ("2 documents in 3 chunks", "nDCG@10    1.000", "AUROC 1.000", "p95 1.0 ms"):
        assert figure in report.as_text()


def test_a_set_that_falls_short_is_marked() -> None:
    report = summarise(1, 1, [outcome("a"), outcome("", question=OTHER, confidence=0.1)])
    worse = replace(report, ndcg_at_10=0.7, refusals=None)

    table = as_table([("scifact", report), ("mtrag", worse)])

    assert not falls_short("scifact", report)
    assert falls_short("mtrag", worse)
    assert list(table.columns[1].cells) == ["1.0000", "0.7000 ✗"]
