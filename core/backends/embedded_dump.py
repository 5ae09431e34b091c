"""The embedded database as one file, and back: PostgreSQL's own custom format."""

from __future__ import annotations

import asyncio
import re
import subprocess
from contextlib import suppress
from pathlib import Path

from core.backends.embedded_postgres import client_program
from core.errors import ServiceUnavailable

_SERVICE = "Embedded PostgreSQL"
_ERROR = re.compile(r"error: (.+)")


async def dump(address: str, file: Path) -> None:
    """Writes one moment of the database to a new file, while others use it. ServiceUnavailable."""
    await _run("pg_dump", "--format=custom", f"--file={file}", f"--dbname={address}")


async def load(address: str, file: Path) -> None:
    """Fills an empty database, with all or nothing. ServiceUnavailable, as for what is no dump."""
    how = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    await _run("pg_restore", *how, f"--dbname={address}", str(file))


async def _run(program: str, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        client_program(program),
        *arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # Ctrl-C in a terminal reaches every process of its session; we end this one ourselves.
        start_new_session=True,
    )
    try:
        said = (await process.communicate())[1].decode("utf-8", "replace")
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    if process.returncode:
        # After the error, pg_restore repeats the whole statement.
        errors = [found[1] for found in _ERROR.finditer(said)] or [f"code {process.returncode}"]
        raise ServiceUnavailable(_SERVICE, f"{program} failed: {errors[0]}")
