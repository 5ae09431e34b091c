"""Who waits for the lease of a sync whose process may have died, and for how long."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from uuid import uuid4

import pytest

from core.backends.postgres import Postgres
from core.errors import SyncRunning
from core.ingestion.lease import SyncLease, running_since, sync_lease

ENDED = [sys.executable, "-c", "from core.ingestion.process import *; print(this_process())"]


async def _left_by(database: Postgres, process: str | None, seconds: float) -> SyncLease:
    """A lease that another process took."""
    lease = SyncLease(database, uuid4(), seconds)
    await lease.acquire("another")
    await database.execute("UPDATE sync_lease SET process = $1", process)
    return lease


@pytest.fixture
def ended() -> str:
    """What a process said of itself that has ended."""
    return subprocess.run(ENDED, check=True, capture_output=True, text=True).stdout.strip()


async def test_the_lease_of_a_process_that_ended_here_is_taken_at_once(
    database: Postgres, ended: str
) -> None:
    dead = await _left_by(database, ended, 3600)
    async with asyncio.timeout(60), sync_lease(database, "next") as lease:
        with pytest.raises(SyncRunning, match="A sync by next"):
            await dead.renew()
        await lease.renew()


async def test_only_one_takes_the_lease_of_the_dead(database: Postgres, ended: str) -> None:
    await _left_by(database, ended, 3600)
    leases = [SyncLease(database, uuid4(), 30) for _ in range(8)]
    results = await asyncio.gather(*(x.acquire("x") for x in leases), return_exceptions=True)
    assert [type(result) for result in results].count(SyncRunning) == 7


@pytest.mark.parametrize("process", [None, "another machine"])
async def test_the_lease_of_one_that_cannot_be_seen_is_waited_for(
    database: Postgres, process: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    slow = await _left_by(database, process, 1.5)
    async with sync_lease(database, "next"):
        with pytest.raises(SyncRunning, match="A sync by next"):
            await slow.renew()
    assert caplog.text.count("A sync by another may have been killed; waiting until") == 1


async def test_a_clock_that_was_set_back_keeps_no_dead_one_s_lease(database: Postgres) -> None:
    dead = await _left_by(database, None, 3600)
    async with asyncio.timeout(60), sync_lease(database, "next", seconds=0.5):
        with pytest.raises(SyncRunning, match="A sync by next"):
            await dead.renew()


async def test_one_that_cannot_be_seen_but_renews_its_lease_is_left_alone(
    database: Postgres,
) -> None:
    alive = await _left_by(database, None, 3600)
    waiting = asyncio.ensure_future(SyncLease(database, uuid4(), 30).acquire("next"))
    while not waiting.done():
        await alive.renew()
        await asyncio.sleep(0.05)
    with pytest.raises(SyncRunning, match="A sync by another has been running since"):
        await waiting


async def test_it_is_known_since_when_a_sync_runs(database: Postgres) -> None:
    assert await running_since(database) is None
    async with sync_lease(database, "next"):
        (row,) = await database.fetch("SELECT acquired_at FROM sync_lease")
        assert await running_since(database) == row["acquired_at"]
    assert await running_since(database) is None


async def test_a_sync_whose_process_ended_runs_no_more(database: Postgres, ended: str) -> None:
    await _left_by(database, ended, 3600)
    assert await running_since(database) is None


async def test_a_sync_whose_lease_ran_out_runs_no_more(database: Postgres) -> None:
    await _left_by(database, None, 3600)
    await database.execute("UPDATE sync_lease SET expires_at = now()")
    assert await running_since(database) is None
