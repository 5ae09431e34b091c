"""Jobs that run by themselves, on APScheduler's clock."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest

from bot.schedule import Job, open_schedule
from bot.timetable import Timetable

SOON = timedelta(milliseconds=20)


class Runs:
    """Counts the runs; each takes until it is `let`."""

    def __init__(self, *, slow: bool = False) -> None:
        self.begun = self.ended = self.cancelled = self.most_at_once = 0
        self.changed = asyncio.Event()
        self.let = asyncio.Event()
        if not slow:
            self.let.set()

    async def run(self) -> None:
        self.begun += 1
        self.most_at_once = max(self.most_at_once, self.begun - self.ended)
        self.changed.set()
        try:
            await self.let.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        self.ended += 1

    async def until(self, begun: int) -> None:
        async with asyncio.timeout(30):
            while self.begun < begun:
                self.changed.clear()
                await self.changed.wait()

    def job(self, every: timedelta = SOON, first: datetime | None = None) -> Job:
        return Job("a test", Timetable(every=every), first or datetime.now(UTC), self.run)


async def test_a_job_runs_again_and_again() -> None:
    runs = Runs()
    async with open_schedule([runs.job()], longest_jitter=0.0):
        await runs.until(4)
    begun = runs.begun
    await asyncio.sleep(3 * SOON.total_seconds())
    assert runs.begun == begun, "the end of the block is the end of it"


async def test_a_late_job_is_not_run_beside_itself_and_once_for_all_that_it_missed() -> None:
    runs = Runs(slow=True)
    async with open_schedule([runs.job()], longest_jitter=0.0):
        await runs.until(1)
        await asyncio.sleep(5 * SOON.total_seconds())
        assert runs.begun == 1
        runs.let.set()
        await runs.until(3)
    assert runs.most_at_once == 1


@pytest.mark.parametrize(
    ("every", "ago"),
    [(timedelta(hours=1), timedelta(days=30)), (timedelta(days=1), timedelta(hours=2))],
    ids=["that missed many runs", "whose last run is hours ago"],
)
async def test_one_that_was_due_while_nothing_ran_is_made_up_for_once(
    every: timedelta, ago: timedelta
) -> None:
    runs = Runs()
    job = runs.job(every, datetime.now(UTC) - ago)
    async with open_schedule([job], longest_jitter=0.0):
        await runs.until(1)
        await asyncio.sleep(0.05)
    assert runs.begun == 1


async def test_instances_that_start_together_do_not_all_begin_at_once() -> None:
    random.seed(1)  # of which the first number is 0.13, and so eight seconds
    runs = Runs()
    async with open_schedule([runs.job()], longest_jitter=60.0):
        await asyncio.sleep(0.05)
    assert runs.begun == 0


async def test_one_at_work_is_cancelled_at_the_end_and_waited_for() -> None:
    runs = Runs(slow=True)
    async with open_schedule([runs.job()], longest_jitter=0.0):
        await runs.until(1)
    assert (runs.cancelled, runs.ended) == (1, 0)


async def test_between_runs_there_is_nothing_but_a_timer() -> None:
    runs = Runs()
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    before = len(asyncio.all_tasks())
    async with open_schedule([runs.job(timedelta(days=1), tomorrow)]):
        await asyncio.sleep(0.02)
        assert len(asyncio.all_tasks()) == before
    assert runs.begun == 0


async def test_without_jobs_nothing_is_started() -> None:
    async with open_schedule([]):
        pass
