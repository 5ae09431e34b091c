"""Makes an answer ahead of its reader, so that a slow platform holds no place."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator

from core.answering.places import Places
from core.model import AnswerEvent, Queued

_LONG = 3
"""Questions that are taken up before this one, from which on its author is told."""


async def made_ahead(
    events: AsyncIterator[AnswerEvent], places: Places, person: str
) -> AsyncGenerator[AnswerEvent, None]:
    """The same events, made in one of the `places`, however long each is looked at.

    Where the `person` has to wait for many others, Queued comes before them.

    Closing the iterator ends the making. What breaks the events off is raised after those that
    came before it.
    """
    ahead = _Ahead()
    making = asyncio.create_task(_make(events, places, person, ahead))
    making.add_done_callback(ahead.end)
    try:
        while True:
            while ahead.events:
                yield ahead.events.popleft()
            if making.done():
                break
            await ahead.more()
        await making
    finally:
        if not making.done():
            making.cancel()
            await asyncio.gather(making, return_exceptions=True)


class _Ahead:
    """What is made and not looked at yet. Half of what an asyncio.Queue costs for each event."""

    def __init__(self) -> None:
        self.events: deque[AnswerEvent] = deque()
        self._loop = asyncio.get_running_loop()
        self._more: asyncio.Future[None] | None = None

    def more(self) -> asyncio.Future[None]:
        """Is done with the next event, or the end."""
        self._more = self._loop.create_future()
        return self._more

    def put(self, event: AnswerEvent) -> None:
        self.events.append(event)
        self._wake()

    def end(self, making: asyncio.Task[None]) -> None:
        # Looked at, in case that nobody waits for it any more.
        _ = making.cancelled() or making.exception()
        self._wake()

    def _wake(self) -> None:
        if self._more is not None and not self._more.done():
            self._more.set_result(None)


async def _make(
    events: AsyncIterator[AnswerEvent], places: Places, person: str, ahead: _Ahead
) -> None:
    try:
        if (before := places.before(person)) is not None and before >= _LONG:
            ahead.put(Queued(before))
        async with places.place(person):
            async for event in events:
                ahead.put(event)
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()
