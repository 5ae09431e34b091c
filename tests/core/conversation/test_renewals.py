"""Leases that are prolonged together."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from core.backends.postgres import Postgres
from core.conversation.inbox import Inbox
from core.conversation.renewals import Renewals
from core.errors import ServiceUnavailable
from core.model import SessionKey, Turn, Wanted
from tests.support.conversations import question, taken
from tests.support.faulty_database import FaultyDatabase


@pytest.fixture
def watched(database: Postgres) -> FaultyDatabase:
    return FaultyDatabase(database)


async def running(database: Postgres, count: int) -> list[Turn]:
    inbox = Inbox(database, worker="one")
    keys = [SessionKey("slack", "T1", "C1", str(n)) for n in range(count)]
    for key in keys:
        await inbox.accept(question(session=key))
    return [await taken(inbox, key) for key in keys]


async def test_turns_that_ask_together_are_renewed_with_one_statement(
    database: Postgres, watched: FaultyDatabase
) -> None:
    turns = await running(database, 20)
    renewals = Renewals(watched, lease_seconds=1000)

    wanted = await asyncio.gather(*map(renewals.renew, turns))

    assert wanted == [Wanted.ANSWERED] * 20
    assert len(watched.statements) == 1
    query = "SELECT FROM turns WHERE lease_until > now() + INTERVAL '900 seconds'"
    assert len(await database.fetch(query)) == 20


async def test_each_is_told_of_its_own_turn(database: Postgres, watched: FaultyDatabase) -> None:
    stopped, lost, kept = await running(database, 3)
    await Inbox(database, worker="two").amendments.stop(stopped.id)
    await database.execute("UPDATE turns SET lease_token = $2 WHERE id = $1", lost.id, uuid4())
    renewals = Renewals(watched, lease_seconds=25)

    wanted = await asyncio.gather(*map(renewals.renew, (stopped, lost, kept)))

    assert wanted == [Wanted.STOPPED, None, Wanted.ANSWERED]


async def test_a_turn_that_has_ended_is_held_no_longer(database: Postgres) -> None:
    (turn,) = await running(database, 1)
    await Inbox(database, worker="one").fail(turn, "enough")

    assert await Renewals(database, lease_seconds=25).renew(turn) is None


async def test_the_lease_of_who_took_over_is_left_as_it_is(
    database: Postgres, watched: FaultyDatabase
) -> None:
    (lost,) = await running(database, 1)
    taken_over = "UPDATE turns SET lease_token = $1, lease_until = now() - INTERVAL '1 hour'"
    await database.execute(taken_over, uuid4())

    assert await Renewals(watched, lease_seconds=25).renew(lost) is None

    assert await database.fetch("SELECT FROM turns WHERE lease_until < now()")


async def test_a_failure_is_told_to_all_who_asked_and_to_nobody_after(
    database: Postgres, watched: FaultyDatabase
) -> None:
    turns = await running(database, 3)
    renewals = Renewals(watched, lease_seconds=25)
    watched.broken.add("UPDATE turns")

    failed = await asyncio.gather(*map(renewals.renew, turns), return_exceptions=True)
    watched.broken.clear()

    assert {type(each) for each in failed} == {ServiceUnavailable}
    assert await renewals.renew(turns[0]) is Wanted.ANSWERED


@pytest.mark.parametrize("broken", [False, True])
async def test_who_no_longer_waits_keeps_nobody_else_from_being_told(
    database: Postgres, watched: FaultyDatabase, broken: bool
) -> None:
    first, second = await running(database, 2)
    renewals = Renewals(watched, lease_seconds=25)
    watched.broken |= {"UPDATE turns"} if broken else set()
    leaving = asyncio.create_task(renewals.renew(first))
    staying = asyncio.create_task(renewals.renew(second))
    await asyncio.sleep(0)
    leaving.cancel()

    told = await asyncio.gather(leaving, staying, return_exceptions=True)

    assert isinstance(told[0], asyncio.CancelledError)
    assert isinstance(told[1], ServiceUnavailable) if broken else told[1] is Wanted.ANSWERED
