"""Notices that the app is not subscribed to the messages of a channel, which Slack never tells."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from adapters.chat.errands import Start
from core.conversation.recent import Recent

SOON = 60.0
"""Seconds in which the message of a mention arrives, if it does at all."""

_REMEMBERED = 1000

log = logging.getLogger(__name__)


class Subscriptions:
    """Sees each mention arrive a second time, as a message; warns once when one does not.

    With `shared` events it says nothing: the message may have arrived at another instance.
    """

    def __init__(self, start: Start, *, soon: float = SOON, shared: bool = False) -> None:
        self._start = start
        self._soon = soon
        self._messages = Recent[tuple[str, str]](_REMEMBERED)
        self._waiting = shared

    def see(self, event: Mapping[str, Any]) -> None:
        """An event of a message came in. One mention at a time is followed up."""
        message = str(event.get("channel", "")), str(event.get("ts", ""))
        if event.get("type") == "message":
            self._messages.add(message)
        elif not self._waiting and not event.get("edited"):
            self._waiting = True
            self._start(self._look(message))

    async def _look(self, message: tuple[str, str]) -> None:
        await asyncio.sleep(self._soon)
        if message not in self._messages:
            log.warning(
                "Slack delivers mentions in %s, but not its messages, so that follow-ups stay "
                "unanswered. Subscribe the app to message.channels, and to message.groups for "
                "private channels: compare its Event Subscriptions with `docent slack-manifest`.",
                message[0],
            )
            return
        self._waiting = False
