"""One sync at a time over all instances: a lease in the database, by the database's clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, timedelta
from uuid import UUID, uuid4

from core.errors import ServiceError, SyncRunning
from core.ports import Database


class SyncLease:
    """The right to write to the corpus, until `confirm` says otherwise.

    Locally it counts as held for two thirds of the time that the database grants, so that a
    write which began in time also ends before another sync may start.
    """

    def __init__(self, database: Database, token: UUID, seconds: float) -> None:
        self.token = token
        self._database = database
        self._granted = timedelta(seconds=seconds)
        self._local = seconds * 2 / 3
        self._held_until = 0.0

    async def acquire(self, holder: str) -> None:
        """Raises SyncRunning while another holds it."""
        asked = time.monotonic()
        taken = await self._database.execute(
            """
            INSERT INTO sync_lease (token, holder, acquired_at, expires_at)
            VALUES ($1, $2, now(), now() + $3::INTERVAL)
            ON CONFLICT (singleton) DO UPDATE
            SET token = EXCLUDED.token, holder = EXCLUDED.holder,
                acquired_at = EXCLUDED.acquired_at, expires_at = EXCLUDED.expires_at
            WHERE sync_lease.expires_at <= now()
            """,
            self.token,
            holder,
            self._granted,
        )
        if not taken:
            raise await self._running()
        self._held_until = asked + self._local

    async def confirm(self) -> None:
        """To be called before each write. Raises SyncRunning when another sync took over."""
        if time.monotonic() >= self._held_until:
            await self.renew()

    async def renew(self) -> None:
        """Extends the lease; one that expired is held again if nobody took it meanwhile."""
        asked = time.monotonic()
        held = await self._database.execute(
            "UPDATE sync_lease SET expires_at = now() + $2::INTERVAL WHERE token = $1",
            self.token,
            self._granted,
        )
        if not held:
            raise await self._running()
        self._held_until = asked + self._local

    async def release(self) -> None:
        """Lets the next sync start at once."""
        await self._database.execute("DELETE FROM sync_lease WHERE token = $1", self.token)

    async def _running(self) -> SyncRunning:
        rows = await self._database.fetch("SELECT holder, acquired_at FROM sync_lease")
        if not rows:
            return SyncRunning("Another sync ran a moment ago.", hint="Start the sync again.")
        since = rows[0]["acquired_at"].astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return SyncRunning(
            f"A sync by {rows[0]['holder']} has been running since {since}.",
            hint="Wait until it has ended. If it was killed, the next one can start "
            f"{self._granted.total_seconds():g} seconds later.",
        )


@asynccontextmanager
async def sync_lease(
    database: Database, holder: str, *, seconds: float = 30.0
) -> AsyncIterator[SyncLease]:
    """Holds the lease, renewed in the background. Raises SyncRunning when it is taken."""
    lease = SyncLease(database, uuid4(), seconds)
    await lease.acquire(holder)
    keeper = asyncio.create_task(_keep(lease, seconds / 3))
    try:
        yield lease
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        # A database that went away cannot be told; there the lease expires by itself.
        with suppress(ServiceError):
            await lease.release()


async def _keep(lease: SyncLease, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        # `confirm` is where a lease that could not be kept is noticed.
        with suppress(ServiceError, SyncRunning):
            await lease.renew()
