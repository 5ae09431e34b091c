"""Keeps to the rate at which Discord takes requests of one bot, whatever they are.

What a route takes, Discord tells with each reply, and discord.py waits for it. What it takes in
all, it only tells by refusing; too many refusals, and it hears nothing more from our address
(docs.discord.com/developers/topics/rate-limits: 50 requests a second; replies to interactions do
not count).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

A_SECOND = 40.0
AT_ONCE = 6
"""With those of a second 46, so that what a stalled machine sends late, all at once, finds room."""

_KEPT = 2
"""Of those at once, for requests that cannot be left out."""

Clock = Callable[[], float]


class Pacing:
    """Gives each request its moment: `at_once` of them now, then `a_second`."""

    def __init__(
        self, *, a_second: float = A_SECOND, at_once: int = AT_ONCE, clock: Clock | None = None
    ) -> None:
        self._interval = 1.0 / a_second
        self._ahead = (at_once - 1) * self._interval
        self._clock = clock or asyncio.get_running_loop().time
        self._next = self._clock()

    def spare(self) -> bool:
        """Whether a request that could be left out would hold no other up for now."""
        return self._next - self._ahead + _KEPT * self._interval <= self._clock()

    def reserve(self) -> float:
        """Takes the next free moment; the seconds until then."""
        now = self._clock()
        self._next = max(self._next, now) + self._interval
        return max(0.0, self._next - self._interval - self._ahead - now)

    async def turn(self) -> None:
        """Returns at the next free moment, at once where that is now."""
        if seconds := self.reserve():
            await asyncio.sleep(seconds)
