"""Calls of a service under its breaker: a dead one costs nobody its time-out again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from typing import TypeVar

from core.breakers.breaker import Breaker, BreakerSettings, State
from core.errors import ServiceError

T = TypeVar("T")


class Guard:
    """Lets calls through to one service, or refuses them at once.

    Whether a service is back is found out beside the question that comes first after the pause:
    it waits no longer than the breaker's patience, and the probe goes on without it.
    """

    def __init__(self, breaker: Breaker) -> None:
        self.breaker = breaker
        self._judged = _Judged(breaker)
        self._probe: asyncio.Task[None] | None = None

    async def call(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What `ask` returns, which is also the probe. Raises ServiceUnavailable unasked."""
        await self.admit(ask)
        with self.judged():
            return await ask()

    async def admit(self, probe: Callable[[], Awaitable[object]]) -> None:
        """Returns when a call may be made. Raises ServiceUnavailable when none may."""
        if self.breaker.state is State.HALF_OPEN:
            if self._probe is None or self._probe.done():
                self._probe = asyncio.create_task(self._try(probe))
            await asyncio.wait([self._probe], timeout=self.breaker.settings.patience)
        self.breaker.check()

    def judged(self) -> AbstractContextManager[None]:
        """Tells the breaker how a call ended. One that was cancelled has no end."""
        return self._judged

    async def close(self) -> None:
        """Ends a probe that is under way."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)

    async def _try(self, probe: Callable[[], Awaitable[object]]) -> None:
        with suppress(ServiceError), self.judged():
            await probe()


class _Judged:
    """By hand, as it is around each call: a generator takes three times as long."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: object
    ) -> None:
        if exc is None:
            self._breaker.succeeded()
        elif isinstance(exc, ServiceError):
            self._breaker.failed(exc)


class Breakers:
    """One for each service that questions need; `all` tells how they stand, from memory."""

    def __init__(self, settings: BreakerSettings | None = None) -> None:
        self._settings = settings
        self._guards: list[Guard] = []

    @property
    def all(self) -> tuple[Breaker, ...]:
        """In the order in which they were made."""
        return tuple(guard.breaker for guard in self._guards)

    def guard(self, name: str, settings: BreakerSettings | None = None) -> Guard:
        """A new one, closed, with settings of its own or with those of all."""
        made = Guard(Breaker(name, settings or self._settings))
        self._guards.append(made)
        return made

    async def close(self) -> None:
        """Ends the probes that are under way."""
        for guard in self._guards:
            await guard.close()


@asynccontextmanager
async def open_breakers(settings: BreakerSettings | None = None) -> AsyncIterator[Breakers]:
    """Breakers whose probes end with the block."""
    breakers = Breakers(settings)
    try:
        yield breakers
    finally:
        await breakers.close()
