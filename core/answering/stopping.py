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
        self._waiting: asyncio.Task[object] | None = None

    def wish(self) -> None:
        """Ends the wait for the next event, and whatever makes it."""
        if not self.wished and self._waiting is not None:
            self._waiting.cancel()
        self.wished = True

    async def cut(self, events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
        """The events until the wish, which cancels an event that is still being made.

        One task reads them all.
        """
        # What asyncio.timeout does, without one for each event: an answer has hundreds.
        task = asyncio.current_task()
        while not self.wished:
            self._waiting = task
            cancelled_before = task.cancelling() if task else 0
            try:
                event = await anext(events)
            except StopAsyncIteration:
                return
            except asyncio.CancelledError:
                if self._cancelled_by_us(task, cancelled_before):
                    return
                raise
            finally:
                self._waiting = None
            yield event

    def _cancelled_by_us(self, task: asyncio.Task[object] | None, before: int) -> bool:
        """Whether nobody else wants the task to end as well."""
        return task is not None and self.wished and task.uncancel() <= before
