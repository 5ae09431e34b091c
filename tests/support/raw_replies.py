"""A server that replies with bytes as a test has them, whatever was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from yarl import URL

from tests.support.connections import accepting


@dataclass
class RawServer:
    """Where it listens, and the heads of the requests by connection."""

    url: URL = field(default_factory=URL)
    heard: list[list[str]] = field(default_factory=list)

    @property
    def connections(self) -> int:
        """How many there were."""
        return len(self.heard)


@asynccontextmanager
async def replying(replies: Sequence[bytes]) -> AsyncIterator[RawServer]:
    """Gives the next reply to each request of a connection, and ends it after the last."""
    served = RawServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.heard.append(heads := [])
        try:
            for reply in replies:
                heads.append(await _head(reader))
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went away

    async with accepting(serve) as port:
        served.url = URL(f"http://127.0.0.1:{port}/")
        yield served


async def _head(reader: asyncio.StreamReader) -> str:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lengths = [line for line in head.lower().split("\r\n") if line.startswith("content-length: ")]
    await reader.readexactly(int(lengths[0].partition(": ")[2]) if lengths else 0)
    return head
