"""From a platform's event to the final post, in short, with answers that nobody has to write."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bench.measures import percentiles
from bench.platform_bot import Stretch
from bench.platform_places import DiscordPlace, Place, SlackPlace
from bench.platforms import People, Run, arguments, measured
from core.ports import Database
from tests.support import discord_bot, slack_bot
from tests.support.discord_server import open_discord
from tests.support.slack_server import open_workspace

CONVERSATIONS = 20


class Here:
    """The bot is in this process."""

    async def ask(self) -> Any:
        return asdict(Stretch(percentiles([0.0]), 0.0, 0.0))


async def asked(platform: str, people: People, place: Place) -> Run:
    run = ["--rate", "20", "--seconds", "0.6", "--warm-up", "0.1", "--rest", "0.2"]
    args = arguments([*run, "--conversations", str(CONVERSATIONS)])
    return await measured(platform, args, people, place, Here())


def assert_answered_once(found: Run) -> None:
    assert found.asked > 0
    assert found.answered_once == found.asked
    assert found.first_ms.count == found.final_ms.count == found.asked


async def test_every_question_in_slack_is_answered_once(database: Database) -> None:
    people = People()
    async with open_workspace() as workspace:
        place = SlackPlace(workspace, CONVERSATIONS, people.note)
        async with slack_bot.open_bot(workspace, database):
            found = await asked("slack", people, place)

    assert_answered_once(found)
    assert found.calls["chat.postMessage"] == 1


async def test_every_question_in_discord_is_answered_once(database: Database) -> None:
    people = People()
    async with open_discord() as guild:
        place = DiscordPlace(guild, CONVERSATIONS, people.note)
        async with discord_bot.open_bot(guild, database):
            found = await asked("discord", people, place)

    assert_answered_once(found)
    assert found.calls["create_message"] == 1
