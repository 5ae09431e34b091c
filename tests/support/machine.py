"""How busy the machine is with other things than the test."""

from __future__ import annotations

import time

_WORK = 0.2


def slowdown() -> float:
    """How many times longer work takes than on a machine that does nothing else; at least 1."""
    began, until = time.perf_counter(), time.thread_time() + _WORK
    while time.thread_time() < until:
        pass
    return max(1.0, (time.perf_counter() - began) / _WORK)
