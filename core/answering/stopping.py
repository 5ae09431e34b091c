"""A way to end an answer that is under way, and to keep what there is of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TypeVar

Event = TypeVar("Event")


class Stop:
    """A reader's wish that an answer end here. One answer, one Stop."""

    def __init__(self) -> None:
        self.wished = False
        self._waiting: asyncio.Timeout | None = None

    def wish(self) -> None:
        """Ends the wait for the next event, and whatever makes it."""
        if not self.wished and self._waiting is not None:
            self._waiting.reschedule(asyncio.get_running_loop().time())
        self.wished = True

    async def cut(self, events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
        """The events until the wish, which cancels an event that is still being made."""
        # A deadline that is moved, as a generator must be driven by one and the same task.
        while not self.wished:
            waiting = self._waiting = asyncio.timeout(None)
            try:
                async with waiting:
                    event = await anext(events)
            except StopAsyncIteration:
                return
            except TimeoutError:
                if waiting.expired():
                    return
                raise
            finally:
                self._waiting = None
            yield event
