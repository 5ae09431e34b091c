"""`docent run` in Discord: a process of its own, on a bare machine, stopped by SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.command import Shell
from tests.support.discord_server import ADMIN, ALICE, DiscordGuild
from tests.support.postgres import server_folder
from tests.support.slack_server import SlackWorkspace

PAGE = """\
# The kitchen

## Coffee

The coffee machine is cleaned every Friday by whoever drank the last cup.
"""
START = 60.0
QUESTION = "Who cleans the coffee machine?"
ANSWER = "whoever drank the last cup"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder to run in; not one of pytest's, as its database's server is another user's."""
    with server_folder() as made:
        (made / "docs").mkdir()
        (made / "docs" / "kitchen.md").write_text(PAGE, "utf-8")
        yield made


def shell(folder: Path, guild: DiscordGuild, **variables: str) -> Shell:
    usual = {
        "DOCS_FOLDER": "docs",
        "DOCS_BASE_URL": "https://docs.example.com/",
        "DISCORD_TOKEN": guild.token,
        "DISCORD_BASE_URL": guild.api_url,
    }
    return Shell(folder, {**usual, **variables})


@asynccontextmanager
async def running(shell: Shell, *until: bytes) -> AsyncIterator[str]:
    """What the bot says until it is up; at the end it must end well on SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        cwd=shell.folder,
        env=shell.environment(),
        stdin=subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    said = b""
    try:
        async with asyncio.timeout(START):
            while not all(each in said for each in until):
                line = await process.stderr.readline()
                assert line, said.decode()
                said += line
        yield said.decode()
        os.kill(process.pid, signal.SIGTERM)
        async with asyncio.timeout(START):
            said += await process.stderr.read()
            assert await process.wait() == 0, said.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_it_answers_from_the_docs_wherever_it_is_asked(
    folder: Path, guild: DiscordGuild
) -> None:
    async with running(shell(folder, guild), b"up in Discord") as said:
        assert "follow-ups need a mention, too" in " ".join(said.split())
        await guild.dm(ALICE, QUESTION)
        [private] = await guild.answered(guild.direct(ALICE), seconds=30.0)
        await guild.until(lambda: ANSWER in private.shown, 30.0)
        asked = await guild.mention(guild.general, QUESTION)
        await guild.until(lambda: any(ANSWER in m.shown for m in guild.answers(asked)), 30.0)
        await guild.until(lambda: guild.discord.commands.get(None), 30.0)
        await guild.command("ask", {"question": QUESTION})
        await guild.until(lambda: any(ANSWER in m.shown for m in guild.whispers(ALICE)), 30.0)
        await guild.command("reingest", user=ADMIN)
        shown = guild.discord.messages.values
        await guild.until(lambda: any("Done in" in m.shown for m in shown()), 30.0)
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
            lambda: any(ANSWER in m.shown for m in guild.answers(guild.direct(ALICE))), 30.0
        )
        [answer] = await workspace.answered(workspace.general, ts, seconds=30.0)
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
