"""The measure of a blocked event loop."""

from __future__ import annotations

import asyncio
import time

from tests.support.loop_watch import timed_loop


def longest(block: float, rest: float) -> float:
    """What is told of a loop that is blocked for so long, and waits for so long."""
    told: list[float] = []

    async def work() -> None:
        until = time.thread_time() + block
        while time.thread_time() < until:
            pass  # a sleep would be no work, where other programs are given the processor
        await asyncio.sleep(rest)

    with asyncio.Runner(loop_factory=lambda: timed_loop(told.append)) as runner:
        runner.run(work())
    return max(told)


def test_what_blocks_the_loop_is_told() -> None:
    assert longest(block=0.2, rest=0.0) >= 0.1


def test_waiting_blocks_nothing() -> None:
    assert longest(block=0.0, rest=0.2) < 0.1
