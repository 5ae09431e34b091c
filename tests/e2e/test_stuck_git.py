"""A command that waits for a Git server which never gets on with it, and is told to end."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.support.command import PATIENCE, Shell
from tests.support.stuck_git import open_stuck_git

SOURCE = '[[sources]]\nname = "docs"\ngit = "{}"\n'


# Each takes what the embedded database takes to start.
@pytest.mark.parametrize(
    ("command", "number", "code"), [("sync", signal.SIGTERM, 143), ("run", signal.SIGHUP, 129)]
)
async def test_it_ends_without_the_server(
    tmp_path: Path, command: str, number: signal.Signals, code: int
) -> None:
    async with open_stuck_git() as stuck, asyncio.timeout(PATIENCE):
        (tmp_path / "docent.toml").write_text(SOURCE.format(stuck.url("git")), "utf-8")
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", command),
            cwd=tmp_path,
            env=Shell(tmp_path, {}).environment(),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
        )
        try:
            await stuck.asked()
            process.send_signal(number)
            said = b"".join(await process.communicate())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        await stuck.left()
    assert process.returncode == code, said
    assert b"Traceback" not in said
