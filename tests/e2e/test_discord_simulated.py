"""The adapter in SimCord's Discord: what it shows, to whom, for how long, and after a restart."""

from __future__ import annotations

from typing import Any

import discord
import pytest
import simcord

from adapters.chat.reactions import THANKS
from adapters.discord.asking import BELOW
from adapters.discord.commands import ABOUT_THIS
from adapters.discord.private import PLATFORM as PRIVATE
from core.ports import Database
from tests.support.discord_bot import settled
from tests.support.discord_simulated import bot_in, client
from tests.support.discord_surfaces import Cited
from tests.support.slack_bot import Answers

EXPIRED = 15 * 60 + 1
THREADS = ("create_public_threads", "send_messages_in_threads")
QUESTION = "How do I install it?"
ANSWER = f"You asked: {QUESTION}"


def open_world(env: simcord.Env, *denied: str) -> tuple[Any, Any]:
    """A channel, in which the bot may do all but what is `denied`, and Alice."""
    guild = env.create_guild()
    assert env.bot.user is not None
    overwrite = discord.PermissionOverwrite(**dict.fromkeys(denied, False))
    channel = guild.create_text_channel("general", overwrites={env.bot.user: overwrite})
    return channel, guild.add_member(env.create_user("alice"))


def shown(channel: Any) -> list[str]:
    """What the bot said there, oldest first."""
    return [message.content for message in channel.history() if message.author.bot]


async def ask(env: simcord.Env, database: Database, person: Any, channel: Any, text: str) -> None:
    """Mentions the bot, and waits until it has answered."""
    assert env.bot.user is not None
    await person.send(channel, f"{env.bot.user.mention} {text}")
    await settled(database)


async def test_a_mention_is_answered_in_a_thread_and_a_follow_up_there_too(
    database: Database,
) -> None:
    async with simcord.run(client(message_content=True)) as env:
        channel, alice = open_world(env)
        async with bot_in(env, database):
            await ask(env, database, alice, channel, QUESTION)
            [thread] = channel.threads
            await alice.send(thread, "And on Linux?")
            await settled(database)
        assert ANSWER in shown(thread)[0]
        assert "You asked: And on Linux?" in shown(thread)[1]


async def test_without_the_intent_a_follow_up_needs_a_mention(database: Database) -> None:
    async with simcord.run(client()) as env:
        channel, alice = open_world(env)
        async with bot_in(env, database):
            await ask(env, database, alice, channel, QUESTION)
            [thread] = channel.threads
            await alice.send(thread, "Not to you.")
            await ask(env, database, alice, thread, "And on Linux?")
        assert [text.splitlines()[0] for text in shown(thread)] == [
            ANSWER,
            "You asked: And on Linux?",
        ]


async def test_a_reply_to_an_answer_is_answered_where_threads_are_not_allowed(
    database: Database,
) -> None:
    async with simcord.run(client()) as env:
        channel, alice = open_world(env, *THREADS)
        async with bot_in(env, database):
            await ask(env, database, alice, channel, QUESTION)
            answer = channel.last_message
            assert ANSWER in answer.content
            assert answer.reference is not None
            await alice.send(channel, "And on Linux?", reply_to=answer)
            await settled(database)
        assert channel.threads == []
    rows = await database.fetch("SELECT count(*) AS sessions FROM sessions")
    assert rows[0]["sessions"] == 1


async def test_a_direct_message_is_answered_there(database: Database) -> None:
    async with simcord.run(client()) as env:
        _, alice = open_world(env)
        async with bot_in(env, database):
            await alice.send_dm(QUESTION)
            await settled(database)
        assert ANSWER in shown(alice.user.dm_channel)[0]


async def test_where_the_bot_may_not_post_the_answer_comes_as_a_direct_message(
    database: Database,
) -> None:
    async with simcord.run(client()) as env:
        channel, alice = open_world(env, "send_messages", *THREADS)
        async with bot_in(env, database):
            await ask(env, database, alice, channel, QUESTION)
        assert ANSWER in shown(alice.user.dm_channel)[-1]
        assert shown(channel) == []


async def test_a_permission_that_is_taken_away_meanwhile_costs_no_answer(
    database: Database,
) -> None:
    async with simcord.run(client()) as env:
        channel, alice = open_world(env)
        async with bot_in(env, database):
            env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
            await ask(env, database, alice, channel, QUESTION)
        assert ANSWER in shown(alice.user.dm_channel)[-1]


async def test_an_answer_of_2001_characters_goes_on_in_further_messages(
    database: Database,
) -> None:
    length = 2001 - len("You asked: How?\n\n")
    answers = Answers(claims=["\n\n" + "z" * length])
    answers.step()
    async with simcord.run(client()) as env:
        channel, alice = open_world(env)
        async with bot_in(env, database, answers=answers):
            await ask(env, database, alice, channel, "How?")
        parts = shown(channel.threads[0])
        assert len(parts) > 1
        assert max(map(len, parts)) <= 2000
        assert "".join(parts).count("z") == length


@pytest.mark.parametrize("status", [500, 503])
async def test_a_fault_inside_discord_loses_no_answer(database: Database, status: int) -> None:
    async with simcord.run(client()) as env:
        channel, alice = open_world(env)
        async with bot_in(env, database):
            env.inject_error("POST", "/channels/*/messages", status=status)
            await ask(env, database, alice, channel, QUESTION)
        assert len(shown(channel.threads[0])) == 1


async def test_ask_is_deferred_and_answered_by_an_edit_that_one_person_sees(
    database: Database,
) -> None:
    answers = Answers(silent=True)
    async with simcord.run(client()) as env:
        channel, alice = open_world(env)
        bob = env.guild.add_member(env.create_user("bob"))
        async with bot_in(env, database, answers=answers):
            asked = await alice.slash(channel, "ask", question=QUESTION)
            assert asked.deferred
            assert asked.ephemeral
            answers.step()
            await settled(database)
            assert ANSWER in asked.response.content
            assert asked.followups == []
        assert channel.history(viewer=bob) == []


async def test_an_answer_that_takes_longer_than_its_token_comes_as_a_direct_message(
    database: Database,
) -> None:
    answers = Answers(silent=True)
    async with simcord.run(client()) as env:
        channel, alice = open_world(env)
        async with bot_in(env, database, answers=answers):
            asked = await alice.slash(channel, "ask", question=QUESTION)
            await env.advance_time(EXPIRED)
            answers.step()
            await settled(database)
            assert ANSWER in shown(alice.user.dm_channel)[-1]
            assert asked.response.content == ""


async def test_buttons_work_after_a_restart(database: Database) -> None:
    async with simcord.run(client()) as env:
        channel, alice = open_world(env)
        bob = env.guild.add_member(env.create_user("bob"))
        async with bot_in(env, database, answers=Cited()):
            await ask(env, database, alice, channel, QUESTION)
            private = await alice.slash(channel, "ask", question="A secret?")
            await settled(database)
        await env.restart_bot(client())
        async with bot_in(env, database):
            answer = channel.threads[0].last_message
            rated = await bob.click(answer, label="👍")
            [thanks] = rated.followups
            assert (thanks.content, thanks.ephemeral) == (THANKS, True)
            wanted = await bob.click(answer, label="Show evidence")
            [evidence] = wanted.followups
            assert evidence.ephemeral
            assert "Run the installer." in str(evidence.components)
            await alice.click(private.response, label="Share")
            assert "A secret?" in channel.last_message.content
    rows = await database.fetch("SELECT value FROM feedback")
    assert [row["value"] for row in rows] == ["up"]


async def test_a_message_is_answered_from_its_menu(database: Database) -> None:
    async with simcord.run(client()) as env:
        channel, alice = open_world(env)
        bob = env.guild.add_member(env.create_user("bob"))
        async with bot_in(env, database):
            said = await bob.send(channel, QUESTION)
            asked = await alice.context_menu(channel, ABOUT_THIS, said)
            assert asked.response.content == BELOW
            assert asked.ephemeral
            await settled(database)
        assert ANSWER in shown(channel.threads[0])[0]


async def test_only_those_who_manage_the_server_are_offered_reingest(database: Database) -> None:
    async with simcord.run(client()) as env:
        channel, alice = open_world(env)
        staff = env.guild.create_role("staff", permissions=discord.Permissions(manage_guild=True))
        admin = env.guild.add_member(env.create_user("admin"), roles=[staff])
        async with bot_in(env, database):
            assert "reingest" not in alice.available_commands(channel)
            assert "reingest" in admin.available_commands(channel)


async def test_what_was_asked_privately_can_be_forgotten(database: Database) -> None:
    async with simcord.run(client()) as env:
        channel, alice = open_world(env)
        async with bot_in(env, database):
            asked = await alice.slash(channel, "ask", question=QUESTION)
            await settled(database)
            told = await alice.slash(channel, "forget")
            assert "1 question" in told.response.content
            assert told.ephemeral
            await settled(database)
            assert asked.response is None
    rows = await database.fetch("SELECT text FROM turns WHERE platform = $1", PRIVATE)
    assert [row["text"] for row in rows] == [""]
