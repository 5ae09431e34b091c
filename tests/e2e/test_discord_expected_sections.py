"""A thumbs-down in Discord, and the section that should have answered."""

from __future__ import annotations

from adapters.chat.expecting import ANOTHER, NOTED, WHICH
from adapters.chat.reactions import GONE
from adapters.discord.policy import DiscordPolicy
from core.model import Scope
from core.ports import Database
from tests.e2e.test_discord_buttons import an_answer, button
from tests.support.conversations import passage
from tests.support.discord_faults import Fault
from tests.support.discord_server import ALICE, DiscordGuild
from tests.support.discord_state import Message, walk
from tests.support.discord_surfaces import Cited, open_surfaces
from tests.support.faulty_database import FaultyDatabase


async def downvoted(guild: DiscordGuild) -> Message:
    """What is said to somebody who gives a thumbs-down."""
    answer = await an_answer(guild)
    pressed = await guild.press(answer.id, button(answer, "👎"))
    await guild.until(lambda: WHICH in pressed.shown)
    [message] = pressed.messages
    assert message.viewer == ALICE
    return message


def menus(message: Message) -> list[dict[str, object]]:
    return [each for each in walk(message.components) if each["type"] == 3]


async def expected(database: Database) -> list[tuple[str, str, str | None]]:
    rows = await database.fetch("SELECT person, expected, expected_path FROM feedback")
    return [(row["person"], row["expected"], row["expected_path"]) for row in rows]


async def choose(guild: DiscordGuild, asked: Message) -> None:
    [menu] = menus(asked)
    await guild.press(asked.id, str(menu["custom_id"]), values=[passage().content_hash])


async def write(guild: DiscordGuild, asked: Message, words: str) -> None:
    opened = await guild.press(asked.id, button(asked, ANOTHER))
    [field] = [each for row in opened.callback["components"] for each in row["components"]]
    await guild.submit(opened, {field["custom_id"]: words})


async def test_one_of_the_sections_that_were_found_can_be_chosen(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database, answers=Cited()):
        asked = await downvoted(guild)
        [menu] = menus(asked)
        assert "Install › Linux" in str(menu["options"])
        await choose(guild, asked)
        await guild.until(lambda: asked.content == NOTED)
    assert asked.components == []
    assert await expected(database) == [(ALICE, "https://docs.example/install#linux", "install.md")]


async def test_another_section_can_be_named_in_a_form(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database, answers=Cited()):
        asked = await downvoted(guild)
        await write(guild, asked, "the part on keys")
        await guild.until(lambda: asked.content == NOTED)
    assert await expected(database) == [(ALICE, "the part on keys", None)]


async def test_the_question_outlives_a_restart(guild: DiscordGuild, database: Database) -> None:
    async with open_surfaces(guild, database, answers=Cited()):
        asked = await downvoted(guild)
    async with open_surfaces(guild, database, answers=Cited()):
        await choose(guild, asked)
        await guild.until(lambda: asked.content == NOTED)


async def test_sections_that_may_not_be_named_here_are_not_offered(
    guild: DiscordGuild, database: Database
) -> None:
    policy = DiscordPolicy(scope=Scope(frozenset({"public"})))
    async with open_surfaces(guild, database, answers=Cited(), policy=policy):
        asked = await downvoted(guild)
    assert menus(asked) == []
    assert ANOTHER in asked.buttons.values()


async def test_what_cannot_be_stored_is_apologised_for(
    guild: DiscordGuild, database: Database
) -> None:
    faulty = FaultyDatabase(database)
    async with open_surfaces(guild, faulty, answers=Cited()):
        asked = await downvoted(guild)
        faulty.broken = {"INSERT INTO feedback"}
        await write(guild, asked, "the part on keys")
        await guild.until(lambda: "that did not work" in asked.content)


async def test_a_form_that_comes_too_late_changes_nothing(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database, answers=Cited()):
        asked = await downvoted(guild)
        guild.faults.add(Fault("create_interaction_response", code=10062))
        await guild.press(asked.id, button(asked, ANOTHER), seconds=0.5)
        assert WHICH in asked.content


async def test_the_answer_may_be_gone_by_then_and_the_question_too(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database, answers=Cited()):
        asked = await downvoted(guild)
        [menu] = menus(asked)
        await database.execute("DELETE FROM turns")
        guild.faults.add(Fault("update_original_webhook_message", code=10008))
        values = [passage().content_hash]
        pressed = await guild.press(asked.id, str(menu["custom_id"]), values=values)
        await guild.until(lambda: GONE in pressed.shown)
