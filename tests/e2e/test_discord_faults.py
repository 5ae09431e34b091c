"""Discord end to end: what goes wrong on the way, and that an answer comes once all the same."""

from __future__ import annotations

import asyncio
import gc
import logging

import discord
import pytest

from adapters.discord.asides import LATE
from adapters.discord.policy import DiscordPolicy
from adapters.discord.window import Window
from core.errors import AccessDenied, ServiceUnavailable
from core.ports import Database
from tests.support.desk import until
from tests.support.discord_bot import DISPATCH, caught_up, open_bot, settled
from tests.support.discord_events import MESSAGE_CONTENT, posted
from tests.support.discord_faults import Fault
from tests.support.discord_server import ALICE, BOB, DiscordGuild
from tests.support.faulty_database import FaultyDatabase
from tests.support.slack_bot import Answers

SOON = Window(pause=0.05)
FORBIDDEN = 50013
UNKNOWN_CHANNEL = 10003


@pytest.mark.parametrize("everywhere", [True, False], ids=["everywhere", "one bucket"])
@pytest.mark.parametrize("operation", ["create_message", "update_message"])
async def test_a_rate_limit_only_delays_an_answer(
    guild: DiscordGuild, database: Database, operation: str, *, everywhere: bool
) -> None:
    guild.faults.limit(operation, retry_after=0.1, everywhere=everywhere, times=2)
    answers, direct = Answers(claims=[" One."]), guild.direct(ALICE)
    async with open_bot(guild, database, answers=answers):
        await guild.dm(ALICE, "How?")
        await guild.answered(direct)
        answers.step()
        await settled(database)
    [answer] = guild.answers(direct)
    assert "How? One." in answer.shown


@pytest.mark.parametrize("applied", [True, False], ids=["it had arrived", "it had not arrived"])
async def test_a_connection_that_breaks_while_an_answer_is_posted_leaves_one(
    guild: DiscordGuild, database: Database, *, applied: bool
) -> None:
    guild.faults.add(Fault("create_message", disconnect=True, applied=applied))
    async with open_bot(guild, database):
        asked = await guild.mention(guild.general, "How?")
        await guild.answered(asked)
        await settled(database)
    assert len(guild.answers(asked)) == 1


async def test_a_connection_that_breaks_for_longer_leaves_one_answer_too(
    guild: DiscordGuild, database: Database
) -> None:
    guild.faults.add(Fault("create_message", disconnect=True, applied=True, times=4))
    async with open_bot(guild, database):
        asked = await guild.mention(guild.general, "How?")
        await guild.answered(asked)
        await settled(database)
    assert len(guild.answers(asked)) == 1


async def test_a_thread_whose_opening_got_no_answer_is_used(
    guild: DiscordGuild, database: Database
) -> None:
    guild.faults.add(Fault("create_thread_from_message", disconnect=True, applied=True))
    async with open_bot(guild, database):
        asked = await guild.mention(guild.general, "How?")
        await guild.answered(asked)
        await settled(database)
    assert len(guild.answers(asked)) == 1
    assert guild.answers(guild.general) == []


async def test_typing_that_fails_keeps_no_answer_back(
    guild: DiscordGuild, database: Database
) -> None:
    guild.faults.fail("trigger_typing_indicator", FORBIDDEN)
    async with open_bot(guild, database):
        await guild.dm(ALICE, "How?")
        await guild.answered(guild.direct(ALICE))


@pytest.mark.parametrize("known", [True, False], ids=["as its permissions say", "unforeseen"])
async def test_where_it_may_not_write_the_answer_comes_as_a_direct_message(
    guild: DiscordGuild, database: Database, *, known: bool
) -> None:
    if known:
        guild.deny(guild.general, "SEND_MESSAGES", "SEND_MESSAGES_IN_THREADS")
    else:
        guild.deny(guild.general, "CREATE_PUBLIC_THREADS")
        guild.faults.add(
            Fault(
                "create_message",
                times=9,
                code=FORBIDDEN,
                when=lambda arguments: arguments["channel_id"] == guild.general,
            )
        )
    async with open_bot(guild, database):
        await guild.mention(guild.general, "How?")
        note, answer = await guild.answered(guild.direct(ALICE), count=2)
        await settled(database)
    assert f"<#{guild.general}>" in note.content
    assert answer.shown.startswith("You asked: How?")
    assert len(guild.answers(guild.direct(ALICE))) == 2
    refused = [call for call in guild.called("create_message") if call.error]
    assert len(refused) == (0 if known else 1)


async def test_who_takes_no_direct_messages_either_is_told_nothing_and_once(
    guild: DiscordGuild, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    guild.deny(guild.general, "SEND_MESSAGES", "SEND_MESSAGES_IN_THREADS")
    guild.discord.users[ALICE].closed = True
    async with open_bot(guild, database) as bot:
        await guild.mention(guild.general, "How?")
        await until(lambda: "could be told the answer" in caplog.text)
        await settled(database)
        await guild.dm(BOB, "And I?")
        await guild.answered(guild.direct(BOB))
    assert [question.text for question in bot.answers.asked] == ["How?", "And I?"]


@pytest.mark.parametrize("begun", [True, False], ids=["while it is written", "before"])
async def test_an_answer_whose_thread_is_deleted_is_not_made_again(
    guild: DiscordGuild, database: Database, *, begun: bool
) -> None:
    post, answers = await guild.post("It fails", "Why?"), Answers(claims=[" One."])
    async with open_bot(guild, database, answers=answers) as bot:
        if begun:
            await guild.mention(post, "How?")
            await guild.answered(post)
        for operation in ("create_message", "update_message"):
            guild.faults.fail(operation, UNKNOWN_CHANNEL, times=9)
        if not begun:
            await guild.mention(post, "How?")
        answers.step(9)
        await until(lambda: bool(answers.asked))
        await settled(database)
    assert [question.text for question in bot.answers.asked] == ["How?"]
    assert guild.answers(guild.direct(ALICE)) == []


async def test_an_answer_that_somebody_deleted_is_posted_again_by_an_edit(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database):
        asked = await guild.mention(guild.general, "How do I instal it?")
        [answer] = await guild.answered(asked)
        await settled(database)
        await guild.delete(answer.id)
        await guild.edit(asked, f"<@{guild.bot}> How do I remove it?")
        await guild.answered(asked)
        await settled(database)
    [after] = guild.answers(asked)
    assert "remove" in after.shown


@pytest.mark.parametrize("deleted", [True, False], ids=["deleted", "edited"])
async def test_a_question_whose_thread_is_archived_is_followed_up_there(
    guild: DiscordGuild, database: Database, *, deleted: bool
) -> None:
    async with open_bot(guild, database):
        asked = await guild.mention(guild.general, "How do I instal it?")
        [answer] = await guild.answered(asked)
        await settled(database)
        await guild.archive(asked)
        if deleted:
            await guild.delete(asked)
            await guild.until(lambda: not guild.answers(asked))
        else:
            await guild.edit(asked, f"<@{guild.bot}> How do I remove it?")
            await guild.until(lambda: "remove" in answer.shown)
        await settled(database)
    assert len(guild.answers(asked)) == (0 if deleted else 1)


async def test_a_post_that_is_archived_is_answered_again_in_place(
    guild: DiscordGuild, database: Database
) -> None:
    policy = DiscordPolicy(auto_answer_channels=frozenset({guild.forum}))
    async with open_bot(guild, database, policy=policy):
        post = await guild.post("It fails", "Why?")
        [answer] = await guild.answered(post)
        await settled(database)
        await guild.archive(post)
        await guild.edit(post, "Why, on Windows?")
        await guild.until(lambda: "Windows" in answer.shown)
        await settled(database)
    assert len(guild.answers(post)) == 1
    assert guild.called("create_thread_from_message") == []


async def test_a_dropped_socket_loses_nothing_and_doubles_nothing(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database) as bot:
        await guild.dm(ALICE, "one")
        await guild.answered(guild.direct(ALICE))
        guild.drop_gateway()
        for text in ("two", "three"):
            await guild.dm(ALICE, text)
        await guild.until(lambda: guild.gateway.resumed == 1)
        await guild.dm(ALICE, "four")
        await guild.answered(guild.direct(ALICE), count=4)
        await settled(database)
    assert [question.text for question in bot.answers.asked] == ["one", "two", "three", "four"]
    assert guild.gateway.identifies == 1
    assert len(guild.answers(guild.direct(ALICE))) == 4


@pytest.mark.parametrize("how", ["reconnect", "invalid", "closed"])
async def test_it_goes_on_after_discord_asks_for_another_connection(
    guild: DiscordGuild, database: Database, how: str
) -> None:
    async with open_bot(guild, database):
        if how == "reconnect":
            guild.gateway.ask_to_reconnect()
        elif how == "invalid":
            guild.gateway.invalidate(resumable=False)
        else:
            guild.gateway.close_all(4000)
        await guild.until(lambda: guild.gateway.resumed + guild.gateway.identifies == 2)
        await guild.connected()
        await guild.dm(ALICE, "still there?")
        await guild.answered(guild.direct(ALICE))


@pytest.mark.parametrize("shards", [1, 2])
async def test_it_ends_in_peace_while_discord_still_lists_its_servers(
    guild: DiscordGuild, database: Database, shards: int
) -> None:
    failed: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: failed.append(context))
    async with open_bot(guild, database, shards=shards) as bot:
        again = asyncio.create_task(bot.api.client.wait_for("connect"))
        await asyncio.sleep(0)
        guild.gateway.invalidate(resumable=False)
        await asyncio.wait_for(again, 30)
    await asyncio.sleep(0.2)
    gc.collect()
    assert failed == []


async def test_what_was_asked_between_two_sessions_is_caught_up(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database, window=SOON) as bot:
        await guild.dm(ALICE, "one")
        await guild.answered(guild.direct(ALICE))
        await caught_up(database)
        guild.drop_gateway()
        guild.gateway.forget()
        await guild.dm(ALICE, "two")
        asked = await guild.mention(guild.general, "three")
        await guild.answered(guild.direct(ALICE), count=2)
        await guild.answered(asked)
        await settled(database)
    assert sorted(question.text for question in bot.answers.asked) == ["one", "three", "two"]
    assert guild.gateway.identifies == 2


async def test_what_was_asked_between_two_sessions_of_one_connection_of_several_is_caught_up(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database, window=SOON, shards=2) as bot:
        await guild.dm(ALICE, "one")
        await guild.answered(guild.direct(ALICE))
        await caught_up(database)
        guild.gateway.drop(shard=0)
        guild.gateway.forget()
        await guild.dm(ALICE, "two")
        await guild.answered(guild.direct(ALICE), count=2)
        await settled(database)
    assert [question.text for question in bot.answers.asked] == ["one", "two"]
    assert guild.gateway.identifies == 3


async def test_without_its_database_it_apologises_at_once_and_answers_later(
    guild: DiscordGuild, database: Database
) -> None:
    away = FaultyDatabase(database)
    async with open_bot(guild, away, window=SOON) as bot:
        await caught_up(database)
        away.broken = {"SELECT", "INSERT", "UPDATE", "WITH"}
        asked = await guild.mention(guild.general, "How?")
        [word] = await guild.answered(guild.general)
        again = posted(guild.discord, guild.discord.message(asked))
        guild.discord.emit("MESSAGE_CREATE", again)
        await guild.dm(BOB, "And I?")
        [other] = await guild.answered(guild.direct(BOB))
        assert (word.content, other.content) == (LATE, LATE)
        away.broken = set()
        [answer] = await guild.answered(asked)
        await guild.answered(guild.direct(BOB), count=2)
        await settled(database)
    assert answer.shown.startswith("You asked: How?")
    assert sorted(question.text for question in bot.answers.asked) == ["And I?", "How?"]
    assert len(guild.answers(guild.general)) == 1


async def test_of_several_instances_without_their_database_one_apologises(
    guild: DiscordGuild, database: Database
) -> None:
    away = FaultyDatabase(database)
    async with (
        open_bot(guild, away, window=SOON, worker="one"),
        open_bot(guild, away, window=SOON, worker="other"),
    ):
        await guild.until(lambda: len(guild.gateway.live) == 2)
        await caught_up(database)
        away.broken = {"SELECT", "INSERT", "UPDATE", "WITH"}
        await guild.dm(BOB, "How?")
        await until(lambda: len(guild.called("create_message")) >= 2)
        away.broken = set()
        await guild.answered(guild.direct(BOB), count=2)
        await settled(database)
    said = [message.shown for message in guild.answers(guild.direct(BOB))]
    assert [text == LATE for text in said] == [True, False]


async def test_what_an_instance_missed_is_caught_up_though_another_is_up_to_date(
    guild: DiscordGuild, database: Database
) -> None:
    """Only who heard of a new direct conversation knows of it, and the cursors are everybody's."""
    away = FaultyDatabase(database)
    window = Window(pause=0.05, overlap=0.5)
    async with open_bot(guild, away, window=window, worker="one"):
        await caught_up(database)
        away.broken = {"SELECT", "INSERT", "UPDATE", "WITH"}
        await guild.dm(BOB, "How?")
        await guild.answered(guild.direct(BOB))
        await asyncio.sleep(2 * window.overlap)
        [before] = await database.fetch("SELECT message_id FROM cursors WHERE channel = ''")
        async with open_bot(guild, database, window=window, worker="other"):
            async with asyncio.timeout(30):
                while [before] == await database.fetch(  # noqa: ASYNC110 - it tells nobody
                    "SELECT message_id FROM cursors WHERE channel = ''"
                ):
                    await asyncio.sleep(0.01)
        away.broken = set()
        await guild.answered(guild.direct(BOB), count=2)
        await settled(database)
    assert "You asked: How?" in guild.answers(guild.direct(BOB))[-1].shown


async def test_an_intent_that_is_not_enabled_is_said_with_the_page_to_click(
    guild: DiscordGuild, database: Database
) -> None:
    guild.discord.enabled &= ~MESSAGE_CONTENT
    with pytest.raises(ExceptionGroup) as raised:
        async with open_bot(guild, database):
            pass
    [error] = raised.value.exceptions
    assert isinstance(error, AccessDenied)
    assert "Message Content Intent" in str(error)
    assert f"applications/{guild.discord.application}/bot" in error.hint


async def test_a_token_that_is_no_longer_good_ends_the_bot_with_a_word(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database) as bot:
        guild.gateway.close_all(4004)
        with pytest.raises(AccessDenied, match="token was not accepted"):
            await asyncio.wait_for(bot.connection, 30)


async def test_a_bad_token_is_said_at_once(guild: DiscordGuild, database: Database) -> None:
    guild.rest.token = "another"
    with pytest.raises(AccessDenied, match="token was not accepted"):
        async with open_bot(guild, database):
            pass


async def test_several_connections_serve_as_one(guild: DiscordGuild, database: Database) -> None:
    async with open_bot(guild, database, shards=2):
        await guild.dm(ALICE, "How?")
        await guild.answered(guild.direct(ALICE))
        asked = await guild.mention(guild.general, "And here?")
        await guild.answered(asked)


async def test_an_answer_under_way_is_finished_when_the_bot_is_stopped(
    guild: DiscordGuild, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    answers = Answers(claims=[" One."])
    caplog.set_level(logging.WARNING)
    async with open_bot(guild, database, answers=answers, settings=DISPATCH):
        await guild.dm(ALICE, "How?")
        await guild.answered(guild.direct(ALICE))
        answers.step()
    [answer] = guild.answers(guild.direct(ALICE))
    assert "How? One." in answer.shown
    assert "Stop" not in answer.buttons.values()


async def test_where_a_thread_is_refused_the_answer_is_a_reply(
    guild: DiscordGuild, database: Database
) -> None:
    guild.faults.fail("create_thread_from_message", FORBIDDEN)
    async with open_bot(guild, database):
        asked = await guild.mention(guild.general, "How?")
        [answer] = await guild.answered(guild.general)
        await settled(database)
    assert answer.reference is not None
    assert answer.reference["message_id"] == asked


async def test_where_it_may_not_read_what_was_said_the_answer_is_no_reply(
    guild: DiscordGuild, database: Database
) -> None:
    guild.deny(guild.general, "READ_MESSAGE_HISTORY", "CREATE_PUBLIC_THREADS")
    async with open_bot(guild, database):
        await guild.mention(guild.general, "How?")
        [answer] = await guild.answered(guild.general)
        await settled(database)
    assert answer.shown.startswith("You asked: How?")
    assert answer.reference is None


async def test_what_is_shown_stands_still_after_a_fault_and_is_put_right_at_the_end(
    guild: DiscordGuild, database: Database
) -> None:
    answers, direct = Answers(claims=[" One.", " Two."]), guild.direct(ALICE)
    guild.faults.add(Fault("update_message", status=503))
    async with open_bot(guild, database, answers=answers):
        await guild.dm(ALICE, "How?")
        [answer] = await guild.answered(direct)
        answers.step()
        await until(lambda: bool(guild.called("update_message")))
        answers.step()
        await guild.until(lambda: "How? One. Two." in answer.shown)
        await settled(database)
    assert len(guild.answers(direct)) == 1


async def test_a_file_that_does_not_arrive_is_told_of(
    guild: DiscordGuild, database: Database
) -> None:
    gone = guild.upload("error.log", b"E42") | {"url": f"{guild.url}/attachments/1/gone.log"}
    async with open_bot(guild, database):
        await guild.dm(ALICE, "What is this?", files=[gone])
        await guild.until(
            lambda: any("error.log" in m.shown for m in guild.answers(guild.direct(ALICE)))
        )


async def test_an_author_who_cannot_be_told_is_left_untold(
    guild: DiscordGuild, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    guild.deny(guild.general, "SEND_MESSAGES")
    async with open_bot(guild, database):
        await guild.mention(guild.general, "")
        await until(lambda: "An author was not told" in caplog.text)


async def test_a_message_of_a_thread_that_discord_had_not_told_of_is_placed(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database) as bot:
        asked = await guild.mention(guild.general, "How?")
        await guild.answered(asked)
        await settled(database)
        thread = bot.api.client.get_channel(int(asked))
        assert isinstance(thread, discord.Thread)
        thread.guild._remove_thread(thread)
        await guild.mention(asked, "And on Windows?")
        await guild.answered(asked, count=2)
    first, second = bot.answers.asked
    assert first.session == second.session


async def test_a_deletion_that_could_not_be_noted_is_caught_up(
    guild: DiscordGuild, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    away = FaultyDatabase(database)
    async with open_bot(guild, away, window=SOON):
        asked = await guild.dm(ALICE, "How?")
        await guild.answered(guild.direct(ALICE))
        await settled(database)
        await caught_up(database)
        away.broken = {"SELECT", "INSERT", "UPDATE", "WITH"}
        await guild.delete(asked)
        await until(lambda: "A deletion was not noted" in caplog.text)
        away.broken = set()
        await guild.until(lambda: not guild.answers(guild.direct(ALICE)))


async def test_an_address_where_no_discord_is_is_said(database: Database) -> None:
    nowhere = DiscordGuild()
    nowhere.url = "http://127.0.0.1:9"
    with pytest.raises(ServiceUnavailable, match="Discord: the start got no answer"):
        async with open_bot(nowhere, database):
            pass
