"""One sync at a time over all instances: a lease in the database, by the database's clock."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from logging import getLogger
from uuid import UUID, uuid4

from core.errors import ServiceError, SyncRunning
from core.ingestion.process import Life, life_of, this_process
from core.ports import Database, Row

_POLL_SECONDS = 1.0

log = getLogger(__name__)


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
        """Raises SyncRunning while another holds it.

        The lease of a process that ended on this machine is taken at once, and that of one that
        cannot be seen from here when it runs out without a sign of life: by the database's clock,
        and where that was set back, by ours.
        """
        dead: UUID | None = None
        seen: Row | None = None
        watched_since = math.inf
        while not await self._take(holder, dead):
            held = await self._held()
            if held is None:
                continue
            life = life_of(held["process"])
            if life is Life.RUNNING or (seen and seen["expires_at"] != held["expires_at"]):
                raise _running(held)
            silent = time.monotonic() - watched_since >= self._granted.total_seconds()
            dead = held["token"] if silent or life is Life.ENDED else None
            if life is Life.UNKNOWN and not silent:
                watched_since = min(watched_since, time.monotonic())
                seen = await _wait(held, seen)

    async def _take(self, holder: str, dead: UUID | None) -> bool:
        """The lease if it is free, or that of `dead`, which nobody else has taken meanwhile."""
        asked = time.monotonic()
        taken = await self._database.execute(
            """
            INSERT INTO sync_lease (token, holder, process, acquired_at, expires_at)
            VALUES ($1, $2, $3, now(), now() + $4::INTERVAL)
            ON CONFLICT (singleton) DO UPDATE
            SET token = EXCLUDED.token, holder = EXCLUDED.holder, process = EXCLUDED.process,
                acquired_at = EXCLUDED.acquired_at, expires_at = EXCLUDED.expires_at
            WHERE sync_lease.expires_at <= now() OR sync_lease.token = $5
            """,
            self.token,
            holder,
            this_process(),
            self._granted,
            dead,
        )
        if taken:
            self._held_until = asked + self._local
        return bool(taken)

    async def _held(self) -> Row | None:
        rows = await self._database.fetch(
            "SELECT token, holder, process, acquired_at, expires_at FROM sync_lease"
        )
        return rows[0] if rows else None

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
            raise _running(await self._held())
        self._held_until = asked + self._local

    async def release(self) -> None:
        """Lets the next sync start at once."""
        await self._database.execute("DELETE FROM sync_lease WHERE token = $1", self.token)


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


async def running_since(database: Database) -> datetime | None:
    """When the sync began that runs now, in whichever process; None where none does."""
    rows = await database.fetch(
        "SELECT process, acquired_at FROM sync_lease WHERE expires_at > now()"
    )
    alive = [row for row in rows if life_of(row["process"]) is not Life.ENDED]
    return alive[0]["acquired_at"] if alive else None


async def _keep(lease: SyncLease, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        # `confirm` is where a lease that could not be kept is noticed.
        with suppress(ServiceError, SyncRunning):
            await lease.renew()


async def _wait(held: Row, before: Row | None) -> Row:
    if before is None:
        log.warning(
            "A sync by %s may have been killed; waiting until %s for a sign of life.",
            held["holder"],
            _time(held["expires_at"]),
        )
    await asyncio.sleep(_POLL_SECONDS)
    return held


def _running(held: Row | None) -> SyncRunning:
    if held is None:
        return SyncRunning("Another sync ran a moment ago.", hint="Start the sync again.")
    return SyncRunning(
        f"A sync by {held['holder']} has been running since {_time(held['acquired_at'])}.",
        hint="Wait until it has ended. Without a sign of life from it, the next one can start at "
        f"{_time(held['expires_at'])}.",
    )


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
