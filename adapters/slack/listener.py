"""Takes what people say in Slack: map it, hand it to the core, acknowledge it.

What cannot be stored in time is not acknowledged, and Slack delivers it again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from slack_bolt.response import BoltResponse

from adapters.slack.mapping import (
    Asked,
    Deleted,
    Edited,
    Ignored,
    Place,
    incoming,
    session_of,
)
from adapters.slack.preparing import Preparation
from adapters.slack.threads import seconds_between
from core.answering.dispatcher import Dispatcher
from core.conversation.presence import Presence
from core.errors import ServiceError

IN_TIME = 2.5
"""Seconds to store an event in; Slack wants its acknowledgement within three."""

_REMEMBERED = 10_000
"""Messages; Slack delivers each twice or more within a few minutes."""

_LATE_EDIT = 86_400.0
"""Seconds after which an edit no longer makes a question of what was none."""

log = logging.getLogger(__name__)


class Log(Protocol):
    """Keeps up to where each channel was seen."""

    def seen(self, channel: str, ts: str) -> None:
        """The message was seen to."""

    def missed(self) -> None:
        """A message may be lost if nobody looks for it."""


class Listener:
    """Accepts each message once. `place` is asked for every event: policies can change."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        presence: Presence,
        preparation: Preparation,
        place: Callable[[], Place],
        seen: Log,
    ) -> None:
        self._dispatcher = dispatcher
        self._presence = presence
        self._preparation = preparation
        self._place = place
        self._seen = seen
        self._seen_to: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._under_way: dict[tuple[str, str], asyncio.Event] = {}

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
            self._seen.missed()
            return BoltResponse(status=503, body="")
        self._seen.seen(str(event.get("channel", "")), str(event.get("ts", "")))
        return BoltResponse(status=200, body="")

    async def catch_up(self, message: Mapping[str, Any], shared: bool) -> bool:  # noqa: FBT001 - as found
        """Sees to a message that was found in history; whether it is a question.

        It may have been delivered before. Raises ServiceError.
        """
        asked = incoming(message, self._place(), shared=shared)
        if not isinstance(asked, Asked):
            return False
        await self._ask(asked)
        return True

    async def _take(self, event: Mapping[str, Any], *, shared: bool) -> None:
        place = self._place()
        if event.get("thread_ts"):
            await self._presence.includes(session_of(event, place))
        match incoming(event, place, shared=shared):
            case Asked() as asked:
                await self._ask(asked)
            case Edited() as edited:
                await self._edit(edited, str(event.get("event_ts") or ""))
            case Deleted(session, message_id):
                await self._dispatcher.withdraw(
                    session.platform, session.workspace, session.channel, message_id
                )
            case Ignored(reason):
                log.debug("Ignored a message: %s.", reason)

    async def _ask(self, asked: Asked) -> None:
        """Stores the question, unless this process has seen to its message."""
        message = asked.question.session.channel, asked.question.message_id
        other = self._under_way.get(message)
        if other is not None:
            await other.wait()
        if message in self._seen_to:
            return
        done = self._under_way[message] = asyncio.Event()
        try:
            await self._store(asked)
        finally:
            done.set()
            self._under_way.pop(message, None)
        self._seen_to[message] = None
        if len(self._seen_to) > _REMEMBERED:
            self._seen_to.popitem(last=False)

    async def _store(self, asked: Asked) -> bool:
        """Whether it is new. Raises ServiceError."""
        prepared = await self._preparation.of(asked)
        new = prepared.question is None or await self._dispatcher.submit(prepared.question)
        if new:
            self._preparation.tell(asked.question, prepared.notes)
        if prepared.question is not None:
            self._presence.join(asked.question.session)
        return new

    async def _edit(self, edited: Edited, revision: str) -> None:
        asked = edited.asked
        prepared = await self._preparation.of(replace(asked, joins=False))
        if prepared.question is None:
            return
        if await self._dispatcher.edit(prepared.question, revision=revision):
            self._preparation.tell(asked.question, prepared.notes)
            return
        age = seconds_between(asked.question.message_id, revision)
        if edited.addressed and age < _LATE_EDIT and not await self._store(asked):
            # It was stored with its old text meanwhile.
            await self._dispatcher.edit(prepared.question, revision=revision)
