"""What was seen is kept, but for the time in which something may be missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from adapters.chat.clock import PlatformClock
from adapters.chat.watch import Watch
from core.conversation.cursors import Cursors
from core.errors import AccessDenied, ServiceUnavailable
from core.ports import Database
from tests.support.desk import until
from tests.support.faulty_database import FaultyDatabase

AWAY = ServiceUnavailable("Slack", "it is away")


class Runs:
    """Catch-ups that end as told, the last of them over and over."""

    def __init__(self, ends: Sequence[Exception | int]) -> None:
        self.ends = list(ends)
        self.count = 0
        self.missed_since: list[float | None] = []

    async def __call__(self, missed_since: float | None) -> int:
        self.count += 1
        self.missed_since.append(missed_since)
        end = self.ends.pop(0) if len(self.ends) > 1 else self.ends[0]
        if isinstance(end, Exception):
            raise end
        return end


@asynccontextmanager
async def kept(watch: Watch, runs: Runs) -> AsyncIterator[None]:
    keeping = asyncio.create_task(watch.keep(runs))
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


@pytest.fixture
def cursors(database: Database) -> Cursors:
    return Cursors(database)


def watched(cursors: Cursors, clock: PlatformClock | None = None) -> Watch:
    return Watch(cursors, "slack", "T1", clock or PlatformClock(), pause=0.0)


async def saved(cursors: Cursors, watch: Watch) -> list[str]:
    await watch.save()
    return list((await cursors.all("slack")).values())


async def test_before_the_first_catch_up_nothing_counts_as_seen(cursors: Cursors) -> None:
    watch = watched(cursors)
    watch.seen("C1", "1.0")
    assert await saved(cursors, watch) == []


async def test_after_it_what_is_seen_is_kept(cursors: Cursors) -> None:
    watch, runs = watched(cursors), Runs([3])
    async with kept(watch, runs):
        await until(lambda: runs.count == 1)
        watch.seen("C1", "2.0")
        watch.seen("C1", "1.0")
        watch.seen("", "9.0")
    assert await saved(cursors, watch) == ["2.0"]


async def test_what_may_be_missing_is_looked_for_before_anything_counts_again(
    cursors: Cursors,
) -> None:
    watch, runs = watched(cursors), Runs([0])
    async with kept(watch, runs):
        await until(lambda: runs.count == 1)
        watch.missed()
        watch.seen("C1", "1.0")
        await until(lambda: runs.count == 2)
        watch.seen("C1", "2.0")
    assert await saved(cursors, watch) == ["2.0"]


async def test_a_catch_up_that_fails_is_made_again(cursors: Cursors) -> None:
    runs = Runs([AWAY, AWAY, 0])
    async with kept(watched(cursors), runs):
        await until(lambda: runs.count == 3)


async def test_one_that_is_denied_is_told_of_and_not_made_again(
    cursors: Cursors, caplog: pytest.LogCaptureFixture
) -> None:
    watch, runs = watched(cursors), Runs([AccessDenied("Slack", "denied", hint="Add a scope.")])
    async with kept(watch, runs):
        await until(lambda: "Add a scope." in caplog.text)
        watch.seen("C1", "1.0")
    assert await saved(cursors, watch) == ["1.0"]
    assert runs.count == 1


async def test_at_the_end_a_database_that_is_away_is_not_waited_for(database: Database) -> None:
    faulty = FaultyDatabase(database)
    faulty.broken = {"INSERT INTO cursors"}
    watch, runs = watched(Cursors(faulty)), Runs([0])
    async with kept(watch, runs):
        await until(lambda: runs.count == 1)
        watch.seen("C1", "1.0")
    await watch.save()


async def test_a_catch_up_is_told_since_when_this_process_misses_something(
    cursors: Cursors,
) -> None:
    clock, runs = PlatformClock(lambda: 0.0), Runs([0, AWAY, 0])
    watch = watched(cursors, clock)
    async with kept(watch, runs):
        await until(lambda: runs.count == 1)
        clock.heard("Thu, 01 Jan 1970 01:00:00 GMT")
        watch.missed()
        clock.heard("Thu, 01 Jan 1970 02:00:00 GMT")
        watch.missed()
        await until(lambda: runs.count == 3)
        watch.missed()
        await until(lambda: runs.count == 4)
    assert runs.missed_since == [None, 3600.0, 3600.0, 7200.0]
