"""A new version is rolled out while people ask: bots in processes of their own, on both platforms.

It takes four starts of `docent run`, which is why it is slow.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping

import pytest

from core.backends.postgres import open_postgres
from tests.chaos.asking import People
from tests.chaos.bots import Bot, open_bots
from tests.chaos.report import report, settled
from tests.chaos.world import open_world

SESSIONS = 8
PAUSE = 2.0
SETTLING = 60.0


async def _keep_asking(people: People, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await people.ask(SESSIONS, seconds=PAUSE, private=0)


async def _replace(old: Bot, new: Bot) -> int:
    """At the same moment, so that questions come to one that ends and to one that begins."""
    code, _ = await asyncio.gather(old.stop(), new.start())
    return code


async def _roll_out(running: Mapping[Bot, Bot]) -> list[int]:
    codes = []
    for old, new in running.items():
        codes.append(await _replace(old, new))
        # Some of what is asked falls between the two.
        await asyncio.sleep(PAUSE)
    return codes


@pytest.mark.timeout(600)
async def test_each_question_is_answered_once_while_every_instance_is_replaced() -> None:
    stop = asyncio.Event()
    async with open_world() as (world, shell), open_bots(shell, shell) as old:
        people = People(world, random.Random(3))  # noqa: S311 - a test's
        people.gather(SESSIONS)
        new = [Bot("new 1", shell), Bot("new 2", shell)]
        asking = asyncio.create_task(_keep_asking(people, stop))
        try:
            codes = await _roll_out(dict(zip(old, new, strict=True)))
            stop.set()
            await asking
            async with open_postgres(world.postgres.dsn) as database:
                await settled(database, people, SETTLING)
                made = await report(world, database, people)
                retried = await database.fetch("SELECT attempt FROM turns WHERE attempt > 1")
            logs = b"".join(bot.log for bot in (*old, *new)).decode()
        finally:
            stop.set()
            for bot in new:
                await bot.end()
    assert codes == [0, 0], logs
    assert made.held, f"{made.wrong}\n{logs}"
    assert made.counts["answered once"] == made.counts["questions"] > SESSIONS, made.counts
    assert not made.counts["apologies at once, by Discord's rule (messages)"]
    # An answer that was broken off is put back at once, and counts as no attempt.
    assert not retried
