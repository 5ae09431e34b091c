"""Discord, opened: who listens, from start to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeAlias

import aiohttp
import discord

from adapters.chat.errands import Start, open_errands
from adapters.chat.preparing import Preparation
from adapters.chat.reception import Reception
from adapters.chat.watch import Watch
from adapters.discord.api import DiscordApi
from adapters.discord.asides import said_before, tell
from adapters.discord.catchup import CatchUp, seen_by
from adapters.discord.directs import Directs
from adapters.discord.faults import start_fault
from adapters.discord.journal import Journal
from adapters.discord.listener import Listener
from adapters.discord.mapping import PLATFORM, Place
from adapters.discord.policy import DiscordPolicy
from adapters.discord.whereabouts import Whereabouts
from adapters.discord.window import Window
from core.answering.dispatcher import Dispatcher
from core.conversation.archive import Archive
from core.conversation.cursors import Cursors
from core.conversation.presence import Presence
from core.model import Question

Extension: TypeAlias = Callable[[discord.Client, Start, DiscordPolicy], Awaitable[None]]
"""Registers commands, dynamic items and further listeners on a client that is logged in.

It is awaited before the client connects; the errands that it starts end with the adapter.
"""

Connection: TypeAlias = "asyncio.Task[None]"

_GOODBYE = 5.0
_AGAIN = 0.5

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_discord(
    api: DiscordApi,
    dispatcher: Dispatcher,
    presence: Presence,
    cursors: Cursors,
    archive: Archive,
    *,
    policy: DiscordPolicy | None = None,
    extensions: Sequence[Extension] = (),
    window: Window | None = None,
    journal: Path | None = None,
) -> AsyncIterator[Connection]:
    """Listens until the block ends; yields, once connected, what ends only with a ServiceError.

    To be opened inside the dispatcher's block, so that running answers end after the last question
    came in. `presence` is loaded here. `journal` is a folder for what is to outlive a kill. Raises
    ServiceError.
    """
    policy, window = policy or DiscordPolicy(), window or Window()
    async with AsyncExitStack() as stack:
        start = await stack.enter_async_context(open_errands())
        await presence.load()
        place = Place(str(api.us), policy, presence.__contains__)
        watch = Watch(cursors, PLATFORM, str(api.us), api.clock, pause=window.pause)
        whereabouts = Whereabouts(api, archive, presence)
        directs = Directs(api, presence, window, Journal(journal))
        directs.load(await seen_by(str(api.us), cursors))
        reception = _reception(api, dispatcher, presence, start)
        listener = Listener(
            api, reception, presence, place, whereabouts, directs, watch, _teller(api, start)
        )
        listener.register(api.client)
        for extend in extensions:
            await extend(api.client, start, policy)
        stack.push_async_callback(watch.save)
        stack.push_async_callback(listener.end)
        connection = await stack.enter_async_context(_connected(api))
        catch_up = CatchUp(
            api,
            cursors,
            presence,
            archive,
            policy,
            directs,
            listener.see,
            reception.take,
            window,
        )
        start(watch.keep(catch_up.run))
        yield connection


def _teller(api: DiscordApi, start: Start) -> Callable[[Question, str], None]:
    def tell_soon(question: Question, text: str) -> None:
        start(tell(api, question, text))

    return tell_soon


def _reception(
    api: DiscordApi, dispatcher: Dispatcher, presence: Presence, start: Start
) -> Reception:
    preparation = Preparation(partial(said_before, api), api.download)
    return Reception(dispatcher, presence, preparation, _teller(api, start))


@asynccontextmanager
async def _connected(api: DiscordApi) -> AsyncIterator[Connection]:
    """Connected to the gateway until the block ends; requests can be made after that."""
    connection = asyncio.create_task(_connect(api.client))
    ready = asyncio.create_task(api.client.wait_until_ready())
    try:
        await asyncio.wait({connection, ready}, return_when=asyncio.FIRST_COMPLETED)
        if connection.done():
            await connection
        yield connection
    finally:
        ready.cancel()
        await _cancelled(connection)
        await asyncio.wait({ready})
        with suppress(TimeoutError, aiohttp.ClientError, OSError):
            async with asyncio.timeout(_GOODBYE):
                await _disconnect(api.client)


async def _cancelled(connection: Connection) -> None:
    """Cancels until it is so: `asyncio.wait_for` of Python 3.11 may swallow one at its end."""
    while not connection.done():
        connection.cancel()
        await asyncio.wait({connection}, timeout=_AGAIN)


async def _connect(client: discord.Client) -> None:
    try:
        await client.connect()
    except (discord.DiscordException, aiohttp.ClientError, OSError) as exc:
        raise start_fault(exc, str(client.application_id)) from exc
    raise start_fault(ConnectionError(), None)


async def _disconnect(client: discord.Client) -> None:
    if isinstance(client, discord.AutoShardedClient):
        for shard in client.shards.values():
            await shard.disconnect()
    elif client.ws is not None:
        await client.ws.close(code=1000)
