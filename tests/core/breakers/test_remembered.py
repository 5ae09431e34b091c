"""How the database was found last is known without asking it."""

from __future__ import annotations

import pytest

from core.backends.postgres import Postgres
from core.breakers.remembered import FORGOTTEN, RememberedDatabase
from core.errors import RequestRejected, ServiceError
from tests.support.faulty_database import FaultyDatabase
from tests.support.quick_clock import QuickClock


@pytest.fixture
def faulty(database: Postgres) -> FaultyDatabase:
    return FaultyDatabase(database)


async def test_a_failure_is_remembered_until_a_statement_goes_through(
    faulty: FaultyDatabase,
) -> None:
    remembered = RememberedDatabase(faulty)
    faulty.broken.add("SELECT")
    assert remembered.reachable
    for statement in (remembered.fetch, remembered.execute):
        with pytest.raises(ServiceError):
            await statement("SELECT 1 AS n")
        assert not remembered.reachable
    faulty.broken.clear()
    assert [row["n"] for row in await remembered.fetch("SELECT 1 AS n")] == [1]
    assert remembered.reachable


async def test_a_transaction_tells_too(faulty: FaultyDatabase) -> None:
    remembered = RememberedDatabase(faulty)
    faulty.broken.add("SELECT")
    with pytest.raises(ServiceError):
        async with remembered.transaction() as statements:
            await statements.fetch("SELECT 1")
    assert not remembered.reachable
    faulty.broken.clear()
    async with remembered.transaction() as statements:
        await statements.fetch("SELECT 1")
    assert remembered.reachable


async def test_after_a_while_nobody_knows_so_that_somebody_asks_again(
    faulty: FaultyDatabase,
) -> None:
    clock = QuickClock()
    remembered = RememberedDatabase(faulty, clock=clock.now)
    faulty.broken.add("SELECT")
    with pytest.raises(ServiceError):
        await remembered.fetch("SELECT 1")
    await clock.sleep(FORGOTTEN - 1)
    assert not remembered.reachable
    await clock.sleep(1)
    assert remembered.reachable


async def test_who_refuses_a_statement_is_there(faulty: FaultyDatabase) -> None:
    remembered = RememberedDatabase(faulty)
    faulty.broken.add("SELECT")
    faulty.fault = RequestRejected("PostgreSQL", "no such column")
    with pytest.raises(RequestRejected):
        await remembered.fetch("SELECT 1")
    assert remembered.reachable
