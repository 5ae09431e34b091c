"""Takes what people say in Slack: map it, hand it to the core, acknowledge it.

What cannot be stored in time is not acknowledged, and Slack delivers it again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.response import BoltResponse

from adapters.chat.incoming import Asked
from adapters.chat.reception import Reception
from adapters.chat.watch import Watch
from adapters.slack.mapping import Place, incoming, session_of
from core.conversation.presence import Presence
from core.errors import ServiceError

IN_TIME = 2.5
"""Seconds to store an event in; Slack wants its acknowledgement within three."""

log = logging.getLogger(__name__)


class Listener:
    """Accepts each message once. `place` is asked for every event: policies can change."""

    def __init__(
        self, reception: Reception, presence: Presence, place: Callable[[], Place], watch: Watch
    ) -> None:
        self._reception = reception
        self._presence = presence
        self._place = place
        self._watch = watch

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
        try:
            async with asyncio.timeout(IN_TIME):
                await self._take(event, shared=bool(body.get("is_ext_shared_channel")))
        except (ServiceError, TimeoutError) as exc:
            log.warning("A message was not stored; Slack will deliver it again. %s", exc)
            self._watch.missed()
            return BoltResponse(status=503, body="")
        self._watch.seen(str(event.get("channel", "")), str(event.get("ts", "")))
        return BoltResponse(status=200, body="")

    async def catch_up(self, message: Mapping[str, Any], shared: bool) -> bool:  # noqa: FBT001 - as found
        """Sees to a message that was found in history; whether it is a question.

        It may have been delivered before. Raises ServiceError.
        """
        asked = incoming(message, self._place(), shared=shared)
        if not isinstance(asked, Asked):
            return False
        await self._reception.take(asked)
        return True

    async def _take(self, event: Mapping[str, Any], *, shared: bool) -> None:
        place = self._place()
        if event.get("thread_ts"):
            await self._presence.includes(session_of(event, place))
        await self._reception.take(incoming(event, place, shared=shared))
