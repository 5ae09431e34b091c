"""HTTP/1.1 with next to no cost, so that a stand-in keeps up with whatever asks it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias, cast

Handler: TypeAlias = Callable[["Exchange", str, str, bytes], None]
"""Is told method, path and body, and answers the exchange now or later."""

_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"
_HEAD: Final = b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
_STREAM: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)


class Exchange(asyncio.Protocol):
    """A connection, which carries one request after the other."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answers go out at once, one by one."""
        self._transport = cast("asyncio.WriteTransport", transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """What was still to be written is dropped."""
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Handles a request once it is whole."""
        self._received += data
        while (head := self._received.find(_END_OF_HEAD)) >= 0:
            body = head + len(_END_OF_HEAD)
            end = body + _length(self._received[:head])
            if len(self._received) < end:
                return
            method, path, _ = self._received[: self._received.find(b"\r\n")].decode().split(" ")
            whole = bytes(self._received[body:end])
            del self._received[:end]
            self._handler(self, method, path, whole)

    def reply(self, body: bytes, *, status: int = 200, delay: float = 0.0) -> None:
        """JSON, after so many seconds."""
        whole = _HEAD % (status, len(body)) + body
        if delay:
            self._loop.call_later(delay, self._write, whole)
        else:
            self._write(whole)

    def stream(self, events: Iterable[bytes], *, first: float, between: float) -> None:
        """Server-sent events: one after `first` seconds, then one every `between`."""
        parts = [b"%x\r\n%b\r\n" % (len(event), event) for event in events]
        parts[0] = _STREAM + parts[0]
        parts[-1] += b"0\r\n\r\n"
        following = iter(parts)

        def send(due: float) -> None:
            if self._transport is not None and (part := next(following, b"")):
                self._transport.write(part)
                self._loop.call_at(due + between, send, due + between)

        due = self._loop.time() + first
        self._loop.call_at(due, send, due)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


def _length(head: bytearray) -> int:
    start = head.lower().find(_LENGTH)
    return int(head[start + len(_LENGTH) :].partition(b"\r\n")[0]) if start >= 0 else 0


async def listen(handler: Handler) -> str:
    """The address of a server on a free port, which serves for as long as the loop runs."""
    server = await asyncio.get_running_loop().create_server(
        lambda: Exchange(handler), "127.0.0.1", 0, backlog=2048
    )
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
