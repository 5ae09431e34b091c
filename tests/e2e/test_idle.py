"""A bot that nobody asks anything sends its database nothing, for as long as that lasts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import httpx

from bot.app import assemble
from bot.parts import App, Embedding
from bot.platforms import configured_platforms
from bot.server import Front
from bot.settings import Settings
from bot.settings.groups import AnswerSettings, DatabaseSettings
from bot.settings.platforms import DiscordSettings, SlackSettings
from bot.settings.source import SourceSettings
from bot.upkeep import open_upkeep
from bot.web_api import run_web
from core.access.keys import ApiKeys, Permission
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


class Hall:
    """In place of the web server, whose loop turns ten times a second: what it would serve.

    `key` may ask and read.
    """

    def __init__(self, key: str) -> None:
        self._served: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._headers = {"Authorization": f"Bearer {key}"}

    @asynccontextmanager
    async def mount(self, _: str, application: Any) -> AsyncIterator[str]:
        self._served.set_result(application)
        yield "http://127.0.0.1"

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=await self._served)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=self._headers
        ) as client:
            yield client


class House:
    """A bot on all platforms, which has answered a question on each."""

    def __init__(
        self, workspace: SlackWorkspace, guild: DiscordGuild, hall: Hall, folder: Path
    ) -> None:
        self.workspace = workspace
        self.guild = guild
        self.hall = hall
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
        await self.workspace.answered(self.workspace.general, ts)
        await self.guild.dm(BOB, text)
        await self.guild.answered(self.guild.direct(BOB))
        async with self.hall.client() as client:
            asked = await client.post("/api/v1/chat", json={"question": text})
            assert asked.status_code == 200, asked.text

    async def probe(self) -> None:
        """What an orchestrator and a Prometheus ask all day long."""
        async with self.hall.client() as client:
            await client.get("/ready")
            for path in ("/health", "/metrics"):
                assert (await client.get(path)).status_code == 200

    async def chatter(self) -> None:
        """What is not for the bot."""
        await self.workspace.post(self.workspace.general, "Anyone for lunch?")
        await self.guild.say(self.guild.general, "Anyone for lunch?")


async def _statements(
    folder: Path, dsn: str, hours: float, *, shared: bool = False
) -> tuple[list[str], float]:
    """What the database was sent in so many hours in which nobody asked; their seconds."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SkippingLoop)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        database = FaultyDatabase(await enter(open_postgres(dsn)))
        loop.awaits = lambda: database.under_way > 0
        _, key = await ApiKeys(database).create("all", [Permission.ASK, Permission.READ])
        house = House(await enter(open_workspace()), await enter(open_discord()), Hall(key), folder)
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
        running = asyncio.create_task(_run(app, settings, house.hall))
        await house.workspace.connected()
        await house.guild.connected()
        await house.ask()
        await house.probe()
        await _quiet(database)
        sent, began = len(database.statements), loop.time()
        loop.skipping = True
        while loop.time() < began + hours * HOUR:
            await house.chatter()
            await house.probe()
            await asyncio.sleep(HOUR / 4)
        loop.skipping = False
        statements, seconds = database.statements[sent:], loop.time() - began
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    return statements, seconds


async def _run(app: App, settings: Settings, hall: Hall) -> None:
    async with asyncio.TaskGroup() as tasks:
        for platform in configured_platforms(settings):
            tasks.create_task(platform(app, asyncio.Event(), _unheard))
        tasks.create_task(run_web(cast("Front", hall), app, asyncio.Event(), _unheard))


def _unheard(_: str) -> None:
    """What the bot says."""


async def _quiet(database: FaultyDatabase) -> None:
    """Returns once what the last question led to is stored."""
    sent = -1
    while sent != len(database.statements):
        sent = len(database.statements)
        await asyncio.sleep(3.0)


def _but_daily(statements: list[str]) -> list[str]:
    """Those that do not just delete what is old, once a day and a minute after the start.

    The minute is one of the clock on the wall, and may be over by then on a busy machine.
    """
    return [sql for sql in statements if "DELETE FROM turns" not in sql]


def test_idle_for_ten_hours_it_sends_no_query(tmp_path: Path, database_dsn: str) -> None:
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        statements, _ = runner.run(_statements(tmp_path, database_dsn, 10))
    assert _but_daily(statements) == []


def test_of_several_instances_each_looks_twice_a_minute_for_what_another_left(
    tmp_path: Path, database_dsn: str
) -> None:
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        sent, seconds = runner.run(_statements(tmp_path, database_dsn, 1, shared=True))
    statements, sweeps, platforms = _but_daily(sent), seconds / 30, 3
    assert {"HAVING NOT bool_or" in sql for sql in statements} == {True}
    assert platforms * (sweeps - 1) <= len(statements) <= platforms * (sweeps + 1)
