"""A database that remembers how it was found last, so that a probe need not ask it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from core.errors import RequestRejected, ServiceError
from core.ports import Database, Queries, Row

FORGOTTEN = 30.0
"""Seconds after which a failure says nothing of now: nobody may have asked since."""


class RememberedDatabase:
    """Does as the database behind it."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._failed: float | None = None

    @property
    def reachable(self) -> bool:
        """Whether the last statement went through, or failed so long ago that nobody knows."""
        return self._failed is None or self._clock() - self._failed >= FORGOTTEN

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """The rows."""
        with self._remembered():
            return await self._database.fetch(sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        """The number of rows that were touched."""
        with self._remembered():
            return await self._database.execute(sql, *args)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Queries]:
        """As that of the database."""
        with self._remembered():
            async with self._database.transaction() as statements:
                yield statements

    @contextmanager
    def _remembered(self) -> Iterator[None]:
        try:
            yield
        except ServiceError as error:
            # What was refused was answered.
            self._failed = None if isinstance(error, RequestRejected) else self._clock()
            raise
        self._failed = None
