"""Discord end to end: what people said, changed and deleted while the bot was away."""

from __future__ import annotations

import logging

import pytest

from adapters.discord.policy import DiscordPolicy
from adapters.discord.window import Window
from core.ports import Database
from tests.support.desk import until
from tests.support.discord_bot import caught_up, open_bot, settled, was_here
from tests.support.discord_faults import Fault
from tests.support.discord_server import ADMIN, ALICE, BOB, DiscordGuild
from tests.support.discord_surfaces import open_surfaces

NARROW = Window(seconds=3600.0)


async def test_what_was_asked_meanwhile_is_answered_once(
    guild: DiscordGuild, database: Database
) -> None:
    direct = guild.direct(ALICE)
    async with open_bot(guild, database):
        await guild.dm(ALICE, "Before?")
        asked = await guild.mention(guild.general, "And here?")
        await guild.answered(direct)
        await guild.answered(asked)
        await settled(database)
    await guild.dm(ALICE, "In private?")
    other = await guild.mention(guild.general, "In public?")
    await guild.say(asked, "A follow-up?", user=BOB)
    await guild.say(guild.general, "Chatter.")
    async with open_bot(guild, database) as bot:
        await guild.answered(direct, count=2)
        await guild.answered(other)
        await guild.answered(asked, count=2)
        await settled(database)
    async with open_bot(guild, database) as again:
        await guild.dm(BOB, "And I?")
        await guild.answered(guild.direct(BOB))
        await settled(database)
    texts = sorted(question.text for question in bot.answers.asked)
    assert texts == ["A follow-up?", "In private?", "In public?"]
    assert [question.text for question in again.answers.asked] == ["And I?"]
    assert [len(guild.answers(place)) for place in (direct, other, asked)] == [2, 1, 2]


@pytest.mark.parametrize("ours", [3600.0, 86_400.0, -3600.0], ids=["an hour", "a day", "behind"])
async def test_a_clock_of_ours_that_is_wrong_loses_no_question(
    guild: DiscordGuild, database: Database, ours: float
) -> None:
    guild.advance(-ours)
    await was_here(guild, database)
    asked = await guild.mention(guild.general, "How?")
    await guild.dm(ALICE, "In private?")
    async with open_bot(guild, database) as bot:
        await guild.answered(asked)
        await guild.dm(ALICE, "And then?")
        await guild.answered(guild.direct(), count=2)
        await settled(database)
    async with open_bot(guild, database) as again:
        await guild.mention(guild.general, "And I?", user=BOB)
        await until(lambda: len(again.answers.asked) == 1)
        await settled(database)
    assert [question.text for question in bot.answers.asked] == ["How?", "In private?", "And then?"]
    assert [question.text for question in again.answers.asked] == ["And I?"]
    assert len(guild.answers(asked)) == 1


async def test_a_new_bot_answers_nothing_that_was_said_before_it(
    guild: DiscordGuild, database: Database
) -> None:
    await guild.mention(guild.general, "Is anybody there?")
    async with open_bot(guild, database) as bot:
        await caught_up(database)
        await guild.dm(ALICE, "And now?")
        await guild.answered(guild.direct(ALICE))
    assert [question.text for question in bot.answers.asked] == ["And now?"]


async def test_what_is_older_than_the_window_is_left(
    guild: DiscordGuild, database: Database
) -> None:
    guild.advance(-7200.0)
    await was_here(guild, database)
    await guild.mention(guild.general, "Long ago?")
    guild.advance(7200.0)
    recent = await guild.mention(guild.general, "Just now?")
    async with open_bot(guild, database, window=NARROW) as bot:
        await guild.answered(recent)
        await settled(database)
    assert [question.text for question in bot.answers.asked] == ["Just now?"]


async def test_of_many_messages_the_latest_are_read(
    guild: DiscordGuild, database: Database
) -> None:
    await was_here(guild, database)
    for n in range(30):
        await guild.say(guild.general, f"Chatter {n}.")
    asked = await guild.mention(guild.general, "How?")
    async with open_bot(guild, database, window=Window(messages=10)):
        await guild.answered(asked)


async def test_channels_in_which_nothing_was_said_are_not_read(
    guild: DiscordGuild, database: Database
) -> None:
    for n in range(5):
        guild.add_channel(f"quiet-{n}")
    await was_here(guild, database)
    before = len(guild.called("list_messages"))
    asked = await guild.mention(guild.general, "How?")
    async with open_bot(guild, database):
        await guild.answered(asked)
        await settled(database)
    assert len(guild.called("list_messages")) - before == 1


async def test_a_thread_that_was_archived_meanwhile_is_caught_up(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database):
        asked = await guild.mention(guild.general, "How?")
        await guild.answered(asked)
        await settled(database)
    await guild.say(asked, "And on Windows?")
    await guild.archive(asked)
    async with open_bot(guild, database):
        await guild.answered(asked, count=2)


async def test_a_post_in_a_forum_is_caught_up_with_its_title(
    guild: DiscordGuild, database: Database
) -> None:
    policy = DiscordPolicy(auto_answer_channels=frozenset({guild.forum}))
    await was_here(guild, database)
    post = await guild.post("It does not start", "What can I do?")
    async with open_bot(guild, database, policy=policy) as bot:
        await guild.answered(post)
    assert [q.text for q in bot.answers.asked] == ["It does not start\n\nWhat can I do?"]


@pytest.mark.parametrize("follow_up", [False, True], ids=["a thread's first message", "later"])
async def test_a_question_edited_meanwhile_is_answered_again_in_place(
    guild: DiscordGuild, database: Database, *, follow_up: bool
) -> None:
    async with open_bot(guild, database):
        asked = await guild.mention(guild.general, "How do I instal it?")
        await guild.answered(asked)
        other = await guild.say(asked, "And on Widnows?")
        before = await guild.answered(asked, count=2)
        await settled(database)
    text = "And on Windows?" if follow_up else f"<@{guild.bot}> How do I remove it?"
    await guild.edit(other if follow_up else asked, text)
    async with open_bot(guild, database) as bot:
        await guild.until(lambda: any(text[-9:] in m.shown for m in guild.answers(asked)))
        await settled(database)
    assert [message.id for message in guild.answers(asked)] == [message.id for message in before]
    assert len(bot.answers.asked) == 1


async def test_a_mention_added_meanwhile_makes_a_question(
    guild: DiscordGuild, database: Database
) -> None:
    await was_here(guild, database)
    asked = await guild.say(guild.general, "How do I install it?")
    await guild.edit(asked, f"<@{guild.bot}> How do I install it?")
    async with open_bot(guild, database):
        [answer] = await guild.answered(asked)
    assert "How do I install it?" in answer.shown


@pytest.mark.parametrize("place", ["a thread's first message", "a follow-up", "direct"])
async def test_a_question_deleted_meanwhile_has_its_answer_removed(
    guild: DiscordGuild, database: Database, place: str
) -> None:
    direct = guild.direct(ALICE)
    async with open_bot(guild, database):
        asked = await guild.mention(guild.general, "How?")
        await guild.answered(asked)
        follow_up = await guild.say(asked, "And on Windows?")
        await guild.answered(asked, count=2)
        private = await guild.dm(ALICE, "In private?")
        await guild.answered(direct)
        await settled(database)
    where, gone, left = {
        "a thread's first message": (asked, asked, 1),
        "a follow-up": (asked, follow_up, 1),
        "direct": (direct, private, 0),
    }[place]
    await guild.delete(gone)
    async with open_bot(guild, database):
        await guild.until(lambda: len(guild.answers(where)) == left)
        await settled(database)
    assert len(guild.answers(where)) == left


async def test_a_channel_that_the_bot_does_not_see_is_not_asked_for(
    guild: DiscordGuild, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    hidden = guild.add_channel("hidden")
    await was_here(guild, database)
    await guild.say(hidden, "Between us.")
    guild.deny(hidden, "VIEW_CHANNEL")
    asked = await guild.mention(guild.general, "How?")
    caplog.set_level(logging.INFO)
    async with open_bot(guild, database):
        await guild.answered(asked)
        await until(lambda: "Caught up" in caplog.text)
        await settled(database)
    assert [call.error for call in guild.called("list_messages")] == [None]


async def test_a_channel_that_cannot_be_read_keeps_no_other_from_being_caught_up(
    guild: DiscordGuild, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    other = guild.add_channel("other")
    await was_here(guild, database)
    await guild.mention(guild.general, "Here?")
    asked = await guild.mention(other, "Or here?")
    guild.faults.add(
        Fault(
            "list_messages",
            code=50001,
            times=9,
            when=lambda arguments: arguments["channel_id"] == guild.general,
        )
    )
    async with open_bot(guild, database):
        await guild.answered(asked)
    assert f"Channel {guild.general} cannot be caught up" in caplog.text


async def test_a_catch_up_that_fails_is_tried_again_and_doubles_nothing(
    guild: DiscordGuild, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await was_here(guild, database)
    asked = await guild.mention(guild.general, "How?")
    guild.faults.add(Fault("list_messages", status=503))
    async with open_bot(guild, database, window=Window(pause=0.05)):
        await guild.answered(asked)
        await settled(database)
    assert "put off" in caplog.text
    assert len(guild.answers(asked)) == 1


async def test_what_was_forgotten_is_not_asked_again_by_a_catch_up(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        await caught_up(database)
        asked = await guild.mention(guild.general, "How?")
        await guild.answered(asked)
        await settled(database)
        await guild.command("forget")
        await guild.until(lambda: not guild.answers(asked))
        await settled(database)
    other = await guild.mention(guild.general, "And I?", user=BOB)
    async with open_bot(guild, database) as bot:
        await guild.answered(other)
        await settled(database)
    assert [question.text for question in bot.answers.asked] == ["And I?"]
    assert guild.answers(asked) == []


async def test_who_may_ask_is_told_also_of_what_is_caught_up(
    guild: DiscordGuild, database: Database
) -> None:
    await was_here(guild, database)
    await guild.mention(guild.general, "May I?")
    asked = await guild.mention(guild.general, "And I?", user=ADMIN)
    policy = DiscordPolicy(allowed_roles=frozenset({"@staff"}))
    async with open_bot(guild, database, policy=policy) as bot:
        await guild.answered(asked)
        await settled(database)
    assert [question.text for question in bot.answers.asked] == ["And I?"]
