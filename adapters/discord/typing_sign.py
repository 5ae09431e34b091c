"""The sign that we are writing. It costs nothing to lose it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from adapters.chat.writing import cancelled, pause
from adapters.discord.api import DiscordApi
from core.errors import ServiceError
from core.model import AnswerEvent, PassagesFound, Searching

AGAIN = 8.0
"""Seconds: Discord shows it for ten, or until a message is posted."""

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_typing(
    api: DiscordApi, channel: str, *, again: float = AGAIN
) -> AsyncIterator[Typing]:
    """Typing, until the block ends or there is something to read. Nothing else waits for it."""
    typing = Typing(api, channel, again)
    keeping = asyncio.create_task(typing.keep())
    try:
        yield typing
    finally:
        await cancelled(keeping)


class Typing:
    """Shown until the first word of the answer, `again` each so many seconds."""

    def __init__(self, api: DiscordApi, channel: str, again: float = AGAIN) -> None:
        self._api = api
        self._channel = channel
        self._again = again
        self._ended = asyncio.Event()

    async def following(
        self, events: AsyncIterator[AnswerEvent]
    ) -> AsyncGenerator[AnswerEvent, None]:
        """The same events."""
        async for event in events:
            if not isinstance(event, Searching | PassagesFound):
                self._ended.set()
            yield event

    async def keep(self) -> None:
        """Shows it, and again before Discord takes it away."""
        try:
            while not self._ended.is_set():
                if self._api.spare():
                    await self._api.type_in(self._channel)
                await pause(self._ended, self._again)
        except ServiceError as exc:
            log.debug("No typing in %s: %s", self._channel, exc)
