from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import aclosing
from typing import Any

import pytest

from core.ingestion.preparing import Room, as_they_end


class Jobs:
    """Each ends when it is told to."""

    def __init__(self, count: int) -> None:
        self.ends = [asyncio.Event() for _ in range(count)]
        self.running: set[int] = set()

    def __iter__(self) -> Iterator[Coroutine[Any, Any, int]]:
        return (self._run(n) for n in range(len(self.ends)))

    async def _run(self, n: int) -> int:
        self.running.add(n)
        try:
            await self.ends[n].wait()
        finally:
            self.running.remove(n)
        return n


async def test_results_come_as_they_end_whichever_job_ends_first() -> None:
    jobs = Jobs(4)
    async with aclosing(as_they_end(jobs, 3)) as results:
        for n in (2, 0, 3, 1):
            jobs.ends[n].set()
            async with asyncio.timeout(10):
                assert await anext(results) == n
        assert [n async for n in results] == []


async def test_no_more_jobs_are_begun_than_may_run() -> None:
    jobs = Jobs(5)
    async with aclosing(as_they_end(jobs, 3)) as results:
        first = asyncio.create_task(anext(results))
        await asyncio.sleep(0.01)
        assert jobs.running == {0, 1, 2}
        jobs.ends[0].set()
        assert await first == 0


async def test_jobs_under_way_are_cancelled_when_nobody_waits_for_them_any_more() -> None:
    jobs = Jobs(5)
    jobs.ends[0].set()
    async with aclosing(as_they_end(jobs, 3)) as results:
        assert await anext(results) == 0
        assert jobs.running == {1, 2}
    assert jobs.running == set()


async def test_an_error_ends_all_jobs() -> None:
    async def fail() -> int:
        raise ValueError("broken")

    jobs = Jobs(1)
    with pytest.raises(ValueError, match="broken"):
        assert [n async for n in as_they_end([fail(), *jobs], 2)] == []
    assert jobs.running == set()


async def test_what_finds_no_room_waits_until_enough_was_given_back() -> None:
    room = Room(10)
    await room.take(6)
    await room.take(4)
    waiting = asyncio.create_task(room.take(5))
    room.give_back(4)
    await asyncio.sleep(0)
    assert not waiting.done()
    room.give_back(6)
    await waiting


async def test_what_is_larger_than_all_the_room_has_it_for_itself() -> None:
    room = Room(10)
    await room.take(99)
    waiting = asyncio.create_task(room.take(1))
    await asyncio.sleep(0)
    assert not waiting.done()
    room.give_back(99)
    await waiting
