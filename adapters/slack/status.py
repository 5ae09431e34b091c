"""The line under a thread that says what we are doing. It costs nothing to lose it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from adapters.chat.wording import status_text
from adapters.chat.writing import cancelled, pause
from adapters.slack.api import SlackApi
from core.errors import ServiceError
from core.model import AnswerEvent, PassagesFound, Queued, Searching, SessionKey

SET_AGAIN = 100.0
"""Seconds: Slack clears a status after two minutes, and when a message is posted."""

STANDS = 1.0
"""Seconds that each stays: what gives way sooner is read by nobody, and costs a call."""

_GOODBYE = 2.0

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_status(
    api: SlackApi, session: SessionKey, *, again: float = SET_AGAIN, stands: float = STANDS
) -> AsyncIterator[Status]:
    """A status, kept until the block ends. Nothing else waits for it."""
    status = Status(api, session, again, min(stands, again))
    keeping = asyncio.create_task(status.keep())
    try:
        yield status
    finally:
        status.end()
        await asyncio.wait([keeping], timeout=_GOODBYE)
        await cancelled(keeping)


class Status:
    """What we are doing in a thread, until there is something to read."""

    def __init__(self, api: SlackApi, session: SessionKey, again: float, stands: float) -> None:
        self._api = api
        self._session = session
        self._again = again
        self._stands = stands
        self._text = ""
        self._changed = asyncio.Event()
        self._ended = asyncio.Event()

    async def following(
        self, events: AsyncIterator[AnswerEvent]
    ) -> AsyncGenerator[AnswerEvent, None]:
        """The same events; the status tells how far they are."""
        async for event in events:
            if isinstance(event, Queued | Searching | PassagesFound):
                self._text = status_text(event)
                self._changed.set()
            else:
                self.end()
            yield event

    def end(self) -> None:
        """There is, or will be, a message to read."""
        self._ended.set()
        self._changed.set()

    async def keep(self) -> None:
        """Sets each status, and again before Slack clears it."""
        await self._changed.wait()
        try:
            while not self._ended.is_set():
                self._changed.clear()
                await self._set(self._text)
                if self._ended.is_set():
                    # It may have come after the message that would have cleared it.
                    await self._set("")
                await pause(self._ended, self._stands)
                await pause(self._changed, self._again)
        except ServiceError as exc:
            log.debug("No status in %s: %s", self._session.channel, exc)

    async def _set(self, text: str) -> None:
        await self._api.call(
            "assistant.threads.setStatus",
            patience=0,
            channel_id=self._session.channel,
            thread_ts=self._session.thread,
            status=text,
        )
