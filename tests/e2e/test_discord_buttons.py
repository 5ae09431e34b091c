"""The buttons under an answer in Discord, also after a restart."""

from __future__ import annotations

import asyncio

import pytest

from adapters.chat.evidence import NO_EVIDENCE
from adapters.chat.reactions import ENDED, GONE, THANKS
from adapters.chat.wording import NOT_FROM_HERE, NOT_HERE
from adapters.discord.commands import ABOUT_THIS
from adapters.discord.components import TROUBLE
from adapters.discord.policy import DiscordPolicy
from core.model import Scope
from core.ports import Database
from tests.support.desk import until
from tests.support.discord_bot import settled
from tests.support.discord_faults import Fault
from tests.support.discord_interactions import Interaction, Response
from tests.support.discord_server import ALICE, BOB, DiscordGuild
from tests.support.discord_state import Flag, Message
from tests.support.discord_surfaces import Cited, Stoppable, open_surfaces
from tests.support.faulty_database import FaultyDatabase
from tests.support.slack_bot import Answers


def button(message: Message, label: str) -> str:
    """The id of the button with that label."""
    return next(found for found, shown in message.buttons.items() if shown == label)


async def shown(guild: DiscordGuild, interaction: Interaction, text: str) -> None:
    """Waits until the interaction is answered with that."""
    await guild.until(lambda: text in interaction.shown)


async def an_answer(guild: DiscordGuild, question: str = "How do I install it?") -> Message:
    """One that is whole, in a thread."""
    asked = await guild.say(guild.general, question)
    await guild.context_menu(ABOUT_THIS, asked)
    await guild.until(lambda: "👍" in str([m.buttons for m in guild.answers(asked)]))
    return guild.answers(asked)[-1]


async def a_private_answer(guild: DiscordGuild, question: str = "How do I install it?") -> Message:
    asked = await guild.command("ask", {"question": question})
    await guild.until(lambda: "Share" in str([m.buttons for m in asked.messages]))
    return asked.messages[-1]


async def ratings(database: Database) -> list[tuple[str, str]]:
    rows = await database.fetch("SELECT person, value FROM feedback ORDER BY person")
    return [(row["person"], row["value"]) for row in rows]


async def test_an_answer_is_rated_once_by_each_and_the_last_one_counts(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        answer = await an_answer(guild)
        for person, label in ((ALICE, "👍"), (BOB, "👍"), (ALICE, "👎")):
            pressed = await guild.press(answer.id, button(answer, label), person)
            await shown(guild, pressed, THANKS)
            assert [message.viewer for message in pressed.messages] == [person]
            assert pressed.response is Response.DEFERRED_UPDATE
    assert await ratings(database) == [(ALICE, "down"), (BOB, "up")]


async def test_a_press_that_is_under_way_at_the_end_is_answered(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        answer = await an_answer(guild)
        guild.faults.add(Fault("execute_webhook", delay=0.2))
        pressed = await guild.press(answer.id, button(answer, "👍"))
    assert THANKS in pressed.shown


async def test_buttons_work_after_a_restart(guild: DiscordGuild, database: Database) -> None:
    async with open_surfaces(guild, database):
        public, private = await an_answer(guild), await a_private_answer(guild, "A secret?")
    async with open_surfaces(guild, database):
        for answer in (public, private):
            pressed = await guild.press(answer.id, button(answer, "👍"))
            await shown(guild, pressed, THANKS)
        shared = await guild.press(private.id, button(private, "Share"))
        await guild.answered(guild.general)
    assert "A secret?" in shared.shown


async def test_evidence_is_shown_to_the_one_who_wants_it(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database, answers=Cited()):
        answer = await an_answer(guild)
        pressed = await guild.press(answer.id, button(answer, "Show evidence"))
        await guild.until(lambda: pressed.messages)
    [message] = pressed.messages
    assert message.viewer == ALICE
    assert message.flags & Flag.COMPONENTS_V2
    assert "(1) **[Install › Linux](https://docs.example/install#linux)**" in message.shown
    assert "> Run the installer." in message.shown
    [row] = await database.fetch("SELECT id FROM turns")
    assert f"`docent trace {row['id']}`" in message.shown
    assert "some/model, 100 + 20 tokens, cost 0.001000 dollars" in message.shown


async def test_evidence_that_discord_does_not_take_as_a_layout_comes_as_text(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database, answers=Cited()):
        answer = await an_answer(guild)
        guild.faults.fail("execute_webhook", 50035)
        pressed = await guild.press(answer.id, button(answer, "Show evidence"))
        await guild.until(lambda: pressed.messages)
    assert "> Run the installer." in pressed.messages[0].content


async def test_evidence_that_cannot_be_shown_at_all_is_not_in_the_log_either(
    guild: DiscordGuild, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_surfaces(guild, database, answers=Cited()):
        answer = await an_answer(guild)
        guild.faults.fail("execute_webhook", 50035, times=2)
        pressed = await guild.press(answer.id, button(answer, "Show evidence"))
        await until(lambda: "A person was not told something" in caplog.text)
    assert pressed.messages == []
    assert "Run the installer" not in caplog.text


async def test_an_answer_without_passages_has_no_evidence(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        answer = await an_answer(guild)
        pressed = await guild.press(answer.id, button(answer, "Show evidence"))
        await shown(guild, pressed, NO_EVIDENCE)


async def test_an_answer_is_stopped_where_it_is(guild: DiscordGuild, database: Database) -> None:
    async with open_surfaces(guild, database, answers=Stoppable()):
        asked = await guild.say(guild.general, "How?")
        await guild.context_menu(ABOUT_THIS, asked)
        await guild.until(lambda: "Stop" in str([m.buttons for m in guild.answers(asked)]))
        [answer] = guild.answers(asked)
        stop = button(answer, "Stop")
        pressed = await guild.press(answer.id, stop)
        await guild.until(lambda: "👍" in answer.buttons.values())
        assert pressed.messages == []
        assert "Never said" not in answer.content


async def test_a_stop_that_comes_too_late_is_told(guild: DiscordGuild, database: Database) -> None:
    async with open_surfaces(guild, database, answers=Stoppable()) as bot:
        asked = await guild.say(guild.general, "How?")
        await guild.context_menu(ABOUT_THIS, asked)
        await guild.until(lambda: "Stop" in str([m.buttons for m in guild.answers(asked)]))
        [answer] = guild.answers(asked)
        stop = button(answer, "Stop")
        rows = await database.fetch("SELECT id FROM turns")
        assert await bot.dispatcher.cancel(rows[0]["id"])
        pressed = await guild.press(answer.id, stop)
        await shown(guild, pressed, ENDED)


async def test_a_private_answer_is_shared_with_the_channel_once(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        private = await a_private_answer(guild, "How do I *install* it?")
        share = button(private, "Share")
        await asyncio.gather(*(guild.press(private.id, share) for _ in range(2)))
        await guild.until(lambda: "Share" not in private.buttons.values())
    [public] = guild.answers(guild.general)
    assert public.viewer is None
    assert "**Alice asked Docent" in public.content
    assert "> How do I *install* it?" in public.content
    assert "You asked: How do I" in public.content
    assert public.pinged == set()
    assert public.body["allowed_mentions"] == {"parse": []}
    assert public.flags & 1 << 2, "link previews are suppressed"
    assert set(public.buttons.values()) == {"👍", "👎", "Show evidence"}


async def test_what_is_shared_can_be_rated_by_others(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        private = await a_private_answer(guild)
        await guild.press(private.id, button(private, "Share"))
        [public] = await guild.answered(guild.general)
        pressed = await guild.press(public.id, button(public, "👍"), BOB)
        await shown(guild, pressed, THANKS)
    assert await ratings(database) == [(BOB, "up")]


async def test_what_was_shared_is_forgotten_with_its_question(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        private = await a_private_answer(guild)
        await guild.press(private.id, button(private, "Share"))
        [public] = await guild.answered(guild.general)
        await guild.until(lambda: "Share" not in private.buttons.values())
        await guild.command("forget")
        await guild.until(lambda: public.deleted and private.deleted)


async def test_a_direct_answer_has_nothing_to_share(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        asked = await guild.command("ask", {"question": "How?"}, channel=guild.direct(ALICE))
        await guild.until(lambda: "👍" in str([m.buttons for m in asked.messages]))
    assert "Share" not in asked.messages[0].buttons.values()


async def test_nothing_is_shared_where_the_bot_is_not_to_answer(
    guild: DiscordGuild, database: Database
) -> None:
    policy = DiscordPolicy(blocked_channels=frozenset({"#general"}))
    async with open_surfaces(guild, database, policy=policy):
        private = await a_private_answer(guild)
        pressed = await guild.press(private.id, button(private, "Share"))
        await shown(guild, pressed, NOT_HERE)
    assert guild.answers(guild.general) == []


async def test_a_press_is_apologised_for_at_once_when_the_database_is_away(
    guild: DiscordGuild, database: Database
) -> None:
    faulty = FaultyDatabase(database)
    async with open_surfaces(guild, faulty):
        answer = await an_answer(guild)
        faulty.broken = {"feedback", "FROM turns"}
        for label in ("👍", "Show evidence"):
            pressed = await guild.press(answer.id, button(answer, label))
            await shown(guild, pressed, "Sorry, that did not work")


async def test_an_answer_that_is_gone_can_no_longer_be_rated(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        answer = await an_answer(guild)
        await database.execute("DELETE FROM turns")
        for label in ("👍", "Show evidence"):
            pressed = await guild.press(answer.id, button(answer, label))
            await shown(guild, pressed, GONE)
        private = await a_private_answer(guild, "Another?")
        await database.execute("DELETE FROM turns")
        pressed = await guild.press(private.id, button(private, "Share"))
        await shown(guild, pressed, GONE)


async def test_a_press_counts_though_its_acknowledgement_failed(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        answer = await an_answer(guild)
        guild.faults.add(fault := Fault("create_interaction_response", code=10062))
        await guild.press(answer.id, button(answer, "👍"), seconds=0.1)
        await until(lambda: fault.times == 0)
    assert await ratings(database) == [(ALICE, "up")]


async def test_a_fault_of_ours_is_apologised_for(guild: DiscordGuild, database: Database) -> None:
    async with open_surfaces(guild, database):
        answer = await an_answer(guild)
        await settled(database)
        await database.execute("UPDATE turns SET answer = answer - 'citations'")
        pressed = await guild.press(answer.id, button(answer, "Show evidence"))
        await shown(guild, pressed, TROUBLE)


async def test_an_answer_from_private_docs_is_shown_only_where_they_may_be_seen(
    guild: DiscordGuild, database: Database
) -> None:
    scope, handbook = Scope(frozenset({"public"})), frozenset({"docs"})
    policy = DiscordPolicy(scope=scope, bound={guild.general: handbook})
    async with open_surfaces(guild, database, answers=Cited(), policy=policy):
        private = await a_private_answer(guild)
        pressed = await guild.press(private.id, button(private, "Show evidence"))
        await guild.until(lambda: "Run the installer" in pressed.shown)
    async with open_surfaces(guild, database, policy=DiscordPolicy(scope=scope)):
        for label in ("Show evidence", "Share"):
            pressed = await guild.press(private.id, button(private, label))
            await shown(guild, pressed, NOT_FROM_HERE)
    assert guild.answers(guild.general) == []


async def test_a_command_is_answered_from_what_its_channel_may_see(
    guild: DiscordGuild, database: Database
) -> None:
    scope = Scope(frozenset({"public"}))
    policy = DiscordPolicy(scope=scope, bound={guild.general: frozenset({"docs"})})
    answers = Answers()
    async with open_surfaces(guild, database, policy=policy, answers=answers):
        await a_private_answer(guild)
        asked = await guild.command("ask", {"question": "How?"}, channel=guild.direct(ALICE))
        await guild.until(lambda: "👍" in str([m.buttons for m in asked.messages]))
    seen = [question.scope.sources or frozenset() for question in answers.asked]
    assert list(map(sorted, seen)) == [["docs", "public"], ["public"]]
