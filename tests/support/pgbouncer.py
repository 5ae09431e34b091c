"""Debian's PgBouncer in transaction mode, where it is installed."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.postgres import server_folder

_CONFIGURATION = """
[databases]
* = {server}
[pgbouncer]
unix_socket_dir = {folder}
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 2
"""


def pgbouncer() -> str | None:
    """The program, where it is installed."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@asynccontextmanager
async def open_pgbouncer(dsn: str) -> AsyncIterator[str]:
    """The address of a bouncer with two connections to the server; skips the test without one."""
    binary = pgbouncer()
    if binary is None:
        pytest.skip("PgBouncer is not installed")
    with server_folder() as folder:
        process = await asyncio.create_subprocess_exec(binary, *_arguments(dsn, folder))
        try:
            await _listening(folder / ".s.PGSQL.6432")
            yield f"postgresql://postgres@{urlsplit(dsn).path}?host={folder}&port=6432"
        finally:
            process.terminate()
            await process.wait()


def _arguments(dsn: str, folder: Path) -> list[str]:
    configuration = folder / "pgbouncer.ini"
    (folder / "users.txt").write_text('"postgres" ""\n')
    configuration.write_text(_CONFIGURATION.format(server=_server(dsn), folder=folder))
    if os.geteuid() != 0:
        return ["--quiet", str(configuration)]
    # It refuses to run as root; the server's own user may reach the server's socket.
    folder.chmod(0o777)
    return ["--quiet", "--user", "pgserver", str(configuration)]


def _server(dsn: str) -> str:
    """Behind a socket in a folder, or behind a port."""
    parts = urlsplit(dsn)
    if parts.port is not None:
        return f"host={parts.hostname} port={parts.port}"
    return f"host={parse_qs(parts.query)['host'][0]}"


async def _listening(socket_path: Path) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_unix_connection(socket_path)
            except (FileNotFoundError, ConnectionRefusedError):
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
