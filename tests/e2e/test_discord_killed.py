"""Discord end to end: the bot's process is killed, and each question is answered once."""

from __future__ import annotations

import asyncio
import random
import statistics

import pytest

from adapters.discord.asides import LATE
from core.ports import Database
from tests.support.discord_bot import caught_up, settled, was_here
from tests.support.discord_child import bot_process
from tests.support.discord_server import ALICE, BOB, DiscordGuild

NONCE_FORGOTTEN = 400.0
"""Seconds after which Discord no longer tells that a message was sent before."""


async def asked_in(guild: DiscordGuild, place: str) -> tuple[str, str]:
    """Asks there; the question, and where its answer is to be."""
    if place == "direct":
        return await guild.dm(ALICE, "How?"), guild.direct(ALICE)
    if place == "chain":
        guild.deny(guild.general, "CREATE_PUBLIC_THREADS")
        return await guild.mention(guild.general, "How?"), guild.general
    asked = await guild.mention(guild.general, "How?")
    return asked, asked


async def accepted(database: Database) -> None:
    """Waits for a question that is stored."""
    async with asyncio.timeout(30):
        while not await database.fetch("SELECT FROM turns"):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


async def whole_answer(guild: DiscordGuild, where: str) -> None:
    """Waits for one that has been finished."""
    await guild.until(
        lambda: any("👍" in answer.buttons.values() for answer in guild.answers(where)), 60
    )


@pytest.mark.parametrize("place", ["direct", "thread", "chain"])
async def test_killed_between_accepting_and_sending_it_answers_once(
    guild: DiscordGuild, database: Database, database_dsn: str, place: str
) -> None:
    async with bot_process(guild, database_dsn, silent=True) as process:
        _, where = await asked_in(guild, place)
        await accepted(database)
        process.kill()
        await process.wait()
    assert guild.answers(where) == []
    async with bot_process(guild, database_dsn):
        await whole_answer(guild, where)
        await settled(database)
    assert len(guild.answers(where)) == 1


@pytest.mark.parametrize("place", ["direct", "thread", "chain"])
async def test_killed_before_sending_it_answers_no_question_that_was_deleted_meanwhile(
    guild: DiscordGuild, database: Database, database_dsn: str, place: str
) -> None:
    async with bot_process(guild, database_dsn, silent=True) as process:
        await caught_up(database)
        asked, where = await asked_in(guild, place)
        await accepted(database)
        process.kill()
        await process.wait()
    await guild.delete(asked)
    async with bot_process(guild, database_dsn):
        async with asyncio.timeout(60):
            while await database.fetch("SELECT FROM turns WHERE status <> 'withdrawn'"):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        await guild.until(lambda: not guild.answers(where))
        await settled(database)
    assert guild.answers(where) == []


@pytest.mark.parametrize("later", [0.0, NONCE_FORGOTTEN], ids=["at once", "later"])
@pytest.mark.parametrize("place", ["direct", "thread", "chain"])
@pytest.mark.parametrize("claims", [0, 3], ids=["posted", "growing"])
async def test_killed_between_sending_and_recording_it_answers_once(
    guild: DiscordGuild,
    database: Database,
    database_dsn: str,
    place: str,
    claims: int,
    later: float,
) -> None:
    async with bot_process(guild, database_dsn, hangs=True, claims=claims) as process:
        _, where = await asked_in(guild, place)
        await guild.answered(where)
        process.kill()
        await process.wait()
    guild.advance(later)
    async with bot_process(guild, database_dsn, claims=claims):
        await whole_answer(guild, where)
        await settled(database)
    assert len(guild.answers(where)) == 1


async def test_what_others_replied_is_not_taken_for_the_answer(
    guild: DiscordGuild, database: Database, database_dsn: str
) -> None:
    guild.deny(guild.general, "CREATE_PUBLIC_THREADS")
    async with bot_process(guild, database_dsn):
        await caught_up(database)
    asked = await guild.mention(guild.general, "How?")
    await guild.say(guild.general, "I know!", user=BOB, reply_to=asked)
    async with bot_process(guild, database_dsn, hangs=True) as process:
        await guild.answered(guild.general)
        process.kill()
        await process.wait()
    guild.advance(NONCE_FORGOTTEN)
    async with bot_process(guild, database_dsn):
        await whole_answer(guild, guild.general)
        await settled(database)
    assert len(guild.answers(guild.general)) == 1
    assert await database.fetch("SELECT FROM turns WHERE status = 'failed'") == []


async def test_killed_again_and_again_it_answers_each_question_once(
    guild: DiscordGuild, database: Database, database_dsn: str
) -> None:
    chance = random.Random(3)  # noqa: S311 - a test's
    asked: list[str] = []
    await was_here(guild, database)
    for _ in range(4):
        async with bot_process(guild, database_dsn, claims=2) as process:
            asked += [await guild.mention(guild.general, f"How {n}?") for n in range(4)]
            await asyncio.sleep(chance.uniform(0.05, 0.8))
            process.kill()
            await process.wait()
    async with bot_process(guild, database_dsn, claims=2):
        for where in asked:
            await whole_answer(guild, where)
        await settled(database)
    assert [len(guild.answers(where)) for where in asked] == [1] * 16


async def test_two_hundred_direct_messages_at_once_are_each_answered_once(
    guild: DiscordGuild,
    database: Database,
    database_dsn: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    people = [str(2_000_000_000_000_000_000 + n) for n in range(200)]
    for person in people:
        guild.add_user(person, f"person-{person[-3:]}")
    began = asyncio.get_running_loop().time()
    async with bot_process(guild, database_dsn, watched=True) as process:
        guild.advance(120.0)
        for person in people:
            guild.open_direct(person)
            await guild.dm(person, f"How, {person}?")
        for person in people:
            await whole_answer(guild, guild.direct(person))
        took = asyncio.get_running_loop().time() - began
        await settled(database)
        process.terminate()
        assert process.stdout is not None
        said = (await process.stdout.read()).decode()
    blocked = [0.0, *sorted(map(float, said.split()))]
    with capsys.disabled():
        print(  # noqa: T201 - the figure
            f"\n200 direct messages: {took:.1f} s; the loop was blocked for at most "
            f"{blocked[-1] * 1000:.0f} ms, median of the worst ten "
            f"{statistics.median(blocked[-10:]) * 1000:.0f} ms; 429s: {guild.rates.refused}"
        )
    said_to = [[m.content for m in guild.answers(guild.direct(person))] for person in people]
    assert [sum(text != LATE for text in texts) for texts in said_to] == [1] * 200
    assert guild.rates.refused == 0
    assert 0.0 < statistics.median(blocked[-10:]) < 0.1
