"""What a test needs of a PostgreSQL server beside the port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

import asyncpg


def named(dsn: str, name: str) -> str:
    """The address of another database on the same server."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


async def administer(dsn: str, statement: str) -> None:
    """Runs what a transaction does not admit, such as CREATE DATABASE."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def server_folder() -> Iterator[Path]:
    """A folder for a server's files.

    Not one of pytest's: under root the server runs as another user, whom each pytest that starts
    locks out of all of those.
    """
    with TemporaryDirectory(prefix="docent-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
