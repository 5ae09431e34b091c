"""What is done by itself while a bot runs: jobs of APScheduler, as a context manager.

Between two runs there is a timer of the event loop, and nothing else.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.timetable import LONGEST_JITTER, Timetable


@dataclass(frozen=True, slots=True)
class Job:
    """`run` is called at the times of the timetable, for the first time about `first`.

    It is not called while it runs. Runs that were missed, by a laptop that slept, are one.
    """

    name: str
    timetable: Timetable
    first: datetime
    run: Callable[[], Awaitable[None]]


@asynccontextmanager
async def open_schedule(
    jobs: Collection[Job], *, longest_jitter: float = LONGEST_JITTER
) -> AsyncIterator[None]:
    """Runs the jobs until the block ends, which cancels those that are at work then."""
    if not jobs:
        yield
        return
    # Nobody who asks a single question should wait for it.
    from apscheduler.schedulers.asyncio import AsyncIOScheduler  # noqa: PLC0415

    scheduler = AsyncIOScheduler(
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    runs = _Runs()
    for job in jobs:
        jitter = timedelta(seconds=random.uniform(0, longest_jitter))  # noqa: S311 - no secret
        scheduler.add_job(
            runs.kept(job.run),
            job.timetable.trigger(job.first, longest_jitter=longest_jitter),
            name=job.name,
            next_run_time=job.first + jitter,
        )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.remove_all_jobs()
        await runs.cancel()
        scheduler.shutdown(wait=False)
        await asyncio.sleep(0)  # in which the scheduler shuts down


class _Runs:
    """The runs that are under way: APScheduler would leave them behind, or report them failed."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()
        self._ended = False

    def kept(self, run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def keep() -> None:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - a coroutine runs in one
            self._under_way.add(task)
            try:
                await run()
            except asyncio.CancelledError:
                if not self._ended:
                    raise
            finally:
                self._under_way.discard(task)

        return keep

    async def cancel(self) -> None:
        self._ended = True
        left = list(self._under_way)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
