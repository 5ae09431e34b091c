"""The part of Discord's REST API that we use, with its errors in our own words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord

from adapters.discord.client import READY, open_client
from adapters.discord.credentials import DiscordCredentials


class DiscordApi:
    """What we ask of Discord. Every method raises ServiceError.

    `client` is discord.py's, logged in; `us` the bot's user id.
    """

    def __init__(self, client: discord.Client) -> None:
        self.client = client

    @property
    def us(self) -> int:
        """The bot's user id."""
        assert self.client.user is not None  # noqa: S101 - a client that is logged in has one
        return self.client.user.id


@asynccontextmanager
async def open_discord_api(
    credentials: DiscordCredentials,
    *,
    message_content: bool = False,
    shards: int = 1,
    ready: float = READY,
) -> AsyncIterator[DiscordApi]:
    """Logged in, and not connected to the gateway yet. Raises ServiceError."""
    async with open_client(
        credentials, message_content=message_content, shards=shards, ready=ready
    ) as client:
        yield DiscordApi(client)
