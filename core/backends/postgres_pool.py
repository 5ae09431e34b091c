"""asyncpg's pool, with a shorter way for a connection that is asked again and again.

To take one from the pool and to give it back costs a time-out, a task and two timers: half as much
as a statement. So one that has just answered is kept beside the pool for a moment.
"""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import suppress
from typing import Any

import asyncpg

from core.backends.postgres_errors import DRIVER_ERRORS, driver_errors

_CLOSE_TIMEOUT = 5.0
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Connection(asyncpg.Connection):  # type: ignore[misc] # it carries no types
    """A connection that knows when it last answered, and never sends a cancel request."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.answered = -math.inf

    def note_answer(self, moment: float) -> None:
        """It has answered then."""
        self.answered = moment

    def _cancel_current_command(self, *_: object) -> None:
        """Nothing: who breaks a statement off cuts the connection.

        The driver would send a request over a connection of its own. PgBouncer 1.18 can crash
        over those (https://github.com/pgbouncer/pgbouncer/issues/822), for all of its clients. To
        hide from the driver that nobody waits any more takes a task for each statement.
        """


class Connections:
    """Those of a pool. One that answered within `trusted_seconds` is taken to be alive.

    The pool counts what is kept as taken, so whoever waits for it is served first.
    """

    def __init__(self, pool: Any, *, acquire_timeout: float, trusted_seconds: float) -> None:
        self._pool = pool
        self._acquire_timeout = acquire_timeout
        self._trusted_seconds = trusted_seconds
        # With the moment of its last answer: to ask the driver's proxy for it takes longer.
        self._kept: list[tuple[Any, float]] = []
        self._waiting = 0
        self._returning: asyncio.Task[None] | None = None
        self._closing = False

    async def acquire(self) -> Any:
        """Any of them, alive or not. Raises ServiceUnavailable where none becomes free."""
        while self._kept:
            connection, answered = self._kept.pop()
            if _is_open(connection):
                note_answer(connection, answered)
                return connection
            await self.release(connection)
        return await self._from_pool()

    async def _from_pool(self) -> Any:
        self._waiting += 1
        try:
            with driver_errors():
                return await self._pool.acquire(timeout=self._acquire_timeout)
        finally:
            self._waiting -= 1

    async def trusted(self) -> Any:
        """One that answered a moment ago; None where nobody knows of any whether it is alive."""
        if self._kept:
            connection, answered = self._kept[-1]
            if _now() - answered < self._trusted_seconds and _is_open(connection):
                self._kept.pop()
                return connection
        connection = await self.acquire()
        if _answered_within(connection, self._trusted_seconds):
            return connection
        await self.release(connection)
        return None

    async def keep(self, connection: Any) -> None:
        """Gives one back that has just answered, for whoever comes next."""
        answered = _now()
        if self._waiting or self._closing:
            note_answer(connection, answered)
            await self.release(connection)
            return
        self._kept.append((connection, answered))
        if self._returning is None:
            self._returning = asyncio.create_task(self._return())

    async def release(self, connection: Any) -> None:
        """Gives one back to the pool."""
        # One that has expired is closed here. Whether or not the server hears of that, the pool
        # replaces it, and what the statements came to stands.
        with suppress(*DRIVER_ERRORS):
            await self._pool.release(connection, timeout=_CLOSE_TIMEOUT)

    async def expire(self) -> None:
        """Replaces them all, once they are free."""
        await self._pool.expire_connections()
        kept, self._kept = self._kept, []
        for connection, _ in kept:
            cut(connection)

    async def close(self) -> None:
        """Closes them, once they are free or the time for that is over."""
        self._closing = True
        if self._returning is not None:
            self._returning.cancel()
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await self._give_up_kept()
                await self._pool.close()
        except DRIVER_ERRORS:
            self._pool.terminate()

    async def _return(self) -> None:
        """Lets the pool see now and then what is kept: it drops what is old, or idle."""
        await asyncio.sleep(self._trusted_seconds)
        await self._give_up_kept()
        self._returning = None

    async def _give_up_kept(self) -> None:
        while self._kept:
            connection, answered = self._kept.pop()
            note_answer(connection, answered)
            await self.release(connection)


def note_answer(connection: Any, moment: float | None = None) -> None:
    """The connection has answered then, or now."""
    # One that was closed with its answer has left the pool: nothing is behind its proxy any more.
    with suppress(AttributeError):
        connection.note_answer(_now() if moment is None else moment)


def cut(connection: Any) -> None:
    """Closes a connection without a word to the server."""
    # One that the server cut first has left the pool already.
    with suppress(asyncpg.InterfaceError):
        connection.terminate()


def _answered_within(connection: Any, seconds: float) -> bool:
    # What holds of an answer, holds of one that was closed as it was handed out.
    return _now() - float(getattr(connection, "answered", -math.inf)) < seconds


def _is_open(connection: Any) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:  # it has left the pool
        return False


def _now() -> float:
    """Seconds, which count while the machine sleeps too, where the system has such a clock."""
    return time.clock_gettime(_CLOCK)
