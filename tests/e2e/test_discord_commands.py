"""What people ask for by name in Discord: the commands, and the one in a message's menu."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime

from adapters.chat.wording import LOST, NOTHING_TO_FORGET
from adapters.discord.asking import ASKED_BEFORE, BELOW, NO_TEXT, NOT_YOU
from adapters.discord.commands import ABOUT_THIS, CHANGED
from adapters.discord.components import TROUBLE
from adapters.discord.housekeeping import (
    NEW,
    NEW_ALREADY,
    NEW_ELSEWHERE,
    NOTHING_YET,
)
from adapters.discord.policy import DiscordPolicy
from adapters.discord.private import PLATFORM as PRIVATE
from adapters.discord.private import private_question
from core.answering.stopping import Stop
from core.errors import ServiceUnavailable
from core.model import EVERYTHING, AnswerEvent, Question
from core.ports import Database
from tests.support.desk import until
from tests.support.discord_bot import settled
from tests.support.discord_faults import Fault
from tests.support.discord_interactions import Interaction, Response
from tests.support.discord_server import ADMIN, ALICE, BOB, GUILD, DiscordGuild
from tests.support.discord_surfaces import open_surfaces
from tests.support.faulty_database import FaultyDatabase
from tests.support.machine import Strain
from tests.support.slack_bot import DISPATCH, Answers


async def shown(guild: DiscordGuild, interaction: Interaction, text: str) -> str:
    """What the interaction was answered with, once it has that text."""
    await guild.until(lambda: text in interaction.shown)
    return interaction.shown


class AwayTwice:
    """Cannot search the first two times."""

    def __init__(self) -> None:
        self.then = Answers()
        self.away = 2

    async def answer(self, question: Question, stop: Stop) -> AsyncGenerator[AnswerEvent, None]:
        if self.away:
            self.away -= 1
            raise ServiceUnavailable("Qdrant", "it is away")
        async for event in self.then.answer(question, stop):
            yield event


async def test_ask_is_answered_to_the_one_who_asked_alone(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        asked = await guild.command("ask", {"question": "How do I install it?"})
        await shown(guild, asked, "You asked: How do I install it?")
        await guild.until(lambda: "Share" in str(asked.messages[-1].buttons))
    assert asked.response is Response.DEFERRED
    assert [message.viewer for message in asked.messages] == [ALICE]
    assert guild.whispers(BOB) == []
    assert guild.messages(guild.general) == []


async def test_a_hundred_who_ask_at_once_are_all_acknowledged_in_time_and_answered_once(
    guild: DiscordGuild, database: Database
) -> None:
    """Where other programs have the processor, some are told in time to ask again."""
    people = [guild.add_user(str(2 * 10**18 + n), f"person-{n}") for n in range(100)]
    strain, declined = Strain(os.getpid()), 0
    async with open_surfaces(guild, database):
        asked = await asyncio.gather(
            *(guild.command("ask", {"question": f"How {who}?"}, who) for who in people)
        )
        for each in asked:
            said = f"You asked: How {each.user}?"
            await guild.until(lambda: {said, LOST} & set(each.shown.splitlines()))  # noqa: B023
            declined += LOST in each.shown
        await settled(database)
    assert not declined or strain.most() > 3
    assert {each.response for each in asked} == {Response.DEFERRED}
    assert {len(each.messages) for each in asked} == {1}


async def test_a_private_answer_is_seen_while_it_is_written(
    guild: DiscordGuild, database: Database
) -> None:
    answers = Answers(claims=[" And more.", " And the end."])
    async with open_surfaces(guild, database, answers=answers):
        asked = await guild.command("ask", {"question": "How?"})
        await shown(guild, asked, "You asked: How?")
        assert list(asked.messages[0].buttons.values()) == ["Stop"]
        answers.step(2)
        await shown(guild, asked, "And the end.")
        await guild.until(lambda: "Share" in str(asked.messages[0].buttons))
    [message] = asked.messages
    assert len(message.versions) >= 2


async def test_a_long_private_answer_goes_on_in_further_messages(
    guild: DiscordGuild, database: Database
) -> None:
    answers = Answers(claims=["\n\n" + "word " * 390, "\n\n" + "more " * 390])
    answers.step(2)
    async with open_surfaces(guild, database, answers=answers):
        asked = await guild.command("ask", {"question": "How?"})
        await guild.until(lambda: "Share" in str(asked.messages[-1].buttons))
    assert len(asked.messages) == 3
    assert all(len(message.content) <= 2000 for message in asked.messages)
    assert {message.viewer for message in asked.messages} == {ALICE}


async def test_a_question_that_cannot_be_stored_is_apologised_for_at_once(
    guild: DiscordGuild, database: Database
) -> None:
    faulty = FaultyDatabase(database)
    async with open_surfaces(guild, faulty):
        faulty.broken = {"INSERT INTO turns"}
        asked = await guild.command("ask", {"question": "How?"})
        assert await shown(guild, asked, "Sorry") == LOST


async def test_while_the_index_is_away_a_word_of_apology_stands_where_the_answer_will(
    guild: DiscordGuild, database: Database
) -> None:
    soon = replace(DISPATCH, outage_pauses=(0.05, 0.5))
    async with open_surfaces(guild, database, answers=AwayTwice(), settings=soon):
        asked = await guild.command("ask", {"question": "How?"})
        await shown(guild, asked, "Qdrant")
        await shown(guild, asked, "You asked: How?")
    [message] = asked.messages
    assert "Qdrant" not in message.shown


async def test_ask_with_nothing_but_a_mention_asks_nothing(
    guild: DiscordGuild, database: Database
) -> None:
    answers = Answers()
    async with open_surfaces(guild, database, answers=answers):
        asked = await guild.command("ask", {"question": f"<@{guild.bot}> "})
        assert await shown(guild, asked, "text") == NO_TEXT
    assert answers.asked == []


async def test_who_is_not_to_be_answered_is_told_so(
    guild: DiscordGuild, database: Database
) -> None:
    policy = DiscordPolicy(allowed_roles=frozenset({"@staff"}))
    answers = Answers()
    async with open_surfaces(guild, database, policy=policy, answers=answers):
        asked = await guild.command("ask", {"question": "How?"})
        assert await shown(guild, asked, "Docent") == NOT_YOU
        message = await guild.say(guild.general, "How do I install it?")
        asked = await guild.context_menu(ABOUT_THIS, message, BOB)
        assert await shown(guild, asked, "Docent") == NOT_YOU
    assert answers.asked == []


async def test_who_asks_directly_is_known_by_their_roles_in_the_servers(
    guild: DiscordGuild, database: Database
) -> None:
    policy = DiscordPolicy(allowed_roles=frozenset({"@staff"}))
    async with open_surfaces(guild, database, policy=policy):
        for person, said in ((ADMIN, "You asked: How?"), (ALICE, NOT_YOU)):
            direct = guild.direct(person)
            asked = await guild.command("ask", {"question": "How?"}, person, direct)
            await shown(guild, asked, said)


async def test_a_private_answer_that_discord_no_longer_knows_is_sent_anew(
    guild: DiscordGuild, database: Database
) -> None:
    answers = Answers(claims=[" And more."])
    async with open_surfaces(guild, database, answers=answers):
        asked = await guild.command("ask", {"question": "How?"})
        await shown(guild, asked, "You asked: How?")
        asked.messages[0].deleted = True
        answers.step()
        await shown(guild, asked, "And more.")


async def test_a_private_answer_out_of_reach_hinders_no_forgetting(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        asked = await guild.command("ask", {"question": "How?"})
        await guild.until(lambda: "Share" in str(asked.messages[-1].buttons))
        guild.advance(15 * 60 + 1)
        forgotten = await guild.command("forget")
        await shown(guild, forgotten, "1 question of yours")
        await settled(database)
    rows = await database.fetch("SELECT text, status FROM turns")
    assert [(row["text"], row["status"]) for row in rows] == [("", "withdrawn")]


async def test_an_answer_after_the_token_expired_comes_as_a_direct_message(
    guild: DiscordGuild, database: Database
) -> None:
    answers = Answers(silent=True)
    async with open_surfaces(guild, database, answers=answers):
        asked = await guild.command("ask", {"question": "How?"})
        assert asked.response is Response.DEFERRED
        await until(lambda: bool(answers.asked))
        guild.advance(15 * 60 + 1)
        answers.step()
        [message] = await guild.answered(guild.direct(ALICE))
        await guild.until(lambda: "👎" in message.buttons.values())
    assert "You asked: How?" in message.content
    assert asked.shown == ""


async def test_a_question_that_was_waiting_at_a_restart_is_answered(
    guild: DiscordGuild, database: Database
) -> None:
    answers = Answers(silent=True)
    async with open_surfaces(guild, database, answers=answers):
        asked = await guild.command("ask", {"question": "How?"})
        await until(lambda: bool(answers.asked))
    async with open_surfaces(guild, database):
        await shown(guild, asked, "You asked: How?")
        await guild.until(lambda: "Share" in str(asked.messages[-1].buttons))
    assert len(asked.messages) == 1


async def test_a_command_that_is_too_late_for_discord_is_not_taken(
    guild: DiscordGuild, database: Database
) -> None:
    answers = Answers()
    async with open_surfaces(guild, database, answers=answers):
        guild.faults.fail("create_interaction_response", 10062, times=2)
        asked = await guild.command("ask", {"question": "How?"}, seconds=0.5)
        message = await guild.say(guild.general, "How do I install it?")
        about = await guild.context_menu(ABOUT_THIS, message, seconds=0.5)
    assert (asked.response, about.response) == (None, None)
    assert answers.asked == []


async def test_an_acknowledgement_whose_reply_is_lost_loses_no_question(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        guild.faults.add(Fault("create_interaction_response", disconnect=True, applied=True))
        asked = await guild.command("ask", {"question": "How?"})
        await shown(guild, asked, "You asked: How?")


async def test_a_message_is_answered_below_it(guild: DiscordGuild, database: Database) -> None:
    async with open_surfaces(guild, database):
        message = await guild.say(guild.general, "How do I install it?", user=BOB)
        asked = await guild.context_menu(ABOUT_THIS, message)
        assert await shown(guild, asked, "under") == BELOW
        [answer, *_] = await guild.answered(message)
        assert "You asked: How do I install it?" in answer.content
        again = await guild.context_menu(ABOUT_THIS, message, BOB)
        assert await shown(guild, again, "before") == ASKED_BEFORE


async def test_a_message_in_an_archived_thread_is_answered_there(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        first = await guild.say(guild.general, "How do I install it?")
        await guild.context_menu(ABOUT_THIS, first)
        await guild.answered(first)
        await settled(database)
        other = await guild.say(first, "And on Linux?", user=BOB)
        await guild.archive(first)
        asked = await guild.context_menu(ABOUT_THIS, other)
        assert await shown(guild, asked, "under") == BELOW
        await guild.answered(first, count=2)
    rows = await database.fetch("SELECT channel, thread FROM sessions")
    assert [(row["channel"], row["thread"]) for row in rows] == [(guild.general, first)]


async def test_a_message_is_answered_privately_where_the_bot_may_not_post(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        message = await guild.say(guild.general, "How do I install it?", user=BOB)
        guild.deny(guild.general, "SEND_MESSAGES", "SEND_MESSAGES_IN_THREADS")
        asked = await guild.context_menu(ABOUT_THIS, message)
        await shown(guild, asked, "You asked: How do I install it?")
    assert guild.answers(guild.general) == []


async def test_a_message_without_text_asks_nothing(guild: DiscordGuild, database: Database) -> None:
    async with open_surfaces(guild, database):
        file = guild.upload("a.png", b"png", "image/png")
        message = await guild.say(guild.general, "", files=[file])
        asked = await guild.context_menu(ABOUT_THIS, message)
        assert await shown(guild, asked, "text") == NO_TEXT


async def test_new_begins_a_conversation_afresh(guild: DiscordGuild, database: Database) -> None:
    direct = guild.direct(ALICE)
    async with open_surfaces(guild, database):
        first = await guild.command("new", channel=direct)
        assert await shown(guild, first, "There is") == NEW_ALREADY
        message = await guild.dm(ALICE, "How do I install it?")
        await guild.context_menu(ABOUT_THIS, message)
        [answer, *_] = await guild.answered(direct)
        await guild.until(lambda: "👍" in answer.buttons.values())
        afresh = await guild.command("new", channel=direct)
        assert await shown(guild, afresh, "next question") == NEW
        elsewhere = await guild.command("new")
        assert await shown(guild, elsewhere, "In a channel") == NEW_ELSEWHERE


async def test_new_in_a_thread_is_for_that_thread(guild: DiscordGuild, database: Database) -> None:
    async with open_surfaces(guild, database):
        message = await guild.say(guild.general, "How do I install it?")
        await guild.context_menu(ABOUT_THIS, message)
        [answer, *_] = await guild.answered(message)
        await guild.until(lambda: "👍" in answer.buttons.values())
        afresh = await guild.command("new", channel=message)
        assert await shown(guild, afresh, "next question") == NEW


async def test_status_tells_what_is_served(guild: DiscordGuild, database: Database) -> None:
    async with open_surfaces(guild, database):
        empty = await guild.command("status")
        assert NOTHING_YET in await shown(guild, empty, "docs")
        await serve(database)
        full = await guild.command("status", channel=guild.direct(ALICE))
        text = await shown(guild, full, "handbook")
    assert "**1 doc**, last changed <t:1767323045:R>" in text
    assert "- handbook\\: 1 doc in 2 chunks" in text
    assert "only what mentions me" in text
    assert full.messages[0].viewer == ALICE


async def serve(database: Database) -> None:
    """One document, since the first of January."""
    since = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    await database.execute(
        "INSERT INTO corpus (collection, generation, flipped_at) VALUES ('c', 1, $1)", since
    )
    await database.execute(
        """
        INSERT INTO documents
            (source, path, since, title, url, fingerprint, peer_reviewed, authors, chunk_keys,
             chunk_sinces)
        VALUES ('handbook', 'a.md', 1, 'A', '', 'f', FALSE, '{}', '{k1,k2}', '{1,1}')
        """
    )


async def test_forget_deletes_what_a_person_asked_and_got(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        public = await guild.say(guild.general, "How do I install it?")
        await guild.context_menu(ABOUT_THIS, public)
        [answer, *_] = await guild.answered(public)
        private = await guild.command("ask", {"question": "A secret?"})
        await guild.until(lambda: "Share" in str(private.messages[-1].buttons))
        others = await guild.command("ask", {"question": "Mine?"}, BOB)
        await guild.until(lambda: "Share" in str(others.messages[-1].buttons))
        await guild.until(lambda: "👍" in answer.buttons.values())
        forgotten = await guild.command("forget")
        await shown(guild, forgotten, "Forgotten: 2 questions of yours and their answers.")
        await guild.until(lambda: answer.deleted and not private.messages)
        again = await guild.command("forget")
        assert await shown(guild, again, "nothing") == NOTHING_TO_FORGET
        assert "Mine?" in others.shown
    rows = await database.fetch("SELECT text FROM turns WHERE text <> ''")
    assert [row["text"] for row in rows] == ["Mine?"]


async def test_forget_takes_back_a_private_answer_that_came_as_a_direct_message(
    guild: DiscordGuild, database: Database
) -> None:
    answers = Answers(silent=True)
    async with open_surfaces(guild, database, answers=answers):
        await guild.command("ask", {"question": "How?"})
        await until(lambda: bool(answers.asked))
        guild.advance(15 * 60 + 1)
        answers.step()
        [message] = await guild.answered(guild.direct(ALICE))
        await guild.until(lambda: "👎" in message.buttons.values())
        await guild.command("forget", channel=guild.direct(ALICE))
        await guild.until(lambda: message.deleted)


async def test_what_fails_is_apologised_for_at_once(
    guild: DiscordGuild, database: Database
) -> None:
    faulty = FaultyDatabase(database)
    async with open_surfaces(guild, faulty):
        faulty.broken = {"UPDATE turns", "FROM corpus", "UPDATE sessions", "DELETE FROM feedback"}
        for name in ("status", "forget"):
            failed = await guild.command(name)
            assert "Sorry, that did not work. PostgreSQL" in await shown(guild, failed, "Sorry")
        failed = await guild.command("new", channel=guild.direct(ALICE))
        assert "Sorry, that did not work. PostgreSQL" in await shown(guild, failed, "Sorry")


async def test_a_fault_of_ours_is_apologised_for(guild: DiscordGuild, database: Database) -> None:
    faulty = FaultyDatabase(database)
    faulty.fault = KeyError("ours")
    async with open_surfaces(guild, faulty):
        faulty.broken = {"FROM corpus"}
        failed = await guild.command("status")
        assert await shown(guild, failed, "Sorry") == TROUBLE


async def test_what_is_under_way_at_the_end_is_answered(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        guild.faults.add(Fault("execute_webhook", times=2, delay=0.2))
        told = await guild.command("status")
        new = await guild.command("new", channel=guild.direct(ALICE))
    assert NOTHING_YET in told.shown
    assert new.shown == NEW_ALREADY


async def test_who_cannot_be_told_does_without(guild: DiscordGuild, database: Database) -> None:
    faulty = FaultyDatabase(database)
    async with open_surfaces(guild, faulty):
        faulty.broken = {"FROM corpus"}
        guild.faults.fail("execute_webhook", 50027)
        await guild.command("status")
        await until(lambda: len(guild.called("execute_webhook")) == 1)
        faulty.broken = set()
        again = await guild.command("status")
        await shown(guild, again, NOTHING_YET)


async def test_commands_that_are_registered_otherwise_are_registered_again_once(
    guild: DiscordGuild, database: Database
) -> None:
    def sent() -> int:
        return len(guild.called("bulk_set_application_commands"))

    stale = {"id": "1", "type": 1, "name": "gone", "version": "1", "application_id": "1"}
    async with open_surfaces(guild, database):
        guild.discord.commands[None] = [stale]
        gone = await guild.command("gone")
        assert await shown(guild, gone, "command") == CHANGED
        await until(lambda: sent() == 2)
        assert stale not in guild.discord.commands[None]
        guild.discord.commands[None].append(stale)
        gone = await guild.command("gone")
        assert await shown(guild, gone, "command") == CHANGED
    assert sent() == 2


async def test_the_commands_are_registered_only_when_they_changed(
    guild: DiscordGuild, database: Database
) -> None:
    for _ in range(2):
        async with open_surfaces(guild, database), asyncio.timeout(30):
            while not await database.fetch("SELECT FROM registrations"):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
    assert len(guild.called("bulk_set_application_commands")) == 1
    await database.execute("UPDATE registrations SET fingerprint = 'another'")
    async with open_surfaces(guild, database):
        await guild.until(lambda: len(guild.called("bulk_set_application_commands")) == 2)
    names = {command["name"] for command in guild.discord.commands[None]}
    assert names == {"ask", "new", "status", "forget", "quota", "reingest", ABOUT_THIS}


async def test_a_registration_that_fails_is_tried_again_at_the_next_start(
    guild: DiscordGuild, database: Database
) -> None:
    guild.faults.fail("bulk_set_application_commands", 50035)
    async with open_surfaces(guild, database, commands=0):
        await until(lambda: bool(guild.called("bulk_set_application_commands")))
    async with open_surfaces(guild, database):
        pass
    assert len(guild.called("bulk_set_application_commands")) == 2


async def test_the_questions_of_a_private_conversation_are_known_by_their_token() -> None:
    question = private_question(GUILD, "5", "token", "7", ALICE, "How?", EVERYTHING)
    assert (question.session.platform, question.session.thread) == (PRIVATE, "token")
    direct = private_question(None, "5", "token", "7", ALICE, "How?", EVERYTHING)
    assert direct.session.workspace == "@me"
