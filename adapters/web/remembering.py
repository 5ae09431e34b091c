"""What was looked up a moment ago, so that not every request is a query."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

FOR_SECONDS = 10.0
"""How long something is remembered, and so how long a revocation may go unnoticed."""

_MOST = 1_000

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembering(Generic[K, V]):
    """Looks up what it does not know; the oldest is forgotten first."""

    def __init__(
        self, look_up: Callable[[K], Awaitable[V]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._look_up = look_up
        self._clock = clock
        self._known: OrderedDict[K, tuple[V, float]] = OrderedDict()

    async def get(self, key: K) -> V:
        """Raises what the look-up raises."""
        now = self._clock()
        if (known := self._known.get(key)) is not None and now < known[1]:
            return known[0]
        found = await self._look_up(key)
        self._known[key] = found, now + FOR_SECONDS
        self._known.move_to_end(key)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        return found
