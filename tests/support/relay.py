"""A relay before a server, which a test cuts, as a bad network does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from tests.support.connections import accepting


class Relay:
    """Forwards connections to `port` of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: set[asyncio.StreamWriter] = set()
        self._passable = True
        self.refused = asyncio.Event()
        self.url = ""

    def cut(self) -> None:
        """Aborts what is open, and lets nobody through until `mend`."""
        self._passable = False
        self.refused.clear()
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        self._passable = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        if not self._passable:
            self.refused.set()
            writer.transport.abort()
            return
        self._open.add(writer)  # so that it is cut even before it is through
        try:
            await self._let_through(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _let_through(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        answers, upstream = await asyncio.open_connection("127.0.0.1", self._port)
        self._open.add(upstream)
        try:
            if not writer.is_closing():
                with suppress(ConnectionError):
                    await asyncio.gather(_forward(reader, upstream), _forward(answers, writer))
        finally:
            self._open.discard(upstream)
            upstream.close()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def relayed(url: str) -> AsyncIterator[Relay]:
    """A relay before the server at that address; at the end, what is open is cut."""
    relay = Relay(urlsplit(url).port or 80)
    async with accepting(relay.serve) as port:
        relay.url = f"http://127.0.0.1:{port}"
        yield relay
        relay.cut()
