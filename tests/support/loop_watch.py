"""An event loop that tells for how long nothing else could run in it."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable
from selectors import DefaultSelector, SelectorKey
from typing import NamedTuple


class _Moment(NamedTuple):
    at: float
    worked: float
    displaced: int


class TimedSelector(DefaultSelector):
    """Tells `report` for how many seconds the loop was busy, each time before it waits.

    Where the machine gave the processor to another program meanwhile, only the loop's own work
    counts; to wait for a processor after having waited for events is nobody's fault either.
    `threads` counts the work of all threads as the loop's: it waits for those of the engine.
    """

    def __init__(self, report: Callable[[float], None], *, threads: bool) -> None:
        super().__init__()
        self._report = report
        self._now = _process_now if threads else _now
        self._woke = self._now()

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        now, woke = self._now(), self._woke
        undisturbed = now.displaced == woke.displaced
        self._report(now.at - woke.at if undisturbed else now.worked - woke.worked)
        found = super().select(timeout)
        self._woke = self._now()
        return found


def timed_loop(
    report: Callable[[float], None], *, threads: bool = False
) -> asyncio.SelectorEventLoop:
    """A loop that waits by such a selector."""
    return asyncio.SelectorEventLoop(TimedSelector(report, threads=threads))


def _now() -> _Moment:
    usage = resource.getrusage(resource.RUSAGE_THREAD)
    return _Moment(time.perf_counter(), time.thread_time(), usage.ru_nivcsw)


def _process_now() -> _Moment:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return _Moment(time.perf_counter(), time.process_time(), usage.ru_nivcsw)
