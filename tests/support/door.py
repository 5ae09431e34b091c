"""A door before a PostgreSQL server, to be slammed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

from tests.support.connections import accepting

# https://www.postgresql.org/docs/current/protocol-message-formats.html
_CANCEL_REQUEST = (16).to_bytes(4, "big") + (80877102).to_bytes(4, "big")


class Door:
    """Forwards connections to a server's Unix socket, until it is told to cut them."""

    def __init__(self, socket_path: str) -> None:
        self._socket_path = socket_path
        self._old: set[asyncio.StreamWriter] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._always = self._shut = False
        self._farewell: bytes | None = None
        self._awake = asyncio.Event()
        self._awake.set()
        self.opened = 0
        self.cancel_requests = 0
        self.dsn = ""

    def cut_on_next_use(self) -> None:
        """Connections that are open now die when the client next sends something."""
        self._old = set(self._open)
        self.opened = 0

    def cut_always(self) -> None:
        """Every connection dies once it is set up and used."""
        self.cut_on_next_use()
        self._always = True

    def close_after(self, end: bytes) -> None:
        """The next connection that is sent an answer with `end` in it is closed with that."""
        self._farewell = end

    def fall_asleep(self) -> None:
        """Connections that are open die at their next use; new ones wait for `wake`."""
        self.cut_on_next_use()
        self._awake.clear()

    def wake(self) -> None:
        self._awake.set()

    def shut(self) -> None:
        """Connections that are open die at their next use, new ones at once, until `unlock`."""
        self.cut_on_next_use()
        self._shut = True

    def unlock(self) -> None:
        self._shut = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.opened += 1
        self._open.add(writer)
        try:
            await self._awake.wait()
            await self._let_in(reader, writer)
        finally:
            writer.close()

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._shut:
            writer.transport.abort()
            return
        try:
            answers, upstream = await asyncio.open_unix_connection(self._socket_path)
        except OSError:  # nobody is at home
            writer.transport.abort()
            return
        try:
            with suppress(ConnectionError):
                await asyncio.gather(
                    self._requests(reader, upstream, writer), self._answers(answers, writer)
                )
        finally:
            upstream.close()

    async def _requests(
        self,
        reader: asyncio.StreamReader,
        upstream: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
    ) -> None:
        while data := await reader.read(65536):
            self.cancel_requests += data.startswith(_CANCEL_REQUEST)
            if client in self._old or (self._always and b"BEGIN" in data):
                client.transport.abort()
                break
            upstream.write(data)
        upstream.close()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            if self._farewell is not None and self._farewell in data:
                self._farewell = None
                break
        writer.close()


@asynccontextmanager
async def open_door(dsn: str) -> AsyncIterator[Door]:
    """A door on a TCP port; `dsn` must lead to a Unix socket."""
    parts = urlsplit(dsn)
    where = {"port": ["5432"], **parse_qs(parts.query)}
    door = Door(f"{where['host'][0]}/.s.PGSQL.{where['port'][0]}")
    async with accepting(door.serve) as port:
        door.dsn = f"postgresql://postgres@127.0.0.1:{port}{parts.path}"
        yield door
