"""A thread in Discord is told, once, that the docs have changed under an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from adapters.chat.staleness import StaleWatch
from adapters.discord.policy import DiscordPolicy
from core.conversation.staleness import StaleAnswers
from core.model import Scope
from core.ports import Database
from tests.e2e.test_discord_buttons import an_answer
from tests.support.discord_bot import settled as stored
from tests.support.discord_faults import Fault
from tests.support.discord_server import ALICE, BOB, DiscordGuild
from tests.support.discord_state import Message
from tests.support.discord_surfaces import open_surfaces
from tests.support.stale_docs import FromSection, serve, settled

NOTICE = (
    "Heads-up: [Install › Linux](https://docs.example/install#linux), which I cited here, has "
    "changed since; ask me again for an answer from the docs as they are now."
)


@asynccontextmanager
async def a_bot(guild: DiscordGuild, database: Database, **how: Any) -> AsyncIterator[StaleWatch]:
    """One that tells threads after a sync."""
    watch = StaleWatch(StaleAnswers(database), threads=20, platforms=("discord",))
    async with open_surfaces(guild, database, answers=FromSection(), stale=watch, **how):
        yield watch


def notices(guild: DiscordGuild, channel: str) -> list[Message]:
    return [each for each in guild.discord.in_channel(channel) if "Heads-up" in each.content]


async def test_the_thread_is_told_once_with_the_sections_link(
    guild: DiscordGuild, database: Database
) -> None:
    async with a_bot(guild, database) as watch:
        answer = await an_answer(guild)
        await stored(database)
        await serve(database, "new")
        await watch.flipped()
        await settled(database)
        await watch.flipped()
        await watch.wake()
    [told] = notices(guild, answer.channel)
    assert told.content == NOTICE
    assert told.pinged == set()


async def test_a_direct_conversation_is_told_too(guild: DiscordGuild, database: Database) -> None:
    async with a_bot(guild, database) as watch:
        await guild.dm(BOB, "How do I install it?")
        await guild.answered(guild.direct(BOB))
        await stored(database)
        await serve(database, "new")
        await watch.flipped()
        await settled(database)
    assert [each.content for each in notices(guild, guild.direct(BOB))] == [NOTICE]


async def test_two_instances_tell_a_thread_once(guild: DiscordGuild, database: Database) -> None:
    async with a_bot(guild, database) as one, a_bot(guild, database) as other:
        answer = await an_answer(guild)
        await stored(database)
        await serve(database, "new")
        await asyncio.gather(one.flipped(), other.flipped(), one.wake(), other.wake())
        await settled(database)
    assert len(notices(guild, answer.channel)) == 1


async def test_a_notice_whose_sender_never_learned_of_it_is_not_posted_again(
    guild: DiscordGuild, database: Database
) -> None:
    async with a_bot(guild, database) as watch:
        answer = await an_answer(guild)
        await stored(database)
        await serve(database, "new")
        guild.faults.add(Fault("create_message", disconnect=True, applied=True, times=9))
        await watch.flipped()
        await guild.until(lambda: notices(guild, answer.channel))
    guild.faults.waiting.clear()
    await database.execute("UPDATE stale_answers SET lease_until = now() - INTERVAL '1 s'")
    async with a_bot(guild, database):
        await settled(database)
    assert len(notices(guild, answer.channel)) == 1


async def test_no_thread_is_told_what_may_not_be_named_there(
    guild: DiscordGuild, database: Database
) -> None:
    async with a_bot(guild, database):
        answer = await an_answer(guild)
        await stored(database)
    for policy in (
        DiscordPolicy(scope=Scope(frozenset({"public"}))),
        DiscordPolicy(blocked_channels=frozenset({"#general"})),
    ):
        async with a_bot(guild, database, policy=policy) as watch:
            await database.execute("DELETE FROM stale_answers")
            await watch.flipped()
            await settled(database)
    assert notices(guild, answer.channel) == []


async def test_nobody_is_told_elsewhere_where_the_bot_may_not_write_any_more(
    guild: DiscordGuild, database: Database
) -> None:
    async with a_bot(guild, database) as watch:
        answer = await an_answer(guild)
        await stored(database)
        guild.faults.fail("create_message", 50013)
        await watch.flipped()
        await settled(database)
    assert notices(guild, answer.channel) == []
    assert guild.discord.in_channel(guild.direct(ALICE)) == []
