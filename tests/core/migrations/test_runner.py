import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.backends.postgres import Postgres, open_postgres
from core.errors import ConfigurationError, RequestRejected, ServiceUnavailable
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
    assert await migrate(empty, [FIRST, SECOND]) == 1
    assert (await empty.fetch("SELECT to_regclass('half') AS half"))[0]["half"] is None


async def test_processes_that_start_together_migrate_once(empty: Postgres) -> None:
    counts = await asyncio.gather(*(migrate(empty, [FIRST, SECOND]) for _ in range(5)))
    assert sum(counts) == 2


async def test_an_older_version_starts_on_what_a_newer_one_added(empty: Postgres) -> None:
    await migrate(empty, [FIRST, SECOND])
    assert await migrate(empty, [FIRST]) == 0


async def test_a_database_without_what_an_older_version_knows_is_left_alone(
    empty: Postgres,
) -> None:
    taken_away = "-- What went.\n-- needs 2\nALTER TABLE first DROP COLUMN n"
    await migrate(empty, [FIRST, SECOND, Migration(3, "third", taken_away)])
    assert await migrate(empty, [FIRST, SECOND]) == 0
    with pytest.raises(ConfigurationError, match="newer version of Docent") as caught:
        await migrate(empty, [FIRST])
    assert caught.value.hint.startswith("Update Docent")


async def test_a_database_from_before_there_were_needs_goes_on(empty: Postgres) -> None:
    await migrate(empty, [FIRST])
    await empty.execute("ALTER TABLE migrations DROP COLUMN needs")
    assert await migrate(empty, [FIRST, SECOND]) == 1


async def test_it_waits_for_a_lock_without_holding_others_up(
    empty: Postgres, empty_dsn: str
) -> None:
    await migrate(empty, [FIRST])
    async with open_postgres(empty_dsn) as other:
        async with empty.transaction() as holding:
            await holding.fetch("SELECT n FROM first")
            migrating = asyncio.create_task(migrate(other, [FIRST, SECOND], lock_seconds=0.1))
            for _ in range(20):
                # Whoever comes now queues up behind the migration, which then makes way.
                async with asyncio.timeout(30):
                    await empty.execute("INSERT INTO first VALUES (1)")
                await asyncio.sleep(0.02)
            assert not migrating.done()
        assert await migrating == 1


async def test_a_lock_that_is_never_let_go_ends_its_patience(
    empty: Postgres, empty_dsn: str
) -> None:
    await migrate(empty, [FIRST])
    async with open_postgres(empty_dsn) as other, empty.transaction() as holding:
        await holding.fetch("SELECT n FROM first")
        with pytest.raises(ServiceUnavailable, match="lock timeout"):
            await migrate(other, [FIRST, SECOND], lock_seconds=0.05, patience=0.1)


async def test_a_file_that_was_changed_after_it_was_applied_is_refused(empty: Postgres) -> None:
    await migrate(empty, [FIRST])
    with pytest.raises(ConfigurationError, match=r"another migration 1 \(first\)"):
        await migrate(empty, [Migration(1, "first", "CREATE TABLE other ()")])
