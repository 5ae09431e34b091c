"""What was spent is kept, a batch at a time: little is lost, and nothing is sent while idle."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import date
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.backends.postgres import open_postgres
from core.budgets.accounting import Provider, Spend
from core.budgets.ledger import Ledger, open_ledger
from core.errors import ServiceUnavailable
from core.ports import Database
from tests.support.conversations import somebody_waits
from tests.support.desk import until
from tests.support.faulty_database import FaultyDatabase

COHERE = Provider("Cohere", "k1")
OPENROUTER = Provider("OpenRouter", "k2")
TODAY = date(2026, 11, 20)
NEVER = 1e6
"""Seconds: a pause that no test waits for."""

_runs = count()


async def stored(database: Database) -> dict[tuple[str, date], Spend]:
    rows = await database.fetch("SELECT * FROM spending ORDER BY provider, day")
    return {
        (row["provider"], row["day"]): Spend(
            row["calls"], row["tokens"], row["search_units"], row["dollars"]
        )
        for row in rows
    }


async def test_what_is_counted_is_seen_at_once_and_stored_at_the_end(database: Database) -> None:
    async with open_ledger(database, pause=NEVER) as ledger:
        ledger.count(COHERE, TODAY, Spend(1, 10, 1))
        ledger.count(COHERE, TODAY, Spend(1, 5))
        ledger.count(OPENROUTER, TODAY, Spend(1, 900, dollars=0.25))
        assert ledger.spending == {
            (COHERE, TODAY): Spend(2, 15, 1),
            (OPENROUTER, TODAY): Spend(1, 900, 0, 0.25),
        }
        assert await stored(database) == {}
    assert await stored(database) == {
        ("Cohere", TODAY): Spend(2, 15, 1),
        ("OpenRouter", TODAY): Spend(1, 900, 0, 0.25),
    }


async def test_a_new_process_goes_on_from_there(database: Database) -> None:
    async with open_ledger(database, pause=NEVER) as ledger:
        ledger.count(COHERE, TODAY, Spend(calls=3))
        ledger.count(COHERE, date(2026, 10, 31), Spend(calls=100))
    async with open_ledger(database, pause=NEVER) as ledger:
        assert ledger.spending == {}
        await ledger.load(TODAY)
        assert ledger.spending == {(COHERE, TODAY): Spend(calls=3)}
        ledger.count(COHERE, TODAY, Spend(calls=1))
        assert ledger.spending[COHERE, TODAY] == Spend(calls=4)
    assert (await stored(database))["Cohere", TODAY] == Spend(calls=4)


async def test_a_full_batch_is_stored_before_its_last_call_is_made(database: Database) -> None:
    ledger = Ledger(database, batch=3, pause=NEVER)
    for _ in range(2):
        ledger.count(COHERE, TODAY, Spend(calls=1))
        await ledger.settle()
    assert await stored(database) == {}
    ledger.count(COHERE, TODAY, Spend(calls=1))
    await ledger.settle()
    assert await stored(database) == {("Cohere", TODAY): Spend(calls=3)}
    await ledger.close()


async def test_what_is_no_full_batch_is_stored_soon_and_then_nothing_more_is_sent(
    database: Database,
) -> None:
    watched = FaultyDatabase(database)
    async with open_ledger(watched, pause=0.01) as ledger:
        assert watched.statements == []
        ledger.count(COHERE, TODAY, Spend(calls=1))
        await until(lambda: len(watched.statements) == 1)
        await until(lambda: len(asyncio.all_tasks()) == 1)  # nothing waits for anything
        assert len(watched.statements) == 1
        ledger.count(COHERE, TODAY, Spend(calls=1))
        await until(lambda: len(watched.statements) == 2)
    assert len(watched.statements) == 2
    assert await stored(database) == {("Cohere", TODAY): Spend(calls=2)}


async def test_where_nothing_is_spent_no_query_is_sent(database: Database) -> None:
    watched = FaultyDatabase(database)
    async with open_ledger(watched, pause=0.0) as ledger:
        await ledger.settle()
        await ledger.write()
    assert watched.statements == []


async def test_a_month_is_read_once_a_day(database: Database) -> None:
    watched = FaultyDatabase(database)
    async with open_ledger(watched, pause=NEVER) as ledger:
        await asyncio.gather(*(ledger.load(TODAY) for _ in range(5)))
        assert len(watched.statements) == 1
        await ledger.load(date(2026, 11, 21))
        assert len(watched.statements) == 2


async def test_two_processes_add_up_and_see_each_other_once_they_write(
    database: Database,
) -> None:
    async with (
        open_ledger(database, batch=1, pause=NEVER) as one,
        open_ledger(database, batch=1, pause=NEVER) as other,
    ):
        for ledger in (one, other, one):
            ledger.count(COHERE, TODAY, Spend(calls=1, tokens=7))
            await ledger.settle()
        assert one.spending == {(COHERE, TODAY): Spend(3, 21)}
        assert other.spending == {(COHERE, TODAY): Spend(2, 14)}


async def test_two_processes_that_write_at_once_do_not_wait_in_a_circle(
    database: Database,
) -> None:
    async with open_ledger(database, pause=NEVER) as one, open_ledger(database, pause=NEVER) as two:
        for _ in range(30):
            for ledger, order in ((one, (COHERE, OPENROUTER)), (two, (OPENROUTER, COHERE))):
                for each in order:
                    ledger.count(each, TODAY, Spend(calls=1))
            await asyncio.gather(one.write(), two.write())
    assert {spend.calls for spend in (await stored(database)).values()} == {60}


async def test_what_could_not_be_stored_is_kept_and_nobody_waits_for_it_again(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    watched = FaultyDatabase(database)
    watched.broken = {"spending"}
    ledger = Ledger(watched, batch=1, pause=NEVER)
    for _ in range(3):
        ledger.count(COHERE, TODAY, Spend(calls=1))
        await ledger.settle()
    assert watched.failed == 1
    assert "What was spent is not stored yet" in caplog.text
    assert ledger.spending == {(COHERE, TODAY): Spend(calls=3)}
    with pytest.raises(ServiceUnavailable):
        await ledger.write()
    watched.broken = set()
    await ledger.write()
    assert await stored(database) == {("Cohere", TODAY): Spend(calls=3)}
    ledger.count(COHERE, TODAY, Spend(calls=1))
    await ledger.settle()
    assert await stored(database) == {("Cohere", TODAY): Spend(calls=4)}
    await ledger.close()


async def test_a_database_that_comes_back_is_told_without_being_asked(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    watched = FaultyDatabase(database)
    watched.broken = {"spending"}
    async with open_ledger(watched, pause=0.01) as ledger:
        ledger.count(COHERE, TODAY, Spend(calls=1))
        await until(lambda: watched.failed >= 2)
        watched.broken = set()
        await until(lambda: watched.count("spending") > watched.failed)
    assert await stored(database) == {("Cohere", TODAY): Spend(calls=1)}


async def test_a_database_that_is_away_at_the_end_keeps_nobody(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    watched = FaultyDatabase(database)
    watched.broken = {"spending"}
    async with open_ledger(watched, pause=NEVER) as ledger:
        ledger.count(COHERE, TODAY, Spend(calls=1))
    assert "What was spent last is not counted" in caplog.text


async def test_a_write_that_was_broken_off_is_made_again(database: Database) -> None:
    ledger = Ledger(database, batch=1, pause=NEVER)
    ledger.count(COHERE, TODAY, Spend(calls=1))
    async with database.transaction() as statements:
        await statements.execute("LOCK TABLE spending")
        writing = asyncio.create_task(ledger.write())
        await somebody_waits(database)
        assert ledger.spending == {(COHERE, TODAY): Spend(calls=1)}, "also while it is written"
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    await ledger.close()
    assert (await stored(database))["Cohere", TODAY].calls >= 1


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.integers(1, 5), st.lists(st.booleans(), max_size=40))
def test_a_process_that_dies_loses_less_than_a_batch(
    database_dsn: str, batch: int, dies: Sequence[bool]
) -> None:
    """Each step makes a call; at each True the process dies after it and another one begins."""
    payer = Provider("Cohere", f"run {next(_runs)}")

    async def play() -> None:
        made = 0
        async with open_postgres(database_dsn) as database:
            ledger = Ledger(database, batch=batch, pause=NEVER)
            for dead in dies:
                ledger.count(payer, TODAY, Spend(calls=1))
                await ledger.settle()
                made += 1
                if dead:
                    ledger = Ledger(database, batch=batch, pause=NEVER)
                    await ledger.load(TODAY)
                    kept = ledger.spending.get((payer, TODAY), Spend()).calls
                    assert made - batch < kept <= made
                    made = kept
            await ledger.close()
            await ledger.load(TODAY)
            assert ledger.spending.get((payer, TODAY), Spend()).calls == made

    asyncio.run(play())
