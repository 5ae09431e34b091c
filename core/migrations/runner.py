"""Brings a database up to the schema of this code: numbered SQL files, forward only.

A version of Docent that runs while a newer one migrates under it goes on working: a migration adds,
and takes away only what no version in use knows any more. One that takes away says so in a line of
its own, `-- needs N`: code that does not know migration N cannot work with the schema from then on.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from core.errors import ConfigurationError, ServiceUnavailable
from core.ports import Database, Queries, Row

_LOCK = 7_305_084_629_153_024_861
"""Any number will do that nothing else in the database locks."""

_NEEDS = re.compile(r"^-- needs (\d+)$", re.MULTILINE)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: `0001_corpus.sql` has number 1 and name `corpus`."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Shows that the file is the one that was applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def needs(self) -> int:
        """The number of the migration that code has to know to work with this one; 0 for none."""
        found = _NEEDS.search(self.sql)
        return int(found[1]) if found else 0


def bundled() -> list[Migration]:
    """The migrations of this code, in order."""
    return read(files(__package__))


def read(folder: Traversable) -> list[Migration]:
    """The migrations in a folder, in order."""
    found = [_parse(entry) for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return sorted(found, key=lambda migration: migration.number)


def _parse(entry: Traversable) -> Migration:
    number, _, name = entry.name.removesuffix(".sql").partition("_")
    return Migration(int(number), name, entry.read_text("utf-8"))


async def migrate(
    database: Database,
    migrations: Sequence[Migration] | None = None,
    *,
    lock_seconds: float = 1.0,
    patience: float = 30.0,
) -> int:
    """Applies what is missing, each file whole or not at all, and returns how many that were.

    Safe to call from several processes at once, and under a bot that answers: whoever comes after
    a migration that waits for a lock waits with it, so it gives up after `lock_seconds`, lets them
    pass, and tries again, for `patience` seconds in all. Raises ConfigurationError when the
    database was written by a version that this one cannot follow, or whose files differ.
    """
    known = bundled() if migrations is None else migrations
    applied = 0
    while True:
        missing = await _patiently(database, known, lock_seconds, patience)
        applied += missing > 0
        if missing <= 1:
            return applied


async def _patiently(
    database: Database, known: Sequence[Migration], lock_seconds: float, patience: float
) -> int:
    clock = asyncio.get_running_loop().time
    deadline = clock() + patience
    while True:
        try:
            return await _step(database, known, lock_seconds)
        except ServiceUnavailable as error:
            if clock() > deadline:
                raise
            log.info("The migration is tried again: %s", error)
        await asyncio.sleep(lock_seconds)


async def _step(database: Database, known: Sequence[Migration], lock_seconds: float) -> int:
    """Applies the first that is missing; how many there were.

    Each in a transaction of its own, so that it holds few locks, and for a short time.
    """
    async with database.transaction() as statements:
        milliseconds = str(round(lock_seconds * 1000))
        await statements.execute("SELECT set_config('lock_timeout', $1, TRUE)", milliseconds)
        await statements.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await statements.execute(
            """
            CREATE TABLE IF NOT EXISTS migrations (
                number INTEGER PRIMARY KEY,
                name TEXT NOT NULL,
                checksum TEXT NOT NULL,
                applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
            );
            ALTER TABLE migrations ADD COLUMN IF NOT EXISTS needs INTEGER NOT NULL DEFAULT 0
            """
        )
        missing = _missing(
            known, await statements.fetch("SELECT number, name, checksum, needs FROM migrations")
        )
        if missing:
            await _apply(statements, missing[0])
    return len(missing)


def _missing(known: Sequence[Migration], applied: Iterable[Row]) -> list[Migration]:
    done = {row["number"]: row for row in applied}
    newest = max((migration.number for migration in known), default=0)
    needed = max((row["needs"] for row in done.values()), default=0)
    if needed > newest:
        raise ConfigurationError(
            f"The database was written by a newer version of Docent (migration {max(done)}).",
            hint="Update Docent, or point DATABASE_URL to another database.",
        )
    for migration in known:
        row = done.get(migration.number)
        if row is not None and row["checksum"] != migration.checksum:
            raise ConfigurationError(
                f"The database has another migration {migration.number} ({row['name']}) "
                "than this version of Docent.",
                hint="Use the version that made the database, or start with an empty one.",
            )
    return [migration for migration in known if migration.number not in done]


async def _apply(statements: Queries, migration: Migration) -> None:
    await statements.execute(migration.sql)
    await statements.execute(
        "INSERT INTO migrations (number, name, checksum, needs) VALUES ($1, $2, $3, $4)",
        migration.number,
        migration.name,
        migration.checksum,
        migration.needs,
    )
