"""The database as a file; tests/bot/test_backup.py has what comes of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.backends.embedded_dump import dump, load
from core.backends.postgres import Postgres, open_postgres
from core.errors import ServiceUnavailable

_DUMPING = "SELECT FROM pg_stat_activity WHERE application_name = 'pg_dump' AND datname = $1"


async def test_what_was_dumped_can_be_loaded(
    database: Postgres, database_dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    await database.execute("INSERT INTO generations (generation) VALUES (7)")
    await dump(database_dsn, tmp_path / "file")
    await load(empty_dsn, tmp_path / "file")
    async with open_postgres(empty_dsn) as loaded:
        [row] = await loaded.fetch("SELECT generation FROM generations")
    assert row["generation"] == 7


async def test_a_database_that_is_not_empty_is_left_as_it_is(
    database: Postgres, database_dsn: str, tmp_path: Path
) -> None:
    await dump(database_dsn, tmp_path / "file")
    await database.execute("INSERT INTO generations (generation) VALUES (8)")
    with pytest.raises(ServiceUnavailable, match=r"pg_restore failed: .*already exists"):
        await load(database_dsn, tmp_path / "file")
    assert len(await database.fetch("SELECT FROM generations")) == 1


async def test_one_that_is_broken_off_leaves_no_process_behind(
    database: Postgres, database_dsn: str, tmp_path: Path
) -> None:
    name = database_dsn.partition("?")[0].rpartition("/")[2]
    async with open_postgres(database_dsn) as other, other.transaction() as holding:
        await holding.execute("LOCK TABLE generations IN ACCESS EXCLUSIVE MODE")
        dumping = asyncio.create_task(dump(database_dsn, tmp_path / "file"))
        async with asyncio.timeout(60):
            while not await database.fetch(_DUMPING, name):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.02)
            dumping.cancel()
            with pytest.raises(asyncio.CancelledError):
                await dumping
    async with asyncio.timeout(60):
        while await database.fetch(_DUMPING, name):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.02)
