"""How busy the machine is with other things than the test."""

from __future__ import annotations

import time
from pathlib import Path

_WORK = 0.2


def slowdown() -> float:
    """How many times longer work takes than on a machine that does nothing else; at least 1."""
    began, until = time.perf_counter(), time.thread_time() + _WORK
    while time.thread_time() < until:
        pass
    return max(1.0, (time.perf_counter() - began) / _WORK)


class Strain:
    """How many times longer the main thread of each process took for its work, from now on.

    Linux tells how long it had a processor, and how long it waited for one; elsewhere it is 1.
    """

    def __init__(self, *pids: int) -> None:
        self._began = {pid: _had_and_awaited(pid) for pid in pids}

    def most(self) -> float:
        """Of the one that others held up most, so far."""
        return max(self._of(pid) for pid in self._began)

    def _of(self, pid: int) -> float:
        had, awaited = (
            now - then for now, then in zip(_had_and_awaited(pid), self._began[pid], strict=True)
        )
        return (had + awaited) / had if had > 0 else 1.0


def _had_and_awaited(pid: int) -> tuple[int, int]:
    """Nanoseconds (docs.kernel.org/scheduler/sched-stats.html, /proc/<pid>/schedstat)."""
    try:
        had, awaited, _ = Path(f"/proc/{pid}/schedstat").read_text("ascii").split()
    except FileNotFoundError:
        return 0, 0
    return int(had), int(awaited)
