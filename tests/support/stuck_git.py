"""A Git server that accepts connections, and does not get on with them; over any protocol."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.support.connections import accepting

_SSH = """\
#!{python}
import os, socket, sys
from pathlib import Path
with socket.create_connection(("127.0.0.1", int(sys.argv[sys.argv.index("-p") + 1]))) as server:
    Path(__file__).with_name("process").write_text(str(os.getpid()), "utf-8")
    server.sendall(sys.argv[-1].encode())
    while sent := server.recv(4096):
        os.write(1, sent)
"""


class StuckGit:
    """It sends a byte every now and then, which is the begin of a packet or line of thousands."""

    def __init__(self) -> None:
        self._open = 0
        self._changed = asyncio.Condition()
        self.port = 0

    def url(self, scheme: str) -> str:
        """An address of it."""
        return f"{scheme}://127.0.0.1:{self.port}/docs.git"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection counts once something was asked over it, until the other side goes."""
        await reader.read(4096)
        await self._count(1)
        writer.write(b"ff00")
        with suppress(ConnectionError):
            while not reader.at_eof():
                with suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(4096), 0.05)
                writer.write(b"x")
                await writer.drain()
        await self._count(-1)

    async def asked(self) -> None:
        """Waits for a connection."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._open)

    async def left(self) -> None:
        """Waits until there is none."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._open)

    async def _count(self, change: int) -> None:
        async with self._changed:
            self._open += change
            self._changed.notify_all()


@asynccontextmanager
async def open_stuck_git() -> AsyncIterator[StuckGit]:
    """Until the context ends."""
    stuck = StuckGit()
    async with accepting(stuck.serve) as stuck.port:
        yield stuck


def install_ssh(folder: Path) -> Path:
    """A program in the place of ssh that connects to such a server, whose port is ssh's.

    The path is that of a file in which it says its number.
    """
    program = folder / "ssh"
    program.write_text(_SSH.format(python=sys.executable), "utf-8")
    program.chmod(0o755)
    return folder / "process"
