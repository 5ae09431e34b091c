"""An embedded engine on a disk that fills up: `python -m … ENGINE DISK`.

DISK is a folder, small and its own. It prints JSON: the error that the full disk made, and how
much of what was acknowledged is there, before and after room was made.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from core.backends.embedded_postgres import open_embedded_postgres
from core.backends.postgres import open_postgres
from core.backends.qdrant_edge import open_edge
from core.errors import ServiceError
from core.ports import Database
from tests.support.points import MODEL, point

_ROOM = 80 * 2**20
_A_WRITE = 50


async def _until_full(write: Callable[[int], Awaitable[None]]) -> tuple[int, ServiceError]:
    """How many writes were acknowledged, and what the next one met."""
    written = 0
    while True:
        try:
            await write(written)
        except ServiceError as error:
            return written, error
        written += 1


async def _edge(folder: Path, make_room: Callable[[], None]) -> dict[str, object]:
    async with open_edge(folder) as index:
        writer = await index.writer(MODEL)

        async def write(n: int) -> None:
            await writer.write([point(f"{n}-{i} " + "x" * 4000) for i in range(_A_WRITE)])

        written, error = await _until_full(write)
        full = await index.count(MODEL.collection, 1)
    make_room()
    async with open_edge(folder) as index:
        writer = await index.writer(MODEL)
        again = await index.count(MODEL.collection, 1)
        await writer.write([point("after")])
        after = await index.count(MODEL.collection, 1)
    return _report(error, written * _A_WRITE, full, again, after)


async def _postgres(folder: Path, make_room: Callable[[], None]) -> dict[str, object]:
    async with open_embedded_postgres(folder) as dsn, open_postgres(dsn) as database:
        await database.execute("CREATE TABLE t (n INTEGER, text TEXT)")
        await database.execute("ALTER TABLE t ALTER COLUMN text SET STORAGE EXTERNAL")

        async def write(n: int) -> None:
            await database.execute("INSERT INTO t VALUES ($1, repeat('x', 1000000))", n)

        written, error = await _until_full(write)
        make_room()
        await _recovered(database)
    # Where there was no room for its log the server may have ended; a new start recovers.
    async with open_embedded_postgres(folder) as dsn, open_postgres(dsn) as database:
        query = "SELECT count(*) AS found FROM t"
        again = (await database.fetch(query))[0]["found"]
        await database.execute("INSERT INTO t VALUES (0, 'after')")
        after = (await database.fetch(query))[0]["found"]
    return _report(error, written, again, after)


async def _recovered(database: Database) -> None:
    """Returns once it answers again, or has had the time for it."""
    for _ in range(50):
        with suppress(ServiceError):
            await database.fetch("SELECT 1")
            return
        await asyncio.sleep(0.2)


def _report(error: ServiceError, written: int, *found: int) -> dict[str, object]:
    kind, said = type(error).__name__, f"{error} {error.hint}"
    return {"error": kind, "said": said, "written": written, "found": found}


async def main(engine: str, disk: Path) -> None:
    ballast = disk / "ballast"
    ballast.write_bytes(b"\0" * _ROOM)
    run = {"edge": _edge, "postgres": _postgres}[engine]
    print(json.dumps(await run(disk / engine, ballast.unlink)))  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
