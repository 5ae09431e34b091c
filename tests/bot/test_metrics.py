"""What is counted for Prometheus, and that nobody's words are in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Metrics
from core.breakers.breaker import Breaker
from core.budgets.accounting import Budget, Period, Provider, Standing, Unit
from core.conversation.waiting import Waiting
from core.errors import ServiceUnavailable, SyncRunning
from core.ingestion.corpus import Served
from core.ingestion.overview import Overview
from core.ingestion.report import Phase, SyncProgress, SyncReport, Tally
from core.model import AnswerStatus, Rung, Usage
from tests.support.answers import answer, answered
from tests.support.conversations import THREAD, question

SECRET = "Where is the treasure of the lighthouse keeper?"


def told(metrics: Metrics) -> dict[str, float]:
    """By name and labels, these in the order of their names."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {
        " ".join(
            [sample.name, *(value for _, value in sorted(sample.labels.items()))]
        ): sample.value
        for family in families
        for sample in family.samples
    }


def test_answers_are_counted_with_steps_tokens_and_cost() -> None:
    metrics = Metrics()
    given = replace(answer(), rungs=(Rung.NO_RERANK,), timings_ms={"search": 40.0, "total": 900.0})
    metrics.answered(question(SECRET), answered(given))
    refused = replace(given, status=AnswerStatus.REFUSED, usage=Usage(), rungs=())
    metrics.answered(question(SECRET), answered(refused))
    seen = told(metrics)
    assert seen["docent_questions_total slack answered"] == 1
    assert seen["docent_questions_total slack refused"] == 1
    assert seen["docent_rungs_total no_rerank"] == 1
    assert seen["docent_step_seconds_count search"] == 2
    assert seen["docent_step_seconds_sum total"] == pytest.approx(1.8)
    assert seen["docent_step_seconds_bucket 0.05 search"] == 2
    assert seen["docent_tokens_total prompt"] == 10
    assert seen["docent_tokens_total completion"] == 5
    assert seen["docent_cost_dollars_total"] == pytest.approx(0.001)


def test_no_word_of_a_question_or_an_answer_is_told() -> None:
    metrics = Metrics()
    metrics.answered(question(SECRET), answered(answer(SECRET)))
    metrics.failed(question(SECRET), ServiceUnavailable("Model", SECRET))
    text = metrics.text().decode()
    assert not any(word in text for word in ("treasure", "lighthouse", "keeper"))
    assert told(metrics)["docent_attempts_failed_total ServiceUnavailable slack"] == 1


def _report() -> SyncReport:
    tally = Tally(lambda _: None)
    return tally.report(generation=7, not_synced=(), documents=12, chunks=340, dry_run=False)


async def test_syncs_are_counted_by_their_end() -> None:
    metrics, seen = Metrics(), []

    async def sync(source: str | None, progress: object) -> SyncReport:
        seen.append(source)
        if source == "busy":
            raise SyncRunning("A sync is running.")
        return _report()

    counted = metrics.observed(sync)

    def listener(progress: SyncProgress) -> None:
        assert progress.phase is Phase.LISTING

    assert (await counted(None, listener)).generation == 7
    with pytest.raises(SyncRunning):
        await counted("busy", listener)
    now = told(metrics)
    assert now["docent_syncs_total done"] == 1
    assert now["docent_syncs_total SyncRunning"] == 1
    assert now["docent_served generation"] == 7
    assert now["docent_served chunks"] == 340
    assert now["docent_sync_timestamp_seconds"] > 1.7e9
    assert seen == [None, "busy"]


def test_what_is_served_is_told_from_the_start() -> None:
    metrics, moment = Metrics(), datetime(2026, 5, 1, tzinfo=UTC)
    metrics.begin_with(None)
    assert "docent_served documents" not in told(metrics)
    metrics.begin_with(Overview(3, moment, {"docs": Served(2, 9)}, {}, moment))
    assert told(metrics)["docent_served documents"] == 2
    assert told(metrics)["docent_sync_timestamp_seconds"] == moment.timestamp()


def test_breakers_and_budgets_are_told_as_they_stand() -> None:
    metrics, breaker = Metrics(), Breaker("Embedding")
    budget = Budget(Provider("Cohere", "k"), Unit.CALLS, Period.MONTH, 1000)
    standing = Standing(budget, 250, datetime(2026, 6, 1, tzinfo=UTC))
    moments = [10.0]
    waiting = Waiting(clock=lambda: moments[-1])
    metrics.watch(lambda: [breaker], lambda: [standing], waiting)
    waiting.began(THREAD, "m1")
    moments.append(70.0)
    seen = told(metrics)
    assert (seen["docent_inbox_questions"], seen["docent_inbox_age_seconds"]) == (1, 60)
    waiting.ended(THREAD, "m1")
    assert told(metrics)["docent_inbox_age_seconds"] == 0
    assert told(metrics)["docent_breaker Embedding"] == 0
    assert told(metrics)["docent_budget_left month Cohere calls"] == 750
    for _ in range(2):
        breaker.failed(ServiceUnavailable("Cohere", "gone"))
    assert told(metrics)["docent_breaker Embedding"] == 2
