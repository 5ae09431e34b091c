"""A real PostgreSQL for every test that asks for one, and files in memory where there is room."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from core.backends.embedded_postgres import open_embedded_postgres
from core.backends.postgres import Postgres, open_postgres
from core.migrations.runner import migrate
from tests.support import discord_schemas, slack_schemas
from tests.support.own_root import Root, make_root
from tests.support.postgres import administer, named, server_folder

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder that pytest makes in it belongs to its user
_ENOUGH = 2 * 2**30
_ROOT = pytest.StashKey[Root]()


def pytest_configure(config: pytest.Config) -> None:
    """Keeps temporary files in memory, children's too: the engines wait for the disk otherwise.

    No test is about what a power cut leaves, so none loses what it shows. Who starts the tests with
    `nohup` has SIGHUP ignored by all that they start, which is what some are about. How long an
    example takes on a machine that does other things too says nothing of what it shows.
    """
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    settings.register_profile(
        "unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("unhurried")
    chosen = "TMPDIR" in os.environ or not _MEMORY.is_dir()
    if not chosen and shutil.disk_usage(_MEMORY).free > _ENOUGH:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)
    if config.option.basetemp is None:  # a worker's is within that of the run
        config.stash[_ROOT] = root = make_root(Path(tempfile.gettempdir()))
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(root.path)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Leaves temporary files to look at only where something failed, until the next run begins."""
    root = session.config.stash.get(_ROOT, None)
    if root is not None and exitstatus == 0:
        root.remove()


def pytest_report_header() -> list[str]:
    """What every test of a platform is held to, where that can be done."""
    held = {"Slack": slack_schemas.MISSING, "Discord": discord_schemas.MISSING}
    return [
        f"calls of {platform}: "
        + (f"not held to its types, which {why}" if why else "held to its types")
        for platform, why in held.items()
    ]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_server() -> AsyncIterator[str]:
    """The address of a server that lives as long as the test session, and outlives no crash."""
    with server_folder() as folder:
        async with open_embedded_postgres(folder) as dsn:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                await administer(dsn, f"ALTER SYSTEM SET {setting} = off")
            await administer(dsn, "SELECT pg_reload_conf()")
            yield dsn


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated_template(postgres_server: str) -> str:
    """The name of a migrated database, to be copied and not to be used."""
    await administer(postgres_server, "CREATE DATABASE migrated")
    async with open_postgres(named(postgres_server, "migrated")) as database:
        await migrate(database)
    return "migrated"


@pytest.fixture
async def empty_dsn(postgres_server: str) -> AsyncIterator[str]:
    """The address of an empty database of the test's own."""
    name = f"test_{uuid4().hex}"
    await administer(postgres_server, f"CREATE DATABASE {name}")
    yield named(postgres_server, name)
    await administer(postgres_server, f"DROP DATABASE {name} (FORCE)")


@pytest.fixture
async def database_dsn(postgres_server: str, migrated_template: str) -> AsyncIterator[str]:
    """The address of a migrated database of the test's own."""
    name = f"test_{uuid4().hex}"
    await administer(postgres_server, f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
    yield named(postgres_server, name)
    await administer(postgres_server, f"DROP DATABASE {name} (FORCE)")


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Postgres]:
    """A migrated database of the test's own."""
    async with open_postgres(database_dsn) as opened:
        yield opened
