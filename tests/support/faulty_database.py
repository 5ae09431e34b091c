"""A database whose faults are chosen, and whose statements are counted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from core.errors import ServiceUnavailable
from core.ports import Database, Queries, Row


class FaultyDatabase:
    """Passes on to a real one. A statement that contains one of `broken` raises `fault`.

    `under_way` are the statements and transactions that have not ended.
    """

    def __init__(self, database: Database) -> None:
        self.unchecked = database
        self.broken: set[str] = set()
        self.fault: Exception = ServiceUnavailable("PostgreSQL", "it is away")
        self.statements: list[str] = []
        self.failed = 0
        self.under_way = 0

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        self._check(sql)
        with self._asking():
            return await self.unchecked.fetch(sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        self._check(sql)
        with self._asking():
            return await self.unchecked.execute(sql, *args)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Queries]:
        with self._asking():
            async with self.unchecked.transaction() as statements:
                yield _Checked(statements, self)

    def count(self, part: str) -> int:
        """How many of the statements so far contain it."""
        return sum(part in sql for sql in self.statements)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1

    def _check(self, sql: str) -> None:
        self.statements.append(sql)
        if any(part in sql for part in self.broken):
            self.failed += 1
            raise self.fault


class _Checked:
    def __init__(self, statements: Queries, faults: FaultyDatabase) -> None:
        self._statements = statements
        self._faults = faults

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        self._faults._check(sql)
        return await self._statements.fetch(sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        self._faults._check(sql)
        return await self._statements.execute(sql, *args)
