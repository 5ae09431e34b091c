"""Bots in processes of their own, as `docent run` starts them, and what is done to them."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.clocks import sweep
from tests.support.command import Shell

_UP = (b"up in Slack", b"up in Discord")
_START = 90.0
_DRAIN = 60.0
_AGAIN = 1.0


class Bot:
    """One instance, which is started again when it was ended. `log` is what it said.

    `failed_starts` counts those that a database which was away put an end to.
    """

    def __init__(self, name: str, shell: Shell) -> None:
        self.name = name
        self.log = b""
        self._shell = shell
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self.failed_starts = 0

    async def start(self) -> None:
        """Returns once it is up on both platforms; as a supervisor would, it tries again."""
        async with asyncio.timeout(_START):
            while not await self._started():
                self.failed_starts += 1
                await asyncio.sleep(_AGAIN)

    async def _started(self) -> bool:
        up = asyncio.Event()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            cwd=self._shell.folder,
            env=self._shell.environment(),
            stdin=subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.create_task(self._read(self._process, up))
        rising = asyncio.create_task(up.wait())
        await asyncio.wait({rising, self._reading}, return_when=asyncio.FIRST_COMPLETED)
        rising.cancel()
        return up.is_set()

    async def kill(self) -> None:
        """SIGKILL, and a new start."""
        assert self._process is not None
        self._process.kill()
        await self._ended()
        await self.start()

    async def deploy(self) -> None:
        """SIGTERM, its end, and a new start."""
        await self.stop()
        await self.start()

    async def stop(self) -> int:
        """SIGTERM, and the code that it ended with."""
        assert self._process is not None
        self._process.terminate()
        async with asyncio.timeout(_DRAIN):
            await self._ended()
        assert self._process.returncode is not None
        return self._process.returncode

    async def freeze(self, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after a while."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self._process.send_signal(signal.SIGCONT)

    async def end(self) -> None:
        """However it can be ended."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._ended()

    async def _ended(self) -> None:
        assert self._process is not None
        assert self._reading is not None
        await self._process.wait()
        await self._reading
        sweep(self._process.pid)

    async def _read(self, process: asyncio.subprocess.Process, up: asyncio.Event) -> None:
        assert process.stderr is not None
        said = b""
        while line := await process.stderr.readline():
            self.log += line
            said += line
            if all(each in said for each in _UP):
                up.set()
        self.log += f"ended with {await process.wait()}\n".encode()


@asynccontextmanager
async def open_bots(*shells: Shell) -> AsyncIterator[list[Bot]]:
    """One of each that is up; the first one has brought the docs in."""
    bots = [Bot(f"bot {n}", shell) for n, shell in enumerate(shells, start=1)]
    try:
        for bot in bots:
            await bot.start()
        yield bots
    finally:
        for bot in bots:
            await bot.end()
