"""A running older version survives each migration: it adds, and what it takes away it says."""

from __future__ import annotations

import asyncio
import inspect
import re
from pathlib import Path

import pytest

import core
from core.answering.dispatcher import DispatcherSettings
from core.backends.postgres import open_postgres
from core.migrations.runner import Migration, bundled, migrate
from tests.support.slack_bot import open_bot
from tests.support.slack_server import SlackWorkspace, open_workspace

HARMFUL = {
    "drops what older code reads": r"\bDROP\s+(TABLE|COLUMN|VIEW|TYPE)\b",
    "renames what older code names": r"\bRENAME\b",
    "changes a type under older code": r"\bALTER\s+(COLUMN\s+)?\w+\s+(SET\s+DATA\s+)?TYPE\b",
    "refuses what older code writes": r"\bSET\s+NOT\s+NULL\b|\bDROP\s+DEFAULT\b"
    r"|\bADD\s+(CONSTRAINT|CHECK|UNIQUE|FOREIGN|PRIMARY)\b"
    r"|\bADD\s+COLUMN\b(?![^,]*\bDEFAULT\b)[^,]*\bNOT\s+NULL\b"
    r"|\bCREATE\s+UNIQUE\s+INDEX\b",
    "rewrites rows under a lock": r"^\s*(UPDATE|DELETE|TRUNCATE)\b",
    "cannot run in a transaction": r"\bCONCURRENTLY\b|\bVACUUM\b",
}
JUDGED = {
    "platforms": {"refuses what older code writes"},  # wider than the one it replaces
    "expected_sections": {"refuses what older code writes"},  # of new columns alone
}
"""What only looks as if it did harm, by the name of the migration."""


def harm(sql: str) -> set[str]:
    """What a migration does to code that does not know it; tables of its own cannot hurt."""
    statements = [s.strip() for s in re.sub(r"--.*", "", sql).split(";")]
    made = {m[1] for s in statements if (m := re.match(r"CREATE\s+TABLE\s+(\w+)", s))}
    foreign = [
        s
        for s in statements
        if not re.match(r"CREATE\s+TABLE\b", s)
        and not ((m := re.search(r"\bON\s+(\w+)", s)) and m[1] in made)
    ]
    return {name for name, found in HARMFUL.items() for s in foreign if re.search(found, s)}


@pytest.mark.parametrize(
    ("sql", "harms"),
    [
        ("DROP TABLE a", True),
        ("ALTER TABLE a DROP COLUMN b", True),
        ("ALTER TABLE a RENAME COLUMN b TO c", True),
        ("ALTER TABLE a ALTER COLUMN b TYPE BIGINT", True),
        ("ALTER TABLE a ALTER b SET NOT NULL", True),
        ("ALTER TABLE a ALTER b DROP DEFAULT", True),
        ("ALTER TABLE a ADD COLUMN b TEXT NOT NULL", True),
        ("ALTER TABLE a ADD COLUMN b TEXT NOT NULL DEFAULT '', ADD COLUMN c INT NOT NULL", True),
        ("ALTER TABLE a ADD CONSTRAINT b CHECK (c > 0)", True),
        ("CREATE UNIQUE INDEX b ON a (c)", True),
        ("CREATE TABLE b (); UPDATE a SET b = 1", True),
        ("CREATE INDEX CONCURRENTLY b ON a (c)", True),
        ("CREATE TABLE a (b TEXT NOT NULL); CREATE UNIQUE INDEX c ON a (b)", False),
        ("ALTER TABLE a ADD COLUMN b TEXT", False),
        ("ALTER TABLE a ADD COLUMN b TEXT NOT NULL DEFAULT ''", False),
        ("-- DROP TABLE a\nCREATE INDEX b ON a (c)", False),
    ],
)
def test_what_would_harm_a_running_older_version_is_known(sql: str, harms: bool) -> None:
    assert bool(harm(sql)) is harms


@pytest.mark.parametrize("migration", bundled()[1:], ids=lambda migration: migration.name)
def test_a_migration_harms_no_older_version_unless_it_says_which(migration: Migration) -> None:
    found = harm(migration.sql) - JUDGED.get(migration.name, set())
    assert not found or 0 < migration.needs < migration.number, found


def test_no_statement_takes_all_columns_of_a_table() -> None:
    """A plan that was prepared for `SELECT *` breaks when a column is added."""
    tables = {m[1] for file in bundled() for m in re.finditer(r"CREATE TABLE (\w+)", file.sql)}
    everything = re.compile(rf"SELECT\s+\*\s+FROM\s+({'|'.join(tables)})\b|RETURNING\s+\*")
    for folder in ("conversation", "ingestion", "budgets", "migrations"):
        for module in (Path(inspect.getfile(core)).parent / folder).rglob("*.py"):
            assert not everything.search(module.read_text("utf-8")), module


def _expanded() -> list[Migration]:
    """All tables get a column, and questions an index, as a newer version may want them."""
    known = bundled()
    tables = sorted({m[1] for file in known for m in re.finditer(r"CREATE TABLE (\w+)", file.sql)})
    columns = [f"ALTER TABLE {name} ADD COLUMN later TEXT NOT NULL DEFAULT ''" for name in tables]
    newer = [*columns, "CREATE INDEX later ON turns (author, accepted_at)"]
    return [
        *known,
        *(Migration(len(known) + 1 + n, f"later_{n}", sql) for n, sql in enumerate(newer)),
    ]


_PEOPLE = 4


async def _keep_asking(
    workspace: SlackWorkspace, person: int, asked: dict[str, str], stop: asyncio.Event
) -> None:
    """Each question when the one before it is answered, so that no machine is too slow for it."""
    while not stop.is_set():
        text = f"Question {len(asked)} of {person}?"
        ts = await workspace.mention(workspace.general, text)
        asked[ts] = text
        await workspace.answered(workspace.general, ts)


async def test_a_running_bot_answers_on_while_a_newer_version_migrates_under_it(
    database_dsn: str,
) -> None:
    asked: dict[str, str] = {}
    stop = asyncio.Event()
    settings = DispatcherSettings(running=16, retry_pauses=(0.05,) * 5, drain=5.0)
    async with (
        open_workspace() as workspace,
        open_postgres(database_dsn) as older,
        open_postgres(database_dsn) as newer,
        open_bot(workspace, older, settings=settings),
    ):
        await workspace.connected()
        async with asyncio.TaskGroup() as asking:
            for person in range(_PEOPLE):
                asking.create_task(_keep_asking(workspace, person, asked, stop))
            await workspace.until(lambda: len(asked) > 2 * _PEOPLE)
            # Its connections have prepared plans by now.
            assert await migrate(newer, _expanded()) == len(_expanded()) - len(bundled())
            after = len(asked)
            await workspace.until(lambda: len(asked) > after + 2 * _PEOPLE)
            stop.set()
        await workspace.settled()
        shown = {ts: [m.shown for m in workspace.answers(workspace.general, ts)] for ts in asked}
    assert {ts: len(answers) for ts, answers in shown.items()} == dict.fromkeys(asked, 1)
    assert all(asked[ts] in answer for ts, [answer] in shown.items())
