"""Slack end to end, while PostgreSQL is restarted, asleep, gone, or drops its connections."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

import pytest

from core.backends.embedded_postgres import _pg_ctl, open_embedded_postgres
from core.backends.postgres import open_postgres
from core.migrations.runner import migrate
from core.ports import Database
from tests.support.door import Door, open_door
from tests.support.postgres import administer, server_folder
from tests.support.slack_bot import Answers, open_bot
from tests.support.slack_server import SlackWorkspace

THREADS, QUESTIONS = 8, 3
PATIENCE = 90.0
_QUESTION = re.compile(r"Question \d+\.\d+\?")
LONGER_THAN_A_LEASE = 8.0


@dataclass(frozen=True)
class Server:
    """A PostgreSQL of the test's own, which the bot reaches through the door."""

    data: Path
    dsn: str
    door: Door

    async def control(self, *arguments: str) -> None:
        await asyncio.to_thread(_pg_ctl, self.data, "-w", *arguments)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    with server_folder() as folder:
        async with open_embedded_postgres(folder) as dsn, open_door(dsn) as door:
            async with open_postgres(dsn) as database:
                await migrate(database)
            yield Server(folder / "data", dsn, door)


async def _restarted(server: Server) -> None:
    await server.control("-m", "fast", "restart")


async def _crashed(server: Server) -> None:
    await server.control("-m", "immediate", "restart")


async def _asleep_for_five_seconds(server: Server) -> None:
    server.door.fall_asleep()
    await asyncio.sleep(5)
    server.door.wake()


async def _gone_for_longer_than_a_lease(server: Server) -> None:
    await server.control("-m", "fast", "stop")
    await asyncio.sleep(LONGER_THAN_A_LEASE)
    (folder,) = parse_qs(urlsplit(server.dsn).query)["host"]
    options = f'-h "" -p 5432 -k {shlex.quote(folder)}'
    await server.control("-l", "log", "-o", options, "start")


async def _dropping_its_connections(server: Server) -> None:
    for _ in range(10):
        await administer(
            server.dsn,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
        )
        await asyncio.sleep(0.2)


Fault: TypeAlias = Callable[[Server], Coroutine[None, None, None]]

FAULTS: list[Fault] = [
    _restarted,
    _crashed,
    _asleep_for_five_seconds,
    _gone_for_longer_than_a_lease,
    _dropping_its_connections,
]


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


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__.strip("_"))
async def test_each_question_is_answered_once_and_in_order_though_the_database_is(
    workspace: SlackWorkspace, server: Server, fault: Fault
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
            tasks.create_task(fault(server))
        threads = asking.result()
        await _each_once(workspace, threads)
        await workspace.settled()
        async with asyncio.timeout(30):
            while await database.fetch("SELECT FROM turns WHERE status = 'accepted'"):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)
        assert await _each_once(workspace, threads) == await _accepted(database, threads)
