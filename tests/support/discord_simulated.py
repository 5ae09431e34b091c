"""The Discord adapter in SimCord's simulated Discord, which nobody here wrote.

SimCord has no sockets: it connects a client itself, in this process. What it knows of Discord's
rules (permissions, limits, who sees what, which reply comes too late) holds there. It waits for
whatever an event sets off before it goes on; turns, which wait for a database, are kept out of
that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import Any

import aiohttp
import discord
import simcord

from adapters.discord.api import DiscordApi
from adapters.discord.client import intents
from core.answering.dispatcher import Dispatcher
from core.conversation.inbox import Inbox
from core.conversation.limits import Limits
from core.ports import Database
from tests.support.discord_surfaces import Surfaced, open_on

COMMANDS = 7


def client(*, message_content: bool = False) -> discord.Client:
    """What `open_client` makes, for SimCord to log in and to connect."""
    made = discord.Client(
        intents=intents(message_content=message_content),
        allowed_mentions=discord.AllowedMentions.none(),
        max_messages=None,
        guild_ready_timeout=0.0,
    )
    made.connect = _connected  # type: ignore[method-assign] # SimCord has connected it
    return made


@asynccontextmanager
async def bot_in(env: simcord.Env, database: Database, **how: Any) -> AsyncIterator[Surfaced]:
    """The bot at work there; takes what `open_on` takes."""
    env.settle_timeout = 60.0  # what an event sets off waits for a database, which may be busy
    async with aiohttp.ClientSession() as session:
        api = DiscordApi(env.bot, session)
        async with open_on(api, database, dispatching=_apart, **how) as bot:
            await _registered(env.bot)
            yield bot


@asynccontextmanager
async def _apart(
    inbox: Inbox, *how: Any, limits: Limits | None = None
) -> AsyncIterator[Dispatcher]:
    """`open_dispatcher`, whose turns SimCord neither waits for nor gives its clock."""
    async with asyncio.TaskGroup() as tasks:
        answerer, responders, settings = how
        apart: Any = _Apart(tasks)
        dispatcher = Dispatcher(inbox, answerer, responders, apart, settings, limits=limits)
        try:
            yield dispatcher
        finally:
            await dispatcher.stop()


class _Apart:
    """A group of tasks that begin where it was made, whoever begins them."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self._tasks = tasks
        self._context = copy_context()

    def create_task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._context.copy().run(self._tasks.create_task, work)


async def _registered(bot: discord.Client) -> None:
    """Waits for the commands, which are registered while the bot is up already."""
    assert bot.application_id is not None
    commands = bot.http.get_global_commands
    async with asyncio.timeout(30):
        while len(await commands(bot.application_id)) < COMMANDS:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


async def _connected(**_: Any) -> None:
    await asyncio.Event().wait()
