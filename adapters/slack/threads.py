"""What Slack keeps of a thread, for what our own store cannot know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.slack.api import PATIENCE, SlackApi
from core.model import SessionKey

_PAGE = 200
_PAGES = 5

MOST_READ = _PAGE * _PAGES
"""Messages that are read of a thread."""


async def read_thread(
    api: SlackApi, session: SessionKey, *, after: str = "0", patience: float = PATIENCE
) -> list[Mapping[str, Any]]:
    """The thread's messages that are later than `after`, oldest first, of a long one the oldest.

    Each has its metadata and is told its channel. Raises ServiceError.
    """
    messages: list[Mapping[str, Any]] = []
    cursor: str | None = None
    for _ in range(_PAGES):
        reply = await api.call(
            "conversations.replies",
            patience=patience,
            channel=session.channel,
            ts=session.thread,
            oldest=after,
            include_all_metadata=True,
            limit=_PAGE,
            cursor=cursor,
        )
        messages += [{**m, "channel": session.channel} for m in reply.get("messages") or ()]
        cursor = (reply.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            break
    return [m for m in messages if later(str(m.get("ts", "")), after)]


def later(ts: str, other: str) -> bool:
    """Whether a message is later than another; their ids are seconds."""
    return _seconds(ts) > _seconds(other)


def _seconds(ts: str) -> tuple[int, int]:
    whole, _, part = ts.partition(".")
    return int(whole or 0), int(part.ljust(6, "0")) if part else 0


def seconds_between(ts: str, other: str) -> float:
    """How much later the other message is; negative when it is earlier."""
    (a, b), (c, d) = _seconds(ts), _seconds(other)
    return (c - a) + (d - b) / 1e6
