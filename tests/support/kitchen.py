"""The smallest docs there are, and `docent run` over them in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tests.support.command import Shell
from tests.support.postgres import server_folder

QUESTION = "Who cleans the coffee machine?"
ANSWER = "whoever drank the last cup"
PAGE = f"""\
# The kitchen

## Coffee

The coffee machine is cleaned every Friday by {ANSWER}.
"""
DOCS = {"DOCS_FOLDER": "docs", "DOCS_BASE_URL": "https://docs.example.com/"}

_LONG = 240.0


@contextmanager
def kitchen_folder() -> Iterator[Path]:
    """A folder to run in; not one of pytest's, as its database's server is another user's."""
    with server_folder() as made:
        (made / "docs").mkdir()
        (made / "docs" / "kitchen.md").write_text(PAGE, "utf-8")
        yield made


@asynccontextmanager
async def running(shell: Shell, *until: bytes) -> AsyncIterator[str]:
    """What the bot says until it is up; at the end it must end well on SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        cwd=shell.folder,
        env=shell.environment(),
        stdin=subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    said = b""
    try:
        async with asyncio.timeout(_LONG):
            while not all(each in said for each in until):
                line = await process.stderr.readline()
                assert line, said.decode()
                said += line
        yield said.decode()
        os.kill(process.pid, signal.SIGTERM)
        async with asyncio.timeout(_LONG):
            said += await process.stderr.read()
            assert await process.wait() == 0, said.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
