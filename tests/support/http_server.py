"""A small HTTP server on a loopback socket whose replies a test writes byte by byte."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.support.connections import accepting


@dataclass
class Exchange:
    """One request, and the means to reply to it. `gone` is set once the client hung up."""

    path: str
    headers: Mapping[str, str]
    json: Any
    writer: asyncio.StreamWriter
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def head(self, status: int = 200, **headers: str) -> None:
        """The status line and the headers; the body ends with the connection."""
        lines = [f"HTTP/1.1 {status} Status", "connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.send("\r\n".join(lines) + "\r\n\r\n")

    async def send(self, text: str) -> None:
        self.writer.write(text.encode())
        await self.writer.drain()

    async def reply(self, status: int, body: object, **headers: str) -> None:
        """A whole reply in JSON."""
        await self.head(status, content_type="application/json", **headers)
        await self.send(json.dumps(body))

    async def event(self, data: object) -> None:
        """A server-sent event; what is not a string is sent as JSON."""
        await self.send(f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n")

    def abort(self) -> None:
        """Breaks the connection without an end."""
        self.writer.transport.abort()


Handler = Callable[[Exchange], Awaitable[None]]

log = logging.getLogger(__name__)


@dataclass
class HttpServer:
    """Where it listens, and what was asked."""

    url: str = ""
    exchanges: list[Exchange] = field(default_factory=list)


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[HttpServer]:
    """A server that lets `handler` reply to every request, on a connection of its own."""
    served = HttpServer()

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            exchange = await _read(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # whoever it was gave up
        served.exchanges.append(exchange)
        watching = asyncio.create_task(_watch(reader, exchange))
        try:
            await handler(exchange)
        except ConnectionError:
            exchange.gone.set()
        except Exception:
            log.exception("%s has no reply.", exchange.path)
        finally:
            watching.cancel()

    async with accepting(reply) as port:
        served.url = f"http://127.0.0.1:{port}"
        yield served


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Exchange:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Exchange(head[0].split()[1], headers, json.loads(body or b"null"), writer)


async def _watch(reader: asyncio.StreamReader, exchange: Exchange) -> None:
    with suppress(ConnectionError):
        await reader.read()
    exchange.gone.set()
