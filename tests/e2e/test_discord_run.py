"""`docent run` in Discord: a process of its own, on a bare machine, stopped by SIGTERM."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Shell
from tests.support.discord_server import ADMIN, ALICE, DiscordGuild
from tests.support.kitchen import ANSWER, DOCS, QUESTION, kitchen_folder, running
from tests.support.slack_server import SlackWorkspace


@pytest.fixture
def folder() -> Iterator[Path]:
    with kitchen_folder() as made:
        yield made


def shell(folder: Path, guild: DiscordGuild, **variables: str) -> Shell:
    usual = {
        "DISCORD_TOKEN": guild.token,
        "DISCORD_BASE_URL": guild.api_url,
    }
    return Shell(folder, {**DOCS, **usual, **variables})


async def test_it_answers_from_the_docs_wherever_it_is_asked(
    folder: Path, guild: DiscordGuild
) -> None:
    async with running(shell(folder, guild), b"up in Discord") as said:
        assert "follow-ups need a mention, too" in " ".join(said.split())
        await guild.dm(ALICE, QUESTION)
        [private] = await guild.answered(guild.direct(ALICE), seconds=60.0)
        await guild.until(lambda: ANSWER in private.shown, 60.0)
        asked = await guild.mention(guild.general, QUESTION)
        await guild.until(lambda: any(ANSWER in m.shown for m in guild.answers(asked)), 60.0)
        await guild.until(lambda: guild.discord.commands.get(None), 60.0)
        await guild.command("ask", {"question": QUESTION})
        await guild.until(lambda: any(ANSWER in m.shown for m in guild.whispers(ALICE)), 60.0)
        await guild.command("reingest", user=ADMIN)
        shown = guild.discord.messages.values
        await guild.until(lambda: any("Done in" in m.shown for m in shown()), 60.0)
    assert "https://docs.example.com/kitchen#coffee" in private.shown
    assert guild.gateway.identifies == 1


async def test_it_answers_in_slack_and_discord_side_by_side(
    folder: Path, guild: DiscordGuild, workspace: SlackWorkspace
) -> None:
    both = shell(
        folder,
        guild,
        DISCORD_MESSAGE_CONTENT="true",
        DISCORD_SHARDS="2",
        SLACK_BOT_TOKEN=workspace.bot_token,
        SLACK_APP_TOKEN=workspace.app_token,
        SLACK_BASE_URL=workspace.api_url,
    )
    async with running(both, b"up in Discord", b"up in Slack") as said:
        assert "follow-ups in its threads need no mention" in " ".join(said.split())
        await guild.dm(ALICE, QUESTION)
        ts = await workspace.mention(workspace.general, QUESTION)
        await guild.until(
            lambda: any(ANSWER in m.shown for m in guild.answers(guild.direct(ALICE))), 60.0
        )
        [answer] = await workspace.answered(workspace.general, ts, seconds=60.0)
    assert ANSWER in answer.shown
    assert guild.gateway.identifies == 2


async def test_an_intent_that_is_not_enabled_ends_it_with_the_page_to_click(
    folder: Path, guild: DiscordGuild
) -> None:
    guild.discord.enabled = 0
    wrong = shell(folder, guild, DISCORD_MESSAGE_CONTENT="true")
    done = await asyncio.to_thread(wrong.run, "run")
    assert done.returncode != 0
    said = " ".join(done.stderr.split())
    assert "Message Content Intent is not enabled" in said
    assert "/bot under Privileged Gateway Intents" in said
    assert "Traceback" not in said
