"""A bot that nobody asks anything sends its database nothing, for as long as that lasts."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from bot.app import assemble
from bot.parts import App, Embedding
from bot.platforms import configured_platforms
from bot.settings import Settings
from bot.settings.groups import AnswerSettings, DatabaseSettings
from bot.settings.platforms import DiscordSettings, SlackSettings
from bot.settings.source import SourceSettings
from bot.upkeep import open_upkeep
from core.backends.extractive import ExtractiveChatModel
from core.backends.postgres import open_postgres
from core.backends.qdrant_edge import open_edge
from core.budgets.governor import open_governor
from tests.support.discord_server import BOB, DiscordGuild, open_discord
from tests.support.embedder import HashingEmbedder
from tests.support.faulty_database import FaultyDatabase
from tests.support.providers import page
from tests.support.skipping_loop import SkippingLoop
from tests.support.slack_server import SlackWorkspace, open_workspace

HOUR = 3600.0


class House:
    """A bot on both platforms, which has answered a question on each."""

    def __init__(self, workspace: SlackWorkspace, guild: DiscordGuild, folder: Path) -> None:
        self.workspace = workspace
        self.guild = guild
        (folder / "docs").mkdir()
        (folder / "docs" / "reactors.md").write_text(page(5), "utf-8")
        self.folder = folder

    def settings(self, *, shared: bool) -> Settings:
        return Settings(
            sources=(SourceSettings(name="docs", folder=self.folder / "docs"),),
            database=DatabaseSettings(shared=shared),
            answer=AnswerSettings(stale_notices=20),
            slack=SlackSettings.model_validate(
                {
                    "bot_token": self.workspace.bot_token,
                    "app_token": self.workspace.app_token,
                    "base_url": self.workspace.api_url,
                }
            ),
            discord=DiscordSettings.model_validate(
                {"token": self.guild.token, "base_url": self.guild.api_url}
            ),
        )

    async def ask(self) -> None:
        text = "What is the reactor of part 3 called?"
        ts = await self.workspace.mention(self.workspace.general, text)
        await self.workspace.answered(self.workspace.general, ts, seconds=30)
        await self.guild.dm(BOB, text)
        await self.guild.answered(self.guild.direct(BOB), seconds=30)

    async def chatter(self) -> None:
        """What is not for the bot."""
        await self.workspace.post(self.workspace.general, "Anyone for lunch?")
        await self.guild.say(self.guild.general, "Anyone for lunch?")


async def _statements(folder: Path, dsn: str, hours: float, *, shared: bool = False) -> list[str]:
    """What the database was sent in so many hours in which nobody asked."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SkippingLoop)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        house = House(await enter(open_workspace()), await enter(open_discord()), folder)
        database = FaultyDatabase(await enter(open_postgres(dsn)))
        settings = house.settings(shared=shared)
        app = await assemble(
            settings,
            await enter(open_edge(folder / "index")),
            database,
            Embedding(HashingEmbedder()),
            [ExtractiveChatModel()],
            governor=await enter(open_governor(database, [])),
        )
        await app.syncer.sync(app.sources)
        await enter(open_upkeep(app))
        running = asyncio.create_task(_run(app, settings))
        await house.workspace.connected()
        await house.guild.connected()
        await house.ask()
        await _quiet(database)
        sent, began = len(database.statements), loop.time()
        loop.skipping = True
        while loop.time() < began + hours * HOUR:
            await house.chatter()
            await asyncio.sleep(HOUR / 4)
        loop.skipping = False
        statements = database.statements[sent:]
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    return statements


async def _run(app: App, settings: Settings) -> None:
    async with asyncio.TaskGroup() as tasks:
        for platform in configured_platforms(settings):
            tasks.create_task(platform(app, asyncio.Event(), _unheard))


def _unheard(_: str) -> None:
    """What the bot says."""


async def _quiet(database: FaultyDatabase) -> None:
    """Returns once what the last question led to is stored."""
    sent = -1
    while sent != len(database.statements):
        sent = len(database.statements)
        await asyncio.sleep(3.0)


def test_idle_for_ten_hours_it_sends_no_query(tmp_path: Path, database_dsn: str) -> None:
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        assert runner.run(_statements(tmp_path, database_dsn, 10)) == []


def test_of_several_instances_each_looks_twice_a_minute_for_what_another_left(
    tmp_path: Path, database_dsn: str
) -> None:
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        statements = runner.run(_statements(tmp_path, database_dsn, 1, shared=True))
    sweeps, platforms = HOUR / 30, 2
    assert {"HAVING NOT bool_or" in sql for sql in statements} == {True}
    # One that the skipped clock cuts short is made up for by the next.
    assert 0.8 * platforms * sweeps <= len(statements) <= platforms * (sweeps + 1)
