"""Takes what people say in Slack: map it, hand it to the core, acknowledge it.

What cannot be stored in time is not acknowledged, and Slack delivers it again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.response import BoltResponse

from adapters.chat.reception import Reception
from adapters.chat.watch import Watch
from adapters.slack.mapping import Place, incoming, thread_of
from adapters.slack.subscriptions import Subscriptions
from core.conversation.presence import Presence
from core.errors import ServiceError

IN_TIME = 2.5
"""Seconds to store an event in; Slack wants its acknowledgement within three."""

log = logging.getLogger(__name__)


class Listener:
    """Accepts each message once."""

    def __init__(
        self,
        reception: Reception,
        presence: Presence,
        place: Place,
        watch: Watch,
        subscriptions: Subscriptions,
    ) -> None:
        self._reception = reception
        self._presence = presence
        self._place = place
        self._watch = watch
        self._subscriptions = subscriptions

    async def middleware(
        self,
        body: dict[str, Any],
        next: Callable[[], Awaitable[Any]],  # noqa: A002 - Bolt's name
    ) -> BoltResponse | None:
        """For Bolt, which runs it before the acknowledgement and sends the status returned."""
        event = body.get("event")
        if not isinstance(event, Mapping) or event.get("type") not in {"message", "app_mention"}:
            await next()
            return None
        self._subscriptions.see(event)
        try:
            async with asyncio.timeout(IN_TIME):
                await self._take(event, shared=bool(body.get("is_ext_shared_channel")))
        except (ServiceError, TimeoutError) as exc:
            log.warning("A message was not stored; Slack will deliver it again. %s", exc)
            self._watch.missed()
            return BoltResponse(status=503, body="")
        self._watch.seen(str(event.get("channel", "")), str(event.get("ts", "")))
        return BoltResponse(status=200, body="")

    async def _take(self, event: Mapping[str, Any], *, shared: bool) -> None:
        if (thread := thread_of(event, self._place)) is not None:
            await self._presence.includes(thread)
        await self._reception.take(incoming(event, self._place, shared=shared))
