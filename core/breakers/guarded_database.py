"""PostgreSQL under a guard: while it is away, nobody waits for its time-out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from core.breakers.breaker import BreakerSettings
from core.breakers.guard import Guard
from core.ports import Database, Queries, Row

DATABASE_BREAKER = BreakerSettings(failures=3, pause=1.0, longest_pause=3.0, patience=1.0)
"""Nothing stands in for it, so it is looked for more often than a service that has a next rung.

A longer pause would go on after the database is back, and cost running answers their leases.
Slack wants its acknowledgement within three seconds, of which the probe may take one.
"""


class GuardedDatabase:
    """Does as the database behind it. Raises ServiceUnavailable unasked while it is away."""

    def __init__(self, database: Database, guard: Guard) -> None:
        self._database = database
        self._guard = guard
        self._probe = partial(database.fetch, "SELECT")

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """The rows."""
        await self._guard.admit(self._probe)
        with self._guard.judged():
            return await self._database.fetch(sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        """The number of rows that were touched."""
        await self._guard.admit(self._probe)
        with self._guard.judged():
            return await self._database.execute(sql, *args)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Queries]:
        """As that of the database."""
        await self._guard.admit(self._probe)
        with self._guard.judged():
            async with self._database.transaction() as statements:
                yield statements
