"""Leases that are prolonged together."""

from __future__ import annotations

from uuid import uuid4

import pytest

from core.backends.postgres import Postgres
from core.conversation.inbox import Inbox
from core.conversation.renewals import Renewals
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


async def test_many_turns_are_renewed_with_one_statement(
    database: Postgres, watched: FaultyDatabase
) -> None:
    turns = await running(database, 20)
    renewals = Renewals(watched, lease_seconds=1000)

    wanted = await renewals.renew(turns)

    assert wanted == [Wanted.ANSWERED] * 20
    assert len(watched.statements) == 1
    query = "SELECT FROM turns WHERE lease_until > now() + INTERVAL '900 seconds'"
    assert len(await database.fetch(query)) == 20


async def test_each_is_told_of_its_own_turn(database: Postgres, watched: FaultyDatabase) -> None:
    stopped, lost, kept = await running(database, 3)
    await Inbox(database, worker="two").amendments.stop(stopped.id)
    await database.execute("UPDATE turns SET lease_token = $2 WHERE id = $1", lost.id, uuid4())
    renewals = Renewals(watched, lease_seconds=25)

    wanted = await renewals.renew([stopped, lost, kept])

    assert wanted == [Wanted.STOPPED, None, Wanted.ANSWERED]


async def test_a_turn_that_has_ended_is_held_no_longer(database: Postgres) -> None:
    (turn,) = await running(database, 1)
    await Inbox(database, worker="one").fail(turn, "enough")

    assert await Renewals(database, lease_seconds=25).renew([turn]) == [None]


async def test_the_lease_of_who_took_over_is_left_as_it_is(
    database: Postgres, watched: FaultyDatabase
) -> None:
    (lost,) = await running(database, 1)
    taken_over = "UPDATE turns SET lease_token = $1, lease_until = now() - INTERVAL '1 hour'"
    await database.execute(taken_over, uuid4())

    assert await Renewals(watched, lease_seconds=25).renew([lost]) == [None]

    assert await database.fetch("SELECT FROM turns WHERE lease_until < now()")
