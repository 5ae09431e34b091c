"""What is told of a run: percentiles, the lag of the loop, processor time and memory."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

LOOK_EVERY = 0.005
SYSTEM_UNDER_TEST, ITS_SURROUNDINGS = 0, 1
"""Which of the cores that there are: one for what is measured, the other for all else."""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of milliseconds."""

    count: int
    p50: float
    p95: float
    p99: float
    most: float


def percentiles(milliseconds: Sequence[float]) -> Percentiles:
    """By nearest rank; those of nothing are not a number."""
    ordered = sorted(milliseconds) or [math.nan]

    def at(share: float) -> float:
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    return Percentiles(len(milliseconds), at(0.5), at(0.95), at(0.99), ordered[-1])


def on_core(which: int) -> None:
    """Keeps this process, and those that it starts from now on, on one of its cores.

    Where there is one core only, or the system knows no affinity, they share what there is.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    # Of all that the machine grants, not of those alone that this process was started on.
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > which:
        os.sched_setaffinity(0, {cores[which]})


@asynccontextmanager
async def loop_lag(every: float = LOOK_EVERY) -> AsyncIterator[list[float]]:
    """The milliseconds by which the loop was late, each time that somebody wanted a turn."""
    late: list[float] = []
    looking = asyncio.create_task(_look(late, every))
    try:
        yield late
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def _look(late: list[float], every: float) -> None:
    while True:
        start = perf_counter()
        await asyncio.sleep(every)
        late.append((perf_counter() - start - every) * 1e3)


def resident_mb(pid: int | None = None) -> float:
    """Resident memory in MB, mapped files included, of this process or another; 0 when it is gone.

    Not a number where the system does not tell.
    """
    status = Path(f"/proc/{os.getpid() if pid is None else pid}/status")
    if not Path("/proc/self/status").exists():
        return math.nan
    with suppress(OSError):
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


def load_average() -> float:
    """How many processes wanted a core during the last minute, which says how quiet it was."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else math.nan
