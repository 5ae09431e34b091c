"""A database that never comes to record that a message was posted."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager

from core.ports import Database, Queries, Row


class Hanging:
    """Passes on to a real one what is not that."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        return await self._database.fetch(sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        if "UPDATE postings" in sql:
            await asyncio.Event().wait()
        return await self._database.execute(sql, *args)

    def transaction(self) -> AbstractAsyncContextManager[Queries]:
        return self._database.transaction()
