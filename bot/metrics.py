"""What Docent counts, for Prometheus. No word of anybody's question is in it.

Everything is told from memory: a scrape wakes neither a database nor a provider.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import cache
from typing import TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core.breakers.breaker import Breaker, State
from core.budgets.accounting import Standing
from core.conversation.waiting import Waiting
from core.errors import DocentError
from core.ingestion.overview import Overview
from core.ingestion.report import ProgressListener, SyncReport
from core.model import Answered, Question

Sync: TypeAlias = Callable[[str | None, ProgressListener], Awaitable[SyncReport]]

_MILLISECONDS = 1000
_STEPS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_STATES = {State.CLOSED: 0, State.HALF_OPEN: 1, State.OPEN: 2}


class Metrics:
    """Counters of this process. It observes answers and syncs."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry(auto_describe=True)
        self._questions = Counter(
            "docent_questions",
            "Answers by how they ended",
            ["platform", "status"],
            registry=registry,
        )
        self._failures = Counter(
            "docent_attempts_failed",
            "Attempts that broke off",
            ["platform", "error"],
            registry=registry,
        )
        self._rungs = Counter(
            "docent_rungs", "Steps down that answers took", ["rung"], registry=registry
        )
        self._steps = Histogram(
            "docent_step_seconds",
            "How long each step took",
            ["step"],
            buckets=_STEPS,
            registry=registry,
        )
        self._tokens = Counter("docent_tokens", "Tokens of models", ["kind"], registry=registry)
        self._dollars = Counter("docent_cost_dollars", "Cost of answers", registry=registry)
        self._syncs = Counter("docent_syncs", "Syncs by their end", ["outcome"], registry=registry)
        self._sync_seconds = Gauge(
            "docent_sync_duration_seconds", "How long the last sync took", registry=registry
        )
        self._synced = Gauge(
            "docent_sync_timestamp_seconds", "When the docs were last synced", registry=registry
        )
        self._served = Gauge("docent_served", "What is served", ["what"], registry=registry)
        # What every answer counts: to find it among its labels takes longer than to count.
        self._question = cache(self._questions.labels)
        self._step = cache(self._steps.labels)
        self._token = cache(self._tokens.labels)

    def answered(self, question: Question, answered: Answered) -> None:
        """Counts an answer with its steps and its cost."""
        answer = answered.answer
        self._question(question.session.platform, answer.status.value).inc()
        for rung in answer.rungs:
            self._rungs.labels(rung.value).inc()
        for step, took in {**answered.retrieval.timings_ms, **answer.timings_ms}.items():
            self._step(step).observe(took / _MILLISECONDS)
        self._token("prompt").inc(answer.usage.prompt_tokens)
        self._token("completion").inc(answer.usage.completion_tokens)
        self._dollars.inc(answer.usage.cost or 0.0)

    def failed(self, question: Question, error: Exception) -> None:
        """Counts an attempt that broke off, by the kind of its error alone."""
        self._failures.labels(question.session.platform, type(error).__name__).inc()

    def observed(self, sync: Sync) -> Sync:
        """The same sync, which is counted."""

        async def counted(source: str | None, progress: ProgressListener) -> SyncReport:
            try:
                report = await sync(source, progress)
            except DocentError as exc:
                self._syncs.labels(type(exc).__name__).inc()
                raise
            self._syncs.labels("done").inc()
            self._sync_seconds.set(report.seconds)
            self._synced.set(time.time())
            self._serve(report.generation, report.documents, report.chunks)
            return report

        return counted

    def begin_with(self, overview: Overview | None) -> None:
        """What is served at the start."""
        if overview is not None:
            self._serve(overview.generation, overview.documents, overview.chunks)
            if overview.synced is not None:
                self._synced.set(overview.synced.timestamp())

    def watch(
        self,
        breakers: Callable[[], Iterable[Breaker]],
        standings: Callable[[], Iterable[Standing]],
        waiting: Waiting,
    ) -> None:
        """Tells of these, too, as they stand when they are asked for."""
        self.registry.register(_Standings(breakers, standings, waiting))

    def text(self) -> bytes:
        """All of it, in Prometheus' format."""
        return generate_latest(self.registry)

    def _serve(self, generation: int, documents: int, chunks: int) -> None:
        for what, count in (
            ("generation", generation),
            ("documents", documents),
            ("chunks", chunks),
        ):
            self._served.labels(what).set(count)


class _Standings(Collector):
    """What is held elsewhere in memory."""

    def __init__(
        self,
        breakers: Callable[[], Iterable[Breaker]],
        standings: Callable[[], Iterable[Standing]],
        waiting: Waiting,
    ) -> None:
        self._breakers = breakers
        self._standings = standings
        self._waiting = waiting

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """For the registry."""
        states = GaugeMetricFamily(
            "docent_breaker", "Services: 0 asked, 1 tried again, 2 not asked", labels=["service"]
        )
        for breaker in self._breakers():
            states.add_metric([breaker.name], _STATES[breaker.state])
        yield states
        left = GaugeMetricFamily(
            "docent_budget_left", "What is left of budgets", labels=["provider", "unit", "period"]
        )
        for standing in self._standings():
            budget = standing.budget
            left.add_metric(
                [budget.provider.name, budget.unit.value, budget.period.value], standing.left
            )
        yield left
        yield GaugeMetricFamily(
            "docent_inbox_questions", "Questions that wait for their answer", len(self._waiting)
        )
        yield GaugeMetricFamily(
            "docent_inbox_age_seconds", "How long the oldest of them waits", self._waiting.oldest
        )
