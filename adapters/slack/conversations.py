"""The channels that we are in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.slack.api import SlackApi

_TYPES = "public_channel,private_channel,mpim,im"
_PAGE = 200
_PAGES = 10
_ID = re.compile("[CGD][A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Conversation:
    """A channel, or with `direct` what one person and we say to each other."""

    id: str
    name: str
    direct: bool
    shared: bool

    def message(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A message of the channel's history, as its event would have had it."""
        kind = {"channel_type": "im"} if self.direct else {}
        return {**message, "channel": self.id, **kind}


async def conversations(api: SlackApi) -> list[Conversation]:
    """Those that the bot is a member of. Raises ServiceError."""
    found: list[Conversation] = []
    cursor: str | None = None
    for _ in range(_PAGES):
        reply = await api.call(
            "users.conversations", types=_TYPES, exclude_archived=True, limit=_PAGE, cursor=cursor
        )
        found += [_conversation(channel) for channel in reply.get("channels") or ()]
        cursor = (reply.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            break
    return found


def is_channel_id(channel: str) -> bool:
    """Whether it is an id, and not a name: names are in lower case."""
    return _ID.fullmatch(channel) is not None


def _conversation(channel: Mapping[str, Any]) -> Conversation:
    return Conversation(
        id=str(channel["id"]),
        name=str(channel.get("name") or ""),
        direct=bool(channel.get("is_im")),
        shared=bool(channel.get("is_ext_shared")),
    )
