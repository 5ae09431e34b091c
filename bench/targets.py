"""What the figures of a load run must show, each with what it came to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.frameworks import NAMES
from bench.ladder import STEADY, Run, at, held, peak
from bench.starts import Starts

DOCENT: Final = "docent"
PLAIN: Final = "plain"
"""The same work with no framework."""

REFERENCE_CPU_MS: Final = 2.5
REFERENCE_HELD: Final = 450.0
"""What a question takes of the processor in the plain pipeline, and how many a second that holds,
on the machine of the bounds."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that was measured: runs and ingests by pipeline, and the bot's own."""

    runs: Mapping[str, Sequence[Run]]
    ingests: Mapping[str, Run]
    overload: Run | None = None
    open_memory_mb: float = math.nan
    starts: Starts | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A figure, and the bound that it keeps or does not; `most` where it must not be above."""

    what: str
    figure: float
    bound: float
    unit: str
    most: bool = True

    @property
    def met(self) -> bool:
        """Whether it is; a figure that is missing is not."""
        return self.figure <= self.bound if self.most else self.figure >= self.bound


def slowness(figures: Figures) -> float:
    """How many times as long this machine takes as the one that bounds in time are for.

    The plain pipeline tells, at the rate that they are for; where it did not run, it is 1. What it
    does are sockets and wake-ups, as with the bot: machines differ in these by other factors than
    in the computing that a framework does.
    """
    run = at(figures.runs.get(PLAIN, ()), STEADY)
    return float(run["cpu_ms"] / REFERENCE_CPU_MS) if run else 1.0


def judged(figures: Figures) -> list[Target]:
    """All targets that these figures can tell of.

    Bounds in time are for a machine as slow, and the rate to hold is by what the plain pipeline
    holds; a quicker machine has to keep them as they are.
    """
    ours, slow = figures.runs[DOCENT], max(1.0, slowness(figures))
    return [
        *_latency(ours, slow),
        *_capacity(figures),
        *_beside(figures),
        *_ingest(figures.ingests),
        *_process(figures),
    ]


def _latency(ours: Sequence[Run], slow: float) -> Iterator[Target]:
    if run := at(ours, STEADY):
        first, stored = run["first_ms"], run["stored_ms"]
        yield Target("first, p95 at 33/s", first["p95"], 12.0 * slow, "ms")
        yield Target("first, p99 over p95 at 33/s", first["p99"] / first["p95"], 3.0, "times")
        yield Target("processor a question at 33/s", run["cpu_ms"], 5.0 * slow, "ms")
        yield Target("last token to stored, p95 at 33/s", stored["p95"], 10.0 * slow, "ms")


def _capacity(figures: Figures) -> Iterator[Target]:
    ours, plain = figures.runs[DOCENT], figures.runs.get(PLAIN, ())
    share = min(1.0, held(plain) / REFERENCE_HELD) if plain else 1.0
    yield Target("held with p95 < 200 ms", held(ours), 200.0 * share, "/s", most=False)
    if figures.overload:
        kept = figures.overload["completed_a_second"] / max(peak(ours), 1e-9)
        yield Target("completed at 1.5 times that, of the peak", kept, 0.8, "share", most=False)


def _beside(figures: Figures) -> Iterator[Target]:
    others = {name: runs for name, runs in figures.runs.items() if name in NAMES}
    if not others:
        return
    best = max(held(runs) for runs in others.values())
    ours = figures.runs[DOCENT]
    yield Target("held, times the best framework", held(ours) / max(best, 1.0), 8.0, "", most=False)
    for name, runs in others.items():
        here, there = at(ours, 10.0), at(runs, 10.0)
        share = 1 / 3 if name == "haystack" else 1 / 15
        if here and there:
            figure = here["first_ms"]["p95"] / there["first_ms"]["p95"]
            yield Target(f"first, p95 at 10/s, of {name}'s", figure, share, "share")


def _ingest(ingests: Mapping[str, Run]) -> Iterator[Target]:
    ours = ingests.get(DOCENT)
    others = {name: run for name, run in ingests.items() if name in NAMES}
    if not ours or not others:
        return
    best = max(run["documents"] / run["seconds"] for run in others.values())
    rate = ours["documents"] / ours["seconds"]
    yield Target("ingest, times the best framework", rate / best, 5.0, "", most=False)
    if langchain := others.get("langchain"):
        times = langchain["unchanged_seconds"] / ours["unchanged_seconds"]
        yield Target("re-sync, times as fast as LangChain", times, 10.0, "", most=False)


def _process(figures: Figures) -> Iterator[Target]:
    if not math.isnan(figures.open_memory_mb):
        yield Target("memory, 1,000 answers open", figures.open_memory_mb, 250.0, "MB")
    if figures.starts:
        yield Target("docent run, until it is up", figures.starts.run, 1.5, "s")
        yield Target("docent --help", figures.starts.help, 0.3, "s")
