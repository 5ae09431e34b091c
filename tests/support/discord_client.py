"""A plain `discord.py` client that speaks to the stand-in Discord.

`discord.py` has its addresses as class attributes, `discord.http.Route.BASE` and
`discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY`, and no argument for them. Its webhook adapter,
which answers interactions, has no client to ask and reads `Route.BASE` too, so that a subclass of
`HTTPClient` would not be enough. An adapter that has a setting for the address sets both in the
one place where it opens its client, and sets them back when it closes: `GET {api_url}/gateway`
needs no token and tells the second from the first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.client import _end_waiting
from tests.support.discord_server import DiscordGuild


@contextmanager
def pointed_at(api_url: str, gateway_url: str) -> Iterator[None]:
    """Has `discord.py` speak to these addresses instead of Discord's."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = api_url, yarl.URL(gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


@asynccontextmanager
async def running(client: discord.Client, server: DiscordGuild) -> AsyncIterator[None]:
    """A client that is connected; what its start raises is raised here."""
    with pointed_at(server.api_url, server.gateway_url):
        started = asyncio.create_task(client.start(server.token))
        connected = asyncio.create_task(server.connected())
        await asyncio.wait({started, connected}, return_when=asyncio.FIRST_COMPLETED)
        connected.cancel()
        try:
            if started.done():
                started.result()
            yield
        finally:
            _end_waiting(client)
            await client.close()
            _end_waiting(client)  # it may have been told of its servers only while it closed
            await asyncio.wait({started})
