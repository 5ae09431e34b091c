"""Digests in a channel of Discord."""

from __future__ import annotations

from discord.abc import GuildChannel

from adapters.chat.links import Links
from adapters.discord.api import DiscordApi
from adapters.discord.mapping import PLATFORM
from adapters.discord.rendering import Message, compose


class DiscordDigest:
    """A channel that is told what its server lacked; direct messages are in no server."""

    def __init__(self, api: DiscordApi, channel: str) -> None:
        self._api = api
        self._channel = channel
        self.name = f"{PLATFORM}:{channel}"

    async def admits(self, place: tuple[str, str, str]) -> bool:
        """What was asked on the same server. Raises ServiceError."""
        platform, workspace, _ = place
        found = await self._api.channel(self._channel)
        here = str(found.guild.id) if isinstance(found, GuildChannel) else None
        return platform == PLATFORM and workspace == here

    async def post(self, text: str) -> None:
        """Posts a message; what is too long for one is cut off. Raises ServiceError."""
        first, *_ = compose(text, Links())
        await self._api.post(self._channel, Message(first))
