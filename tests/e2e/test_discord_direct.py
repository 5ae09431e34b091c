"""Discord end to end: direct messages that were heard by nobody who could store them."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from adapters.discord.asides import LATE
from adapters.discord.journal import Journal
from core.errors import ServiceUnavailable
from core.ports import Database, Row
from tests.support.desk import until
from tests.support.discord_bot import Bot, caught_up, open_bot, settled, was_here
from tests.support.discord_child import bot_process
from tests.support.discord_faults import Fault
from tests.support.discord_server import ALICE, BOB, DiscordGuild
from tests.support.discord_surfaces import open_surfaces
from tests.support.door import open_door
from tests.support.faulty_database import FaultyDatabase

ALL = {"SELECT", "INSERT", "UPDATE", "WITH"}


class Dying:
    """A database that has one question wait, once `dies` is clear, until it is set, and fails."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.execute, self.transaction = database.execute, database.transaction
        self.dies = asyncio.Event()
        self.dies.set()
        self.waiting = False

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        if "INSERT INTO turns" in sql and not self.dies.is_set():
            self.waiting = True
            await self.dies.wait()
            raise ServiceUnavailable("PostgreSQL", "it died")
        return await self._database.fetch(sql, *args)


async def answered(guild: DiscordGuild, count: int, user: str = ALICE) -> list[str]:
    """What was answered in a person's direct conversation, first to last, without apologies."""
    where = guild.direct(user)

    def shown() -> list[str]:
        return [m.shown for m in guild.answers(where) if m.shown != LATE]

    await guild.until(lambda: len(shown()) >= count)
    return [text.partition("?")[0] for text in shown()]


async def knows_alice(guild: DiscordGuild, database: Database) -> None:
    """The bot that has just been opened has answered her once."""
    await caught_up(database)
    await guild.dm(ALICE, "Before?")
    await answered(guild, 1)
    await settled(database)


def asked(bot: Bot) -> list[str]:
    return [question.text for question in bot.answers.asked]


def reads(guild: DiscordGuild) -> int:
    return len(guild.called("list_messages"))


async def test_somebodys_first_words_are_found_when_they_write_again(
    guild: DiscordGuild, database: Database
) -> None:
    await was_here(guild, database)
    await guild.dm(ALICE, "First?")
    await guild.dm(ALICE, "Second?")
    async with open_bot(guild, database) as bot:
        await caught_up(database)
        assert asked(bot) == []
        await guild.dm(ALICE, "Third?")
        await answered(guild, 3)
        await settled(database)
    assert asked(bot) == ["First?", "Second?", "Third?"]
    assert len(guild.answers(guild.direct())) == 3


async def test_they_are_found_when_the_second_ones_are_edited(
    guild: DiscordGuild, database: Database
) -> None:
    await was_here(guild, database)
    await guild.dm(ALICE, "First?")
    second = await guild.dm(ALICE, "Secnd?")
    async with open_bot(guild, database) as bot:
        await caught_up(database)
        await guild.edit(second, "Second?")
        await answered(guild, 2)
        await settled(database)
    assert asked(bot) == ["First?", "Second?"]


async def test_they_are_found_by_each_of_several_instances_and_answered_once(
    guild: DiscordGuild, database: Database
) -> None:
    await was_here(guild, database)
    await guild.dm(ALICE, "First?")
    async with (
        open_bot(guild, database, worker="one") as one,
        open_bot(guild, database, worker="other") as other,
    ):
        await guild.until(lambda: len(guild.gateway.live) == 2)
        await guild.dm(ALICE, "Second?")
        await answered(guild, 2)
        await settled(database)
    assert sorted(asked(one) + asked(other)) == ["First?", "Second?"]
    assert await answered(guild, 2) == ["You asked: First", "You asked: Second"]


async def test_nothing_is_found_that_was_said_before_the_bot_was_new(
    guild: DiscordGuild, database: Database
) -> None:
    await guild.dm(ALICE, "Is anybody there?")
    await guild.dm(BOB, "Anybody at all?")
    guild.advance(1.0)
    async with open_bot(guild, database) as first:
        await caught_up(database)
        await guild.dm(ALICE, "And now?")
        await answered(guild, 1)
        await settled(database)
    async with open_bot(guild, database) as second:
        await guild.dm(BOB, "And I?")
        await answered(guild, 1, BOB)
        await settled(database)
    assert (asked(first), asked(second)) == (["And now?"], ["And I?"])


async def test_a_bot_that_did_not_note_when_it_was_new_reads_the_whole_window(
    guild: DiscordGuild, database: Database
) -> None:
    await was_here(guild, database)
    await database.execute("DELETE FROM cursors WHERE channel = 'began'")
    await guild.dm(ALICE, "First?")
    async with open_bot(guild, database):
        await guild.dm(ALICE, "Second?")
        await answered(guild, 2)


async def test_what_was_answered_is_not_answered_again_though_no_record_is_left(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database):
        await caught_up(database)
        await guild.dm(ALICE, "First?")
        await answered(guild, 1)
        await settled(database)
    await database.execute("DELETE FROM turns")
    await database.execute("DELETE FROM sessions")
    await database.execute("DELETE FROM cursors WHERE channel NOT IN ('', 'began')")
    async with open_bot(guild, database) as bot:
        await guild.dm(ALICE, "Second?")
        await answered(guild, 2)
        await settled(database)
    assert asked(bot) == ["Second?"]


async def test_what_was_declined_is_not_declined_again(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database):
        await caught_up(database)
        await guild.dm(ALICE, "")
        await guild.answered(guild.direct())
    await database.execute("DELETE FROM cursors WHERE channel NOT IN ('', 'began')")
    async with open_bot(guild, database):
        await guild.dm(ALICE, "Then this?")
        [_, answer] = await guild.answered(guild.direct(), count=2)
        await settled(database)
    assert "Then this?" in answer.shown
    assert len(guild.answers(guild.direct())) == 2


async def test_what_was_forgotten_is_not_asked_again(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        await caught_up(database)
        await guild.dm(ALICE, "First?")
        await answered(guild, 1)
        await settled(database)
        await guild.command("forget", channel=guild.direct())
        await guild.until(lambda: not guild.answers(guild.direct()))
        await settled(database)
    async with open_bot(guild, database) as bot:
        await guild.dm(ALICE, "Second?")
        await answered(guild, 1)
        await settled(database)
    assert asked(bot) == ["Second?"]


async def test_what_was_declined_and_edited_since_is_answered(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database):
        await caught_up(database)
        empty = await guild.dm(ALICE, "")
        await guild.answered(guild.direct())
    await guild.edit(empty, "First?")
    async with open_bot(guild, database) as bot:
        await guild.dm(ALICE, "Second?")
        await guild.answered(guild.direct(), count=3)
        await settled(database)
    assert asked(bot) == ["First?", "Second?"]


async def test_a_history_that_cannot_be_read_holds_up_no_question_and_is_read_later(
    guild: DiscordGuild, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await was_here(guild, database)
    await guild.dm(ALICE, "First?")
    caplog.set_level(logging.INFO)
    async with open_bot(guild, database) as bot:
        await until(lambda: "Caught up" in caplog.text)
        guild.faults.add(Fault("list_messages", status=503))
        await guild.dm(ALICE, "Second?")
        await answered(guild, 2)
        await settled(database)
    assert "is caught up later" in caplog.text
    assert sorted(asked(bot)) == ["First?", "Second?"]
    assert len(guild.answers(guild.direct())) == 2


async def test_a_history_that_could_not_be_read_is_read_before_what_is_said_next(
    guild: DiscordGuild, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    away = FaultyDatabase(database)
    async with open_bot(guild, away) as bot:
        await caught_up(database)
        guild.drop_gateway()
        guild.gateway.forget()
        await guild.dm(ALICE, "First?")
        away.broken = {"FROM cursors"}
        await until(lambda: "put off" in caplog.text)
        guild.faults.add(Fault("list_messages", status=503))
        await guild.dm(ALICE, "Second?")
        await answered(guild, 1)
        await guild.dm(ALICE, "Third?")
        await answered(guild, 3)
        await settled(database)
    assert asked(bot) == ["Second?", "First?", "Third?"]


async def test_a_history_that_discord_refuses_holds_up_no_question(
    guild: DiscordGuild, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await was_here(guild, database)
    async with open_bot(guild, database):
        await caught_up(database)
        guild.faults.add(Fault("list_messages", code=50001, times=9))
        await guild.dm(ALICE, "How?")
        await answered(guild, 1)
    assert f"Direct conversation {guild.direct()} cannot be caught up" in caplog.text


async def test_a_history_is_read_once_a_process_and_never_of_who_just_came(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database):
        await caught_up(database)
        guild.advance(120.0)
        for n in range(2):
            await guild.dm(ALICE, f"{n}?")
            await answered(guild, n + 1)
        assert reads(guild) == 1
        guild.open_direct(BOB)
        await guild.dm(BOB, "And I?")
        await answered(guild, 1, BOB)
    assert reads(guild) == 1


@pytest.mark.parametrize("ours", [-3600.0, 3600.0], ids=["behind", "ahead"])
async def test_a_clock_of_ours_that_is_wrong_hides_no_conversation_opened_while_we_were_away(
    guild: DiscordGuild, database: Database, ours: float
) -> None:
    guild.advance(-ours)
    await was_here(guild, database)
    guild.open_direct(ALICE)
    await guild.dm(ALICE, "First?")
    async with open_bot(guild, database) as bot:
        await guild.dm(ALICE, "Second?")
        await answered(guild, 2)
        await settled(database)
    assert asked(bot) == ["First?", "Second?"]


async def test_in_a_new_conversation_what_failed_is_read_again(
    guild: DiscordGuild, database: Database
) -> None:
    away = FaultyDatabase(database)
    async with open_bot(guild, away) as bot:
        await caught_up(database)
        guild.advance(120.0)
        guild.open_direct(ALICE)
        away.broken = ALL
        await guild.dm(ALICE, "First?")
        await guild.answered(guild.direct())
        away.broken = set()
        await guild.dm(ALICE, "Second?")
        await answered(guild, 2)
        await settled(database)
    assert asked(bot) == ["First?", "Second?"]


async def test_what_could_not_be_stored_is_answered_before_what_is_said_next(
    guild: DiscordGuild, database: Database
) -> None:
    away = FaultyDatabase(database)
    async with open_bot(guild, away) as bot:
        await knows_alice(guild, database)
        away.broken = ALL
        for text in ("First?", "Second?"):
            await guild.dm(ALICE, text)
        await guild.answered(guild.direct(), count=3)
        away.broken = set()
        await guild.dm(ALICE, "Third?")
        await answered(guild, 4)
        await settled(database)
    assert asked(bot) == ["Before?", "First?", "Second?", "Third?"]


async def test_what_waits_for_a_database_that_fails_in_the_end_is_answered_before_what_is_said_next(
    guild: DiscordGuild, database: Database
) -> None:
    dying = Dying(database)
    async with open_bot(guild, dying) as bot:
        await knows_alice(guild, database)
        dying.dies.clear()
        await guild.dm(ALICE, "First?")
        await until(lambda: dying.waiting)
        await guild.dm(ALICE, "Second?")
        later = guild.add_channel("later")  # Discord tells of it after that
        await until(lambda: bot.api.client.get_channel(int(later)) is not None)
        dying.dies.set()
        await answered(guild, 3)
        await settled(database)
    assert asked(bot) == ["Before?", "First?", "Second?"]


async def test_a_database_that_fails_at_the_first_words_lets_no_later_ones_pass(
    guild: DiscordGuild, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await was_here(guild, database)
    await guild.dm(ALICE, "First?")
    dying = Dying(database)
    caplog.set_level(logging.INFO)
    async with open_bot(guild, dying) as bot:
        await until(lambda: "Caught up" in caplog.text)
        dying.dies.clear()
        await guild.dm(ALICE, "Second?")
        await until(lambda: dying.waiting)
        dying.dies.set()
        await answered(guild, 2)
        await settled(database)
    assert asked(bot) == ["First?", "Second?"]


async def test_what_a_catch_up_could_not_store_is_answered_before_what_is_said_next(
    guild: DiscordGuild, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_bot(guild, database):
        await knows_alice(guild, database)
    await guild.dm(ALICE, "First?")
    dying = Dying(database)
    dying.dies.clear()
    async with open_bot(guild, dying) as bot:
        await until(lambda: dying.waiting)
        dying.dies.set()
        await until(lambda: "put off" in caplog.text)
        await guild.dm(ALICE, "Second?")
        await answered(guild, 3)
        await settled(database)
    assert asked(bot) == ["First?", "Second?"]


async def test_what_was_said_between_two_sessions_is_answered_before_what_is_said_next(
    guild: DiscordGuild, database: Database
) -> None:
    away = FaultyDatabase(database)
    async with open_bot(guild, away) as bot:
        await knows_alice(guild, database)
        guild.drop_gateway()
        guild.gateway.forget()
        await guild.dm(ALICE, "First?")
        away.broken = {"FROM cursors"}
        await guild.until(lambda: guild.gateway.identifies == 2)
        await until(lambda: away.failed > 0)
        await guild.dm(ALICE, "Second?")
        await answered(guild, 3)
        await settled(database)
    assert asked(bot) == ["Before?", "First?", "Second?"]


async def test_what_is_not_stored_yet_is_left_for_the_next_process(
    guild: DiscordGuild, database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_bot(guild, database, journal=tmp_path):
        await caught_up(database)
        async with database.transaction() as locked:
            await locked.execute("LOCK TABLE turns")
            await guild.dm(ALICE, "How?")
            await until(lambda: Journal(tmp_path).load() == [guild.direct()])
            assert "was not stored" not in caplog.text
        await answered(guild, 1)
        await settled(database)
    assert Journal(tmp_path).load() == []


@pytest.mark.parametrize("writes_again", [True, False])
async def test_killed_while_the_database_is_away_it_answers_all_once_and_in_order(
    guild: DiscordGuild,
    database: Database,
    database_dsn: str,
    tmp_path: Path,
    *,
    writes_again: bool,
) -> None:
    """Who never writes again is found where the next process has the same data folder."""
    journal = {} if writes_again else {"journal": str(tmp_path)}
    await was_here(guild, database)
    async with open_door(database_dsn) as door:
        async with bot_process(guild, door.dsn, **journal) as process:
            await guild.connected()
            door.shut()
            await guild.dm(ALICE, "First?")
            await guild.dm(ALICE, "Second?")
            await guild.answered(guild.direct(), count=2)
            process.kill()
            await process.wait()
        door.unlock()
        async with bot_process(guild, door.dsn, **journal):
            if writes_again:
                await guild.dm(ALICE, "Third?")
            texts = await answered(guild, 2 + writes_again)
            await settled(database)
            await asyncio.sleep(0.1)
    assert texts == [f"You asked: {n}" for n in ("First", "Second", "Third")][: 2 + writes_again]
    assert Journal(tmp_path).load() == []
    assert len(guild.answers(guild.direct())) == 4 + writes_again
