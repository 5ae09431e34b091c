"""PostgreSQL that is away costs nobody its time-out again and again, and is looked for soon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import pytest

from core.answering.dispatcher import DispatcherSettings
from core.backends.postgres import Postgres, open_postgres
from core.breakers.breaker import Breaker, State
from core.breakers.guard import Breakers, open_breakers
from core.breakers.guarded_database import DATABASE_BREAKER, GuardedDatabase
from core.conversation.inbox import Inbox
from core.errors import RequestRejected, ServiceUnavailable
from tests.support.faulty_database import FaultyDatabase
from tests.support.own_postgres import open_own_postgres

FAILURES = DATABASE_BREAKER.failures


@pytest.fixture
async def breakers() -> AsyncIterator[Breakers]:
    """They stay open for longer than a test."""
    async with open_breakers(replace(DATABASE_BREAKER, pause=3600.0)) as opened:
        yield opened


@pytest.fixture
def faulty(database: Postgres) -> FaultyDatabase:
    return FaultyDatabase(database)


def _state(breakers: Breakers) -> State:
    return breakers.all[0].state


async def fails(database: GuardedDatabase, times: int) -> None:
    for _ in range(times):
        with pytest.raises(ServiceUnavailable):
            await database.fetch("SELECT 1 AS n")


async def test_a_database_that_is_away_is_not_asked_again_and_again(
    faulty: FaultyDatabase, breakers: Breakers
) -> None:
    guarded = GuardedDatabase(faulty, breakers.guard("Database"))
    faulty.broken.add("SELECT")
    await fails(guarded, FAILURES - 1)
    assert _state(breakers) is State.CLOSED
    await fails(guarded, 1)
    assert _state(breakers) is State.OPEN
    await fails(guarded, 10)
    with pytest.raises(ServiceUnavailable):
        await guarded.execute("SELECT 1")
    with pytest.raises(ServiceUnavailable):
        async with guarded.transaction():
            pass
    assert faulty.failed == FAILURES


async def test_a_failure_within_a_transaction_counts(
    faulty: FaultyDatabase, breakers: Breakers
) -> None:
    guarded = GuardedDatabase(faulty, breakers.guard("Database"))
    faulty.broken.add("SELECT")
    for _ in range(FAILURES):
        with pytest.raises(ServiceUnavailable):
            async with guarded.transaction() as statements:
                await statements.fetch("SELECT 1")
    assert _state(breakers) is State.OPEN


async def test_who_refuses_a_statement_is_there(faulty: FaultyDatabase, breakers: Breakers) -> None:
    guarded = GuardedDatabase(faulty, breakers.guard("Database"))
    faulty.broken.add("SELECT")
    faulty.fault = RequestRejected("PostgreSQL", "no such column")
    for _ in range(2 * FAILURES):
        with pytest.raises(RequestRejected):
            await guarded.fetch("SELECT 1")
    assert _state(breakers) is State.CLOSED


async def test_a_statement_is_never_its_own_probe(faulty: FaultyDatabase) -> None:
    """It might take effect twice."""
    async with open_breakers(replace(DATABASE_BREAKER, pause=0.0)) as breakers:
        guarded = GuardedDatabase(faulty, breakers.guard("Database"))
        await guarded.execute("CREATE TABLE counted (n INTEGER)")
        faulty.broken.add("SELECT")
        await fails(guarded, FAILURES)
        faulty.broken.clear()
        await guarded.execute("INSERT INTO counted VALUES (1)")
        assert len(await guarded.fetch("TABLE counted")) == 1


def _found_after(away: float) -> float:
    """When a database that was away for so many seconds is found, if somebody always asks."""
    now = 0.0
    breaker = Breaker("Database", DATABASE_BREAKER, clock=lambda: now)
    while breaker.state is State.OPEN or now < away:
        if breaker.state is not State.OPEN:
            breaker.failed(ServiceUnavailable("PostgreSQL", "it is away"))
        now += 0.25
    return now


async def test_an_outage_that_leases_outlive_costs_no_running_turn_its_lease(
    database: Postgres,
) -> None:
    """A turn renews it with every look, and gives it up at two thirds of its length."""
    kept = Inbox(database, worker="one").lease_seconds * 2 / 3
    looks = 2 * DispatcherSettings().watch_pause
    late = {away: _found_after(away) for away in range(10) if _found_after(away) + looks > kept}
    assert late == {}


async def test_one_that_is_back_is_found_by_whoever_asks_next() -> None:
    async with (
        open_own_postgres() as server,
        open_postgres(server.door.dsn) as database,
        open_breakers(replace(DATABASE_BREAKER, pause=0.05)) as breakers,
    ):
        guard = breakers.guard("Database")
        guarded = GuardedDatabase(database, guard)
        async with asyncio.timeout(90):
            await server.stop()
            while not guard.breaker.reason:
                with suppress(ServiceUnavailable):
                    await guarded.fetch("SELECT")
            await server.start()
            while guard.breaker.reason:
                with suppress(ServiceUnavailable):
                    await guarded.fetch("SELECT")
                await asyncio.sleep(0.05)
        assert [row["n"] for row in await guarded.fetch("SELECT 1 AS n")] == [1]
