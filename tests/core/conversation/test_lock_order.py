"""Statements that change many turns and meet wait for each other, and not in a circle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

from core.backends.postgres import Postgres
from core.conversation.amendments import Amendments
from core.conversation.inbox import Inbox
from core.conversation.renewals import Renewals
from core.conversation.retention import Retention
from core.model import Question, SessionKey, Turn
from tests.support.conversations import answered, passage, question, taken

MANY = 40

Before: TypeAlias = Callable[[Postgres], Awaitable[list[Turn]]]
Does: TypeAlias = Callable[[Postgres, list[Turn]], Awaitable[object]]
Begin: TypeAlias = Callable[[], Awaitable[object]]

either_first = pytest.mark.parametrize("order", [1, -1], ids=["first", "last"])


async def renewed(database: Postgres, turns: list[Turn]) -> None:
    await Renewals(database, lease_seconds=25.0).renew(turns)


async def renewed_in_reverse(database: Postgres, turns: list[Turn]) -> None:
    await renewed(database, turns[::-1])


async def expired(database: Postgres, _: list[Turn]) -> None:
    await Retention(database).expire(["slack"], 1)


async def trimmed(database: Postgres, _: list[Turn]) -> None:
    await Retention(database).trim(0)


async def asked(database: Postgres) -> list[Turn]:
    """Turns of one person that are being answered, stored and indexed from the highest id down."""
    rows = await database.fetch(
        """
        WITH opened AS (
            INSERT INTO sessions (platform, workspace, channel, thread)
            SELECT 'slack', 'T1', 'C1', n::text FROM generate_series(101, 100 + $1::int) AS n
            RETURNING id, thread
        )
        INSERT INTO turns (
            id, session_id, platform, workspace, channel, message_id, author, text, context,
            attempt, lease_token, lease_owner, lease_until
        )
        SELECT lpad((1000 - thread::int)::text, 32, '0')::uuid, id,
            'slack', 'T1', 'C1', thread, 'U1', 'How?', '[]',
            1, gen_random_uuid(), 'one', now() + INTERVAL '25 seconds'
        FROM opened ORDER BY thread
        RETURNING id, message_id, lease_token
        """,
        MANY,
    )
    return [
        Turn(
            row["id"],
            Question(SessionKey("slack", "T1", "C1", row["message_id"]), "m", "U1", "How?"),
            row["lease_token"],
            attempt=1,
        )
        for row in rows
    ]


async def ended_long_ago(database: Postgres) -> list[Turn]:
    turns = await asked(database)
    await database.execute(
        """
        UPDATE turns
        SET status = 'failed', ended_at = now() - INTERVAL '1 week', failure = 'enough',
            trace = '{"passages": [{"hash": "1"}]}'
        """
    )
    return turns


async def until_waiting(database: Postgres, count: int) -> None:
    """Returns once so many statements wait for a lock."""
    async with asyncio.timeout(30):
        query = """
            SELECT FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'
        """
        while len(await database.fetch(query)) < count:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.005)


async def meet(database: Postgres, table: str, key: str, *both: Begin) -> None:
    """Lets the first get halfway, then the other, and both go on from there."""
    going: list[asyncio.Future[object]] = []
    async with database.transaction() as halfway:
        await halfway.execute(
            f"SELECT FROM {table} ORDER BY {key} LIMIT 1 OFFSET $1 FOR UPDATE",
            MANY // 2,
        )
        for count, begin in enumerate(both, start=1):
            going.append(asyncio.ensure_future(begin()))
            await until_waiting(database, count)
    await asyncio.gather(*going)


@either_first
@pytest.mark.parametrize(
    ("before", "other"),
    [
        (asked, renewed),
        (asked, renewed_in_reverse),
        (ended_long_ago, expired),
        (ended_long_ago, trimmed),
    ],
)
async def test_a_person_is_forgotten_while_their_turns_are_changed(
    database: Postgres, before: Before, other: Does, order: int
) -> None:
    turns, amendments = await before(database), Amendments(database)
    both = [lambda: amendments.withdraw_all(["slack"], "U1"), lambda: other(database, turns)]

    await meet(database, "turns", "id", *both[::order])

    query = "SELECT FROM turns WHERE author <> '' OR trace IS NOT NULL"
    assert await database.fetch(query) == []


@either_first
async def test_an_answer_is_stored_while_passages_that_it_rests_on_are_deleted(
    database: Postgres, order: int
) -> None:
    inbox = Inbox(database, worker="one")
    found = sorted(map(passage, map(str, range(MANY))), key=lambda each: each.content_hash)
    await database.execute(
        """
        INSERT INTO passages (hash, passage, used_at)
        SELECT hash, '{}', now() - INTERVAL '3 days' FROM unnest($1::text[]) AS hash
        """,
        [each.content_hash for each in reversed(found)],
    )
    await inbox.accept(question())
    turn = await taken(inbox)
    both = [lambda: inbox.finish(turn, answered("So.", *found)), Retention(database).sweep]

    await meet(database, "passages", "hash", *both[::order])

    assert len(await database.fetch("SELECT FROM passages")) == MANY
