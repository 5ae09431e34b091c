"""When a website may be asked again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Time in seconds, from any beginning."""

    def now(self) -> float:
        """It never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Returns when they have passed."""


class LoopClock:
    """The real time, as the event loop has it."""

    def now(self) -> float:
        """Since the machine was started, on most."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Lets others run meanwhile."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Manners:
    """How a website is treated; times are in seconds.

    At most `at_once` requests run side by side, and begin `delay` apart, or what robots.txt asks
    for, up to `longest_delay`. A request that may work later is made `attempts` times in all; a
    server that asks for more than `patience` is not waited for. `silence` is how long it may say
    nothing, `deadline` how long one reply may take in all.
    """

    at_once: int = 2
    delay: float = 0.1
    longest_delay: float = 30.0
    attempts: int = 3
    patience: float = 60.0
    silence: float = 20.0
    deadline: float = 120.0


class Pace:
    """Turns to ask one host, no faster than the manners allow."""

    def __init__(self, manners: Manners, clock: Clock) -> None:
        self._manners = manners
        self._clock = clock
        self._delay = manners.delay
        self._slots = asyncio.Semaphore(manners.at_once)
        self._gate = asyncio.Lock()
        self._next = 0.0

    def slow_down(self, delay: float) -> None:
        """What the site asks for between two requests, within the limit."""
        self._delay = min(max(self._delay, delay), self._manners.longest_delay)

    def hold(self, seconds: float) -> None:
        """No request at all for so long."""
        self._next = max(self._next, self._clock.now() + seconds)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for a turn, which lasts as long as the context."""
        async with self._slots:
            async with self._gate:
                while (wait := self._next - self._clock.now()) > 0:
                    await self._clock.sleep(wait)
                self._next = self._clock.now() + self._delay
            yield
