"""Rates, one after the other, until one is too much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any, Final

from bench.setting import Setting

Run = dict[str, Any]

REMOTE_MS: Final = 80.0
"""What embedding and reranking take themselves."""

LIMIT_MS: Final = 200.0
ANSWERED: Final = 0.99

COMPARED: Final = 10.0
"""The rate at which all pipelines are held against each other, whatever they hold."""

STEADY: Final = 33.0
"""A thousand people who ask every half minute: the rate that bounds in time are for."""

REPEATED: Final = (COMPARED, STEADY)
"""A machine's speed drifts while others run, so these rates are run again after each of them."""


def climbed(setting: Setting, pipeline: str, rates: Iterable[float], seconds: float) -> list[Run]:
    """A run at each rate, up to the first that is not held beyond what all are compared at."""
    return list(_climbing(setting, pipeline, rates, seconds))


def _climbing(
    setting: Setting, pipeline: str, rates: Iterable[float], seconds: float
) -> Iterator[Run]:
    for rate in rates:
        run = asked(setting, pipeline, rate, seconds)
        yield run
        if rate >= COMPARED and not holds(run):
            return


def asked(setting: Setting, pipeline: str, rate: float, seconds: float) -> Run:
    """One run, with the same questions for each pipeline."""
    return setting.measured("load", pipeline, rate=rate, seconds=seconds, seed=int(rate))


def holds(run: Run) -> bool:
    """Whether all were answered, and 95 % began within 200 ms, the services' 80 included."""
    answered: float = run["answered"] / max(run["asked"], 1)
    first: float = run["first_ms"]["p95"]
    return answered >= ANSWERED and first + REMOTE_MS < LIMIT_MS


def held(runs: Iterable[Run]) -> float:
    """The highest rate that was held; 0 for none."""
    return max((run["rate"] for run in runs if holds(run)), default=0.0)


def peak(runs: Iterable[Run]) -> float:
    """The most that were completed in a second."""
    return max((run["completed_a_second"] for run in runs), default=0.0)


def middling(runs: Iterable[Run]) -> list[Run]:
    """One run for each rate: of several the one with the middle processor time."""
    alike: dict[float, list[Run]] = {}
    for run in runs:
        alike.setdefault(run["rate"], []).append(run)
    by_cost = (sorted(same, key=itemgetter("cpu_ms")) for same in alike.values())
    return [same[(len(same) - 1) // 2] for same in by_cost]


def at(runs: Iterable[Run], rate: float) -> Run | None:
    """The run at that rate, where there was one."""
    return next((run for run in runs if run["rate"] == rate), None)
