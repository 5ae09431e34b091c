"""Brings a database up to the schema of this code: numbered SQL files, forward only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from core.errors import ConfigurationError
from core.ports import Database, Queries, Row

_LOCK = 7_305_084_629_153_024_861
"""Any number will do that nothing else in the database locks."""


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


async def migrate(database: Database, migrations: Sequence[Migration] | None = None) -> int:
    """Applies what is missing, all of it or nothing, and returns how many files that were.

    Safe to call from several processes at once. Raises ConfigurationError when the database was
    written by a newer version, or by one whose files differ.
    """
    known = bundled() if migrations is None else migrations
    async with database.transaction() as statements:
        await statements.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await statements.execute(
            """
            CREATE TABLE IF NOT EXISTS migrations (
                number INTEGER PRIMARY KEY,
                name TEXT NOT NULL,
                checksum TEXT NOT NULL,
                applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
            )
            """
        )
        applied = await statements.fetch("SELECT number, name, checksum FROM migrations")
        missing = _missing(known, applied)
        for migration in missing:
            await _apply(statements, migration)
    return len(missing)


def _missing(known: Sequence[Migration], applied: Iterable[Row]) -> list[Migration]:
    done = {row["number"]: row for row in applied}
    if newer := done.keys() - {migration.number for migration in known}:
        raise ConfigurationError(
            f"The database was written by a newer version of Docent (migration {max(newer)}).",
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
        "INSERT INTO migrations (number, name, checksum) VALUES ($1, $2, $3)",
        migration.number,
        migration.name,
        migration.checksum,
    )
