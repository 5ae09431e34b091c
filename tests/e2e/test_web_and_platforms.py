"""The same question after the same conversation has the same answer, wherever it is asked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson

from core.backends.extractive import ExtractiveChatModel
from core.backends.postgres import Postgres
from tests.support.discord_server import ALICE as DISCORD_ALICE
from tests.support.discord_server import DiscordGuild
from tests.support.discord_surfaces import open_surfaces as open_discord_surfaces
from tests.support.slack_server import ALICE, SlackWorkspace
from tests.support.slack_surfaces import open_surfaces as open_slack_surfaces
from tests.support.web_server import ASKED, SteppingModel, open_web

FOLLOW_UP = "And where are its beans?"
SAID_ALIKE = ("status", "text", "citations", "model", "generation", "rungs")


async def answered(database: Postgres, turns: int) -> None:
    query = "SELECT FROM turns WHERE status = 'finished'"
    async with asyncio.timeout(30):
        while len(await database.fetch(query)) < turns:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.02)


async def said(database: Postgres) -> dict[str, list[dict[str, Any]]]:
    """The answers of each platform, in their order, without what differs in time."""
    rows = await database.fetch("SELECT platform, answer FROM turns ORDER BY sequence")
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        answer = orjson.loads(row["answer"])
        found.setdefault(row["platform"], []).append({key: answer[key] for key in SAID_ALIKE})
    return found


async def test_slack_discord_and_the_api_answer_alike(
    workspace: SlackWorkspace, guild: DiscordGuild, database: Postgres, tmp_path: Path
) -> None:
    for model in (SteppingModel(), ExtractiveChatModel()):
        async with open_web(database, tmp_path, model=model) as web:
            answers = web.app.assistant
            async with (
                open_slack_surfaces(workspace, database, answers=answers),
                open_discord_surfaces(guild, database, answers=answers),
            ):
                before = len(await database.fetch("SELECT FROM turns"))
                session = (await web.ask()).json()["session_id"]
                ts = await workspace.dm(ASKED)
                new = await guild.command("new", {}, DISCORD_ALICE, guild.direct(DISCORD_ALICE))
                await guild.until(lambda new=new: new.shown)  # type: ignore[misc]
                await guild.dm(DISCORD_ALICE, ASKED)
                await answered(database, before + 3)
                await web.ask(FOLLOW_UP, session_id=session)
                await workspace.reply(workspace.direct(ALICE), ts, FOLLOW_UP)
                await guild.dm(DISCORD_ALICE, FOLLOW_UP)
                await answered(database, before + 6)
    by_platform = await said(database)
    assert by_platform.keys() == {"slack", "discord", "web"}
    assert by_platform["web"] == by_platform["slack"] == by_platform["discord"]
    assert [answer["status"] for answer in by_platform["web"]] == ["answered"] * 2 + ["quoted"] * 2
    assert "cupboard" in by_platform["web"][-1]["text"]
