"""Discord end to end, over real sockets: who is answered where, and once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core.ports import Database
from tests.support.discord_bot import open_bot
from tests.support.discord_server import ALICE, BOB, GUILD, DiscordGuild, open_discord


@pytest.fixture
async def guild() -> AsyncIterator[DiscordGuild]:
    async with open_discord() as opened:
        yield opened


async def test_a_direct_message_is_answered_with_a_reply(
    guild: DiscordGuild, database: Database
) -> None:
    direct = guild.direct(ALICE)
    async with open_bot(guild, database):
        asked = await guild.dm(ALICE, "How do I install it?")
        [answer] = await guild.answered(direct)
        await guild.until(lambda: len(answer.buttons) > 1)
    assert answer.shown.startswith("You asked: How do I install it?")
    assert answer.reference is not None
    assert answer.reference["message_id"] == asked
    assert answer.pinged == set()
    assert direct in guild.discord.typing


async def test_a_mention_is_answered_once_in_a_thread_under_it(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database) as bot:
        asked = await guild.mention(guild.general, "How do I install it?")
        [answer] = await guild.answered(asked)
        await guild.until(lambda: len(answer.buttons) > 1)
    [question] = bot.answers.asked
    assert answer.shown.startswith("You asked: How do I install it?")
    assert (question.session.workspace, question.session.thread) == (GUILD, asked)
    assert guild.answers(guild.general) == []


async def test_a_follow_up_in_the_thread_needs_no_mention(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database) as bot:
        asked = await guild.mention(guild.general, "How do I install it?")
        await guild.answered(asked)
        await guild.say(asked, "And on Windows?", user=BOB)
        await guild.answered(asked, count=2)
    first, second = bot.answers.asked
    assert second.session == first.session
    assert second.text == "And on Windows?"
