"""The Discord adapter at work on a stand-in Discord, with answers that a test decides on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import discord

from adapters.chat.writing import Rhythm
from adapters.discord.api import DiscordApi, open_discord_api
from adapters.discord.app import Connection, Extension, open_discord
from adapters.discord.credentials import DiscordCredentials
from adapters.discord.policy import DiscordPolicy
from adapters.discord.responder import DiscordResponder
from adapters.discord.window import Window
from core.answering.dispatcher import Dispatcher, DispatcherSettings, open_dispatcher
from core.conversation.archive import Archive
from core.conversation.cursors import Cursors
from core.conversation.inbox import Inbox
from core.conversation.postings import Postings
from core.conversation.presence import Presence
from core.ports import Database
from tests.support.slack_bot import Answers

QUICK = Rhythm(again=0.01)
DISPATCH = DispatcherSettings(running=16, retry_pauses=(0.05, 0.2), drain=5.0)


class Guild(Protocol):
    """Where a Discord is, and the bot's token there."""

    @property
    def api_url(self) -> str: ...
    @property
    def token(self) -> str: ...


@dataclass
class Bot:
    """The parts of a running bot."""

    api: DiscordApi
    answers: Answers
    dispatcher: Dispatcher
    presence: Presence
    connection: Connection


@asynccontextmanager
async def open_bot(
    guild: Guild,
    database: Database,
    *,
    answers: Answers | None = None,
    policy: DiscordPolicy | None = None,
    message_content: bool = True,
    shards: int = 1,
    rhythm: Rhythm = QUICK,
    settings: DispatcherSettings = DISPATCH,
    window: Window | None = None,
    journal: Path | None = None,
    worker: str = "ours",
    extensions: Sequence[Extension] = (),
) -> AsyncIterator[Bot]:
    """A bot that answers there."""
    answers = answers or Answers()
    credentials = DiscordCredentials(guild.token, guild.api_url)
    archive, presence = Archive(database), Presence(database)
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(
            open_discord_api(
                credentials, message_content=message_content, shards=shards, ready=0.05
            )
        )
        _without_waiting(api.client)
        responder = DiscordResponder(api, Postings(database), archive, rhythm=rhythm)
        inbox = Inbox(database, worker=worker, lease_seconds=6.0)
        dispatcher = await stack.enter_async_context(
            open_dispatcher(inbox, answers, {"discord": responder}, settings)
        )
        connection = await stack.enter_async_context(
            open_discord(
                api,
                dispatcher,
                presence,
                Cursors(database),
                archive,
                policy=policy,
                window=window,
                journal=journal,
                extensions=extensions,
            )
        )
        await dispatcher.resume()
        yield Bot(api, answers, dispatcher, presence, connection)


async def settled(database: Database) -> None:
    """Returns when no turn is unfinished any more, and all is stored."""
    async with asyncio.timeout(30):
        query = "SELECT FROM turns WHERE status = 'accepted'"
        while await database.fetch(query):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


async def caught_up(database: Database) -> None:
    """Returns when a catch-up has been to its end since the database was made."""
    async with asyncio.timeout(30):
        query = "SELECT FROM cursors WHERE channel = ''"
        while not await database.fetch(query):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)


async def was_here(guild: Guild, database: Database) -> None:
    """A bot was there once, and ended well: it is not new to what is said from now on."""
    async with open_bot(guild, database):
        await caught_up(database)


def _without_waiting(client: discord.Client) -> None:
    """A new session begins without the five seconds that Discord wants between two."""

    async def before_identify_hook(_: int | None, *, initial: bool = False) -> None:
        """Does not wait."""

    client.before_identify_hook = before_identify_hook  # type: ignore[method-assign, assignment]
