"""Digests in a channel of Slack."""

from __future__ import annotations

from adapters.slack.api import SlackApi
from adapters.slack.mapping import PLATFORM
from adapters.slack.rendering import notice

_DIRECT = "D"
"""How the ids of direct messages begin."""


class SlackDigest:
    """A channel that is told what its workspace lacked, but not what was asked in private."""

    def __init__(self, api: SlackApi, channel: str) -> None:
        self._api = api
        self._channel = channel
        self.name = f"{PLATFORM}:{channel}"

    async def admits(self, place: tuple[str, str, str]) -> bool:
        """What was asked in channels."""
        platform, _, channel = place
        return platform == PLATFORM and not channel.startswith(_DIRECT)

    async def post(self, text: str) -> None:
        """Posts a message of its own; what is too long for one is cut off. Raises ServiceError."""
        message = notice(text)
        await self._api.post(self._channel, None, message.text, blocks=message.blocks)
