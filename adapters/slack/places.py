"""Where we may say something that nobody asked us for in a message."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from adapters.chat.policy import ChannelPolicy
from adapters.slack.api import SlackApi
from core.errors import ServiceError

IN_TIME = 1.0
"""Seconds for the look: whoever asks for it waits for an acknowledgement."""


class Places:
    """Looks a channel up when it is needed: that is seldom, and the answer changes."""

    def __init__(self, api: SlackApi, policy: ChannelPolicy) -> None:
        self._api = api
        self._policy = policy

    async def may_post(self, channel: str) -> bool:
        """Whether we are there and may answer there; no when that cannot be told in time."""
        found = await self._look(channel)
        if found is None:
            return False
        member = found.get("is_im") or found.get("is_member")
        return bool(member) and self._admits(channel, found)

    async def admits(self, channel: str) -> bool:
        """Whether answers may stand there at all, ours or one that a person shares.

        Of a channel that we cannot see, only its id is known.
        """
        return self._admits(channel, await self._look(channel) or {})

    def _admits(self, channel: str, found: Mapping[str, Any]) -> bool:
        shared, direct = bool(found.get("is_ext_shared")), bool(found.get("is_im"))
        return self._policy.admits(channel, shared=shared, direct=direct)

    async def _look(self, channel: str) -> Mapping[str, Any] | None:
        try:
            async with asyncio.timeout(IN_TIME):
                reply = await self._api.call("conversations.info", channel=channel)
        except (ServiceError, TimeoutError):
            return None
        found: Mapping[str, Any] = reply["channel"]
        return found
