"""Slack end to end, while PostgreSQL is restarted, asleep, gone, or drops its connections."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TypeAlias

import pytest

from core.backends.postgres import open_postgres
from core.ports import Database
from tests.support.own_postgres import OwnPostgres, open_own_postgres
from tests.support.slack_bot import Answers, open_bot
from tests.support.slack_server import SlackWorkspace

THREADS, QUESTIONS = 8, 3
PATIENCE = 90.0
_QUESTION = re.compile(r"Question \d+\.\d+\?")
LONGER_THAN_A_LEASE = 8.0


@pytest.fixture
async def server() -> AsyncIterator[OwnPostgres]:
    async with open_own_postgres() as opened:
        yield opened


Fault: TypeAlias = Callable[[OwnPostgres], Coroutine[None, None, None]]

FAULTS: dict[str, Fault] = {
    "restarted": OwnPostgres.restart,
    "crashed": OwnPostgres.crash,
    "asleep for five seconds": lambda server: server.sleep(5.0),
    "gone for longer than a lease": lambda server: server.be_gone(LONGER_THAN_A_LEASE),
    "dropping its connections": lambda server: server.drop_connections(10),
}


async def _ask_all(workspace: SlackWorkspace) -> list[str]:
    """So many threads, and in each so many questions; the threads."""
    general = workspace.general
    threads = [await workspace.mention(general, f"Question {n}.0?") for n in range(THREADS)]
    for m in range(1, QUESTIONS):
        await asyncio.sleep(0.3)
        for n, ts in enumerate(threads):
            await workspace.mention(general, f"Question {n}.{m}?", thread_ts=ts)
    return threads


async def _each_once(workspace: SlackWorkspace, threads: list[str]) -> list[list[str]]:
    """What was asked in each thread, in the order of the answers."""
    order = []
    for n, ts in enumerate(threads):
        found = await workspace.answered(workspace.general, ts, count=QUESTIONS, seconds=PATIENCE)
        asked = [match[0] for answer in found if (match := _QUESTION.search(answer.shown))]
        assert sorted(asked) == [f"Question {n}.{m}?" for m in range(QUESTIONS)], found
        order.append(asked)
    return order


async def _accepted(database: Database, threads: list[str]) -> list[list[str]]:
    """The same in the order of arrival: what Slack had to send again may arrive after the next."""
    query = "SELECT text FROM turns JOIN sessions AS s ON s.id = session_id "
    query += "WHERE s.thread = $1 ORDER BY sequence"
    return [[row["text"] for row in await database.fetch(query, ts)] for ts in threads]


@pytest.mark.parametrize("fault", FAULTS)
async def test_each_question_is_answered_once_and_in_order_though_the_database_is(
    workspace: SlackWorkspace, server: OwnPostgres, fault: str
) -> None:
    workspace.courier.retry_after = (0.3, 1.0, 3.0, 6.0, 9.0)
    answers = Answers(claims=[" One.", " Two."])
    answers.step(1_000_000)
    async with (
        open_postgres(server.door.dsn) as database,
        open_bot(workspace, database, answers=answers),
    ):
        await workspace.connected()
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(_ask_all(workspace))
            tasks.create_task(FAULTS[fault](server))
        threads = asking.result()
        await _each_once(workspace, threads)
        await workspace.settled()
        async with asyncio.timeout(30):
            while await database.fetch("SELECT FROM turns WHERE status = 'accepted'"):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)
        assert await _each_once(workspace, threads) == await _accepted(database, threads)
