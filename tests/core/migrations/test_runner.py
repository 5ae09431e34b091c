import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.backends.postgres import Postgres, open_postgres
from core.errors import ConfigurationError, RequestRejected
from core.migrations.runner import Migration, bundled, migrate, read

FIRST = Migration(1, "first", "CREATE TABLE first (n INTEGER)")
SECOND = Migration(2, "second", "ALTER TABLE first ADD COLUMN m INTEGER; CREATE TABLE second ()")


@pytest.fixture
async def empty(empty_dsn: str) -> AsyncIterator[Postgres]:
    async with open_postgres(empty_dsn) as database:
        yield database


def test_the_bundled_migrations_are_numbered_without_a_gap() -> None:
    assert [migration.number for migration in bundled()] == list(range(1, len(bundled()) + 1))


def test_files_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("0010_late.sql", "0009_early.sql", "notes.txt"):
        (tmp_path / name).write_text("SELECT 1")
    assert [m.name for m in read(tmp_path)] == ["early", "late"]


async def test_an_empty_database_gets_every_migration_once(empty: Postgres) -> None:
    assert await migrate(empty) == len(bundled())
    assert await migrate(empty) == 0


async def test_only_what_is_missing_is_applied(empty: Postgres) -> None:
    await migrate(empty, [FIRST])
    assert await migrate(empty, [FIRST, SECOND]) == 1
    assert await empty.fetch("SELECT n, m FROM first") == []


async def test_a_migration_that_fails_leaves_nothing_behind(empty: Postgres) -> None:
    broken = Migration(2, "broken", "CREATE TABLE half (); SELECT * FROM missing")
    with pytest.raises(RequestRejected, match="missing"):
        await migrate(empty, [FIRST, broken])
    assert await migrate(empty, [FIRST, SECOND]) == 2


async def test_processes_that_start_together_migrate_once(empty: Postgres) -> None:
    counts = await asyncio.gather(*(migrate(empty, [FIRST, SECOND]) for _ in range(5)))
    assert sorted(counts) == [0, 0, 0, 0, 2]


async def test_a_database_of_a_newer_version_is_left_alone(empty: Postgres) -> None:
    await migrate(empty, [FIRST, SECOND])
    with pytest.raises(ConfigurationError, match="newer version of Docent") as caught:
        await migrate(empty, [FIRST])
    assert caught.value.hint.startswith("Update Docent")


async def test_a_file_that_was_changed_after_it_was_applied_is_refused(empty: Postgres) -> None:
    await migrate(empty, [FIRST])
    with pytest.raises(ConfigurationError, match=r"another migration 1 \(first\)"):
        await migrate(empty, [Migration(1, "first", "CREATE TABLE other ()")])
