"""What a test needs of a PostgreSQL server beside the port: statements outside a transaction."""

from __future__ import annotations

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
