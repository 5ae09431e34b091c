"""discord.py's client, opened and closed."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.chat.clock import PlatformClock
from adapters.discord.buckets import sweep_seldom
from adapters.discord.credentials import API_URL, DiscordCredentials
from adapters.discord.faults import start_fault

READY = 2.0
"""Seconds without another server after which discord.py takes the list of them for whole."""

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_client(
    credentials: DiscordCredentials,
    *,
    message_content: bool = False,
    shards: int = 1,
    ready: float = READY,
    clock: PlatformClock | None = None,
) -> AsyncIterator[discord.Client]:
    """A client that is logged in and not connected; it is closed at the end.

    With `message_content` it asks for the intent that shows it every message. The `clock` hears
    every reply. Raises ServiceError.
    """
    async with _pointed_at(credentials.api_url):
        client = _client(shards, message_content, ready, _heard_by(clock or PlatformClock()))
        sweep_seldom(client.http)
        try:
            try:
                await client.login(credentials.token)
            except (discord.DiscordException, aiohttp.ClientError, OSError) as exc:
                raise start_fault(exc, credentials.application) from exc
            yield client
        finally:
            _end_waiting(client)
            await client.close()


def _end_waiting(client: discord.Client) -> None:
    """Ends discord.py's wait for a list of servers, which fails when it outlives its client."""
    state = client._connection  # noqa: SLF001 - close() leaves it, and nothing public reaches it
    waiting = [state._ready_task, *getattr(state, "_ready_tasks", {}).values()]  # noqa: SLF001
    for task in waiting:
        if task is not None:
            task.cancel()


def _heard_by(clock: PlatformClock) -> aiohttp.TraceConfig:
    async def ended(_: object, __: object, params: aiohttp.TraceRequestEndParams) -> None:
        clock.heard(params.response.headers.get("Date"))

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(ended)
    return trace


def _client(
    shards: int,
    message_content: bool,  # noqa: FBT001 - it is passed by place
    ready: float,
    trace: aiohttp.TraceConfig,
) -> discord.Client:
    # What is said is stored by ourselves; members are known from what they say.
    options: dict[str, Any] = {
        "intents": intents(message_content=message_content),
        "allowed_mentions": discord.AllowedMentions.none(),
        "max_messages": None,
        "chunk_guilds_at_startup": False,
        "member_cache_flags": discord.MemberCacheFlags.none(),
        "guild_ready_timeout": ready,
        "http_trace": trace,
    }
    if shards > 1:
        return discord.AutoShardedClient(shard_count=shards, **options)
    return discord.Client(**options)


def intents(*, message_content: bool) -> discord.Intents:
    """What Discord is asked to tell us of."""
    return discord.Intents(
        guilds=True, guild_messages=True, dm_messages=True, message_content=message_content
    )


@asynccontextmanager
async def _pointed_at(api_url: str) -> AsyncIterator[None]:
    """Has discord.py speak to that address; it takes none but in attributes of its classes."""
    if api_url == API_URL:
        yield
        return
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = api_url, await _gateway(api_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


async def _gateway(api_url: str) -> yarl.URL:
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{api_url}/gateway") as reply:
            return yarl.URL(str((await reply.json())["url"]))
    except (TimeoutError, aiohttp.ClientError, OSError, KeyError, ValueError) as exc:
        raise start_fault(exc, None) from exc
