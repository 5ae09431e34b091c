"""Places to work in, of which there are only so many, handed out to people in turn."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Places:
    """Whoever asks much does not keep the others waiting.

    A place that becomes free goes to the person whose turn it is, in a round over all who wait;
    what one person asked is served in its order.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    def before(self, person: str) -> int | None:
        """How many are served before what the person asks now; None when a place is free."""
        if self._free:
            return None
        ours = len(self._waiting.get(person, ()))
        count, passed = ours, False
        for other, waiting in self._waiting.items():
            if other == person:
                passed = True
            else:
                # Those behind the person in the round are served one time less.
                count += min(len(waiting), ours if passed else ours + 1)
        return count

    @asynccontextmanager
    async def place(self, person: str) -> AsyncIterator[None]:
        """Waits for a place, and holds it until the block ends."""
        await self._take(person)
        try:
            yield
        finally:
            self._give_back()

    async def _take(self, person: str) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(person, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back()
            raise
        finally:
            self._leave(person, turn)

    def _leave(self, person: str, turn: asyncio.Future[None]) -> None:
        queue = self._waiting.get(person, deque())
        if turn in queue:
            queue.remove(turn)
        if not queue:
            self._waiting.pop(person, None)

    def _give_back(self) -> None:
        while self._waiting:
            person, queue = self._waiting.popitem(last=False)
            turn = queue.popleft()
            if queue:
                self._waiting[person] = queue
            if not turn.done():  # who was cancelled a moment ago may still stand there
                turn.set_result(None)
                return
        self._free += 1
