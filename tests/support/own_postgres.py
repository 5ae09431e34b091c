"""A PostgreSQL of a test's own, which is reached through a door and can be ill-treated."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from core.backends.embedded_postgres import _pg_ctl, open_embedded_postgres
from core.backends.postgres import open_postgres
from core.migrations.runner import migrate
from tests.support.door import Door, open_door
from tests.support.postgres import administer, server_folder

_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


@dataclass(frozen=True)
class OwnPostgres:
    """`dsn` is its own address, `door.dsn` the one through the door."""

    data: Path
    dsn: str
    door: Door

    async def restart(self) -> None:
        """As for an update: connections are closed."""
        await self._control("-m", "fast", "restart")

    async def crash(self) -> None:
        """Without a checkpoint; the next start recovers."""
        await self._control("-m", "immediate", "restart")

    async def sleep(self, seconds: float) -> None:
        """Connections die, and new ones wait until it has woken up."""
        self.door.fall_asleep()
        await asyncio.sleep(seconds)
        self.door.wake()

    async def be_gone(self, seconds: float) -> None:
        """Nobody listens for so long."""
        await self.stop()
        await asyncio.sleep(seconds)
        await self.start()

    async def stop(self) -> None:
        """Nobody listens until `start`."""
        await self._control("-m", "fast", "stop")

    async def start(self) -> None:
        """With what was stored before."""
        (folder,) = parse_qs(urlsplit(self.dsn).query)["host"]
        options = f'-h "" -p 5432 -k {shlex.quote(folder)}'
        await self._control("-l", "log", "-o", options, "start")

    async def drop_connections(self, times: int, *, pause: float = 0.2) -> None:
        """All of them, again and again."""
        for _ in range(times):
            await administer(self.dsn, _CUT)
            await asyncio.sleep(pause)

    async def _control(self, *arguments: str) -> None:
        await asyncio.to_thread(_pg_ctl, self.data, "-w", *arguments)


@asynccontextmanager
async def open_own_postgres() -> AsyncIterator[OwnPostgres]:
    """It runs, and is migrated."""
    with server_folder() as folder:
        async with open_embedded_postgres(folder) as dsn, open_door(dsn) as door:
            async with open_postgres(dsn) as database:
                await migrate(database)
            yield OwnPostgres(folder / "data", dsn, door)
