"""What was spent, kept in PostgreSQL: counted in memory, and written a batch at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

from core.budgets.accounting import Period, Provider, Spend, Spending
from core.errors import ServiceError
from core.ports import Database, Row

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 300.0


class Ledger:
    """Adds up, and writes what is new after `batch` calls, or `pause` seconds after the first.

    A process that dies loses less than a batch of calls. A write that may have been made is made
    again: rather too much is counted than too little. While nothing is spent, nothing is written.
    """

    def __init__(self, database: Database, *, batch: int = 20, pause: float = 5.0) -> None:
        self._database = database
        self._batch = batch
        self._pause = pause
        self._recorded: dict[tuple[Provider, date], Spend] = {}
        self._under_way: dict[tuple[Provider, date], Spend] = {}
        self._pending: dict[tuple[Provider, date], Spend] = {}
        self._away = False
        self._loaded: date | None = None
        self._writing = asyncio.Lock()
        self._later: asyncio.Task[None] | None = None

    @property
    def spending(self) -> Spending:
        """By provider and day; days before this month may be missing.

        What other processes spent is known as of the last write.
        """
        return _merged(_merged(self._recorded, self._under_way), self._pending)

    async def load(self, today: date) -> None:
        """Reads what this month has cost, once a day. Raises ServiceError."""
        async with self._writing:
            if self._loaded == today:
                return
            rows = await self._database.fetch(
                """
                SELECT provider, key, day, calls, tokens, search_units, dollars
                FROM spending WHERE day >= $1
                """,
                Period.MONTH.first_day(today),
            )
            self._recorded = dict(map(_entry, rows))
            self._loaded = today

    def count(self, provider: Provider, day: date, spend: Spend) -> None:
        """Counts it now, to be written soon."""
        _add_to(self._pending, (provider, day), spend)
        if self._later is None:
            self._later = asyncio.create_task(self._write_later())

    async def settle(self) -> None:
        """Returns at once, but where a batch is full when that is written, or could not be.

        Nobody waits again for a database that was away: it is tried later.
        """
        if self._away or sum(spend.calls for spend in self._pending.values()) < self._batch:
            return
        try:
            await self.write()
        except ServiceError as exc:
            log.warning("What was spent is not stored yet. %s", exc)

    async def write(self) -> None:
        """Writes what is new, if anything is. Raises ServiceError, and then keeps it."""
        async with self._writing:
            if not self._pending:
                return
            self._under_way, self._pending = self._pending, {}
            self._away = True
            try:
                rows = await self._add(self._under_way)
                self._recorded.update(map(_entry, rows))
                self._away, self._under_way = False, {}
            finally:
                self._pending = _merged(self._under_way, self._pending)
                self._under_way = {}

    async def close(self) -> None:
        """Writes what is left, as far as that can be done."""
        if (later := self._later) is not None:
            # Not in the middle of a write, which would be made twice.
            async with self._writing:
                later.cancel()
            await asyncio.gather(later, return_exceptions=True)
        try:
            await self.write()
        except ServiceError as exc:
            log.warning("What was spent last is not counted. %s", exc)

    async def _write_later(self) -> None:
        pause = self._pause
        try:
            while self._pending or self._under_way:
                await asyncio.sleep(pause)
                try:
                    await self.write()
                except ServiceError as exc:
                    log.warning("What was spent is not stored yet. %s", exc)
                    pause = min(pause * 2, _LONGEST_PAUSE)
        finally:
            self._later = None

    async def _add(self, batch: Spending) -> list[Row]:
        # In one order everywhere, or two processes that write at once could wait in a circle.
        keys = sorted(batch)
        spends = [batch[key] for key in keys]
        return await self._database.fetch(
            """
            INSERT INTO spending (provider, key, day, calls, tokens, search_units, dollars)
            SELECT * FROM unnest(
                $1::text[], $2::text[], $3::date[],
                $4::bigint[], $5::bigint[], $6::bigint[], $7::float8[]
            )
            ON CONFLICT (provider, key, day) DO UPDATE SET
                calls = spending.calls + EXCLUDED.calls,
                tokens = spending.tokens + EXCLUDED.tokens,
                search_units = spending.search_units + EXCLUDED.search_units,
                dollars = spending.dollars + EXCLUDED.dollars
            RETURNING provider, key, day, calls, tokens, search_units, dollars
            """,
            [provider.name for provider, _ in keys],
            [provider.key for provider, _ in keys],
            [day for _, day in keys],
            [spend.calls for spend in spends],
            [spend.tokens for spend in spends],
            [spend.search_units for spend in spends],
            [spend.dollars for spend in spends],
        )


@asynccontextmanager
async def open_ledger(
    database: Database, *, batch: int = 20, pause: float = 5.0
) -> AsyncIterator[Ledger]:
    """A ledger that is written to the end when the block ends."""
    ledger = Ledger(database, batch=batch, pause=pause)
    try:
        yield ledger
    finally:
        await ledger.close()


def _merged(one: Spending, other: Spending) -> dict[tuple[Provider, date], Spend]:
    merged = dict(one)
    for key, spend in other.items():
        _add_to(merged, key, spend)
    return merged


def _add_to(
    spending: dict[tuple[Provider, date], Spend], key: tuple[Provider, date], spend: Spend
) -> None:
    spending[key] = spending[key] + spend if key in spending else spend


def _entry(row: Row) -> tuple[tuple[Provider, date], Spend]:
    spend = Spend(row["calls"], row["tokens"], row["search_units"], row["dollars"])
    return (Provider(row["provider"], row["key"]), row["day"]), spend
