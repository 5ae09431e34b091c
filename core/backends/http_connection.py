"""A connection, and the replies that come over it one after the other: HTTP/1.1 (RFC 9112).

llhttp reads them, through httptools. aiohttp takes nine times the instructions for a small request
and half as many again for a stream, which together were a fifth of all that a question took.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Protocol, cast

import httptools

_MOST_WAITING: Final = 2**18
"""Bytes of a body that nobody has read; the sender waits then."""

_MOST_BETWEEN: Final = 2**16
"""Bytes of headers, or of anything else that is not a body."""

_FINAL: Final = 200
"""The first status that is not followed by another."""


class HttpError(Exception):
    """There is no whole reply."""


class NotConnected(HttpError):
    """No connection came about."""


class Interrupted(HttpError):
    """The connection ended before the reply did."""


class Unreadable(HttpError):
    """What came is not what HTTP lets come."""


class Body:
    """What came of one reply, until somebody reads it."""

    def __init__(self, resume: Callable[[], None]) -> None:
        self._resume = resume
        self._loop = asyncio.get_running_loop()
        self._parts: list[bytes] = []
        self._reader: asyncio.Future[None] | None = None
        self._watcher: Callable[[], None] | None = None
        self._failure: HttpError | None = None
        self.waiting = 0
        self.ended = False

    async def read(self) -> bytes:
        """All that came since the last time, as soon as there is something; nothing at the end.

        Raises HttpError, after what had come before it.
        """
        while not self._parts:
            if self._failure is not None:
                raise self._failure
            if self.ended:
                return b""
            self._reader = self._loop.create_future()
            await self._reader
        received = b"".join(self._parts)
        self._parts, self.waiting = [], 0
        self._resume()
        return received

    def on_end(self, watcher: Callable[[], None]) -> None:
        """Has it called when nothing more will come, for whatever reason."""
        self._watcher = watcher
        if self.ended:
            watcher()

    def feed(self, part: bytes) -> None:
        """More of it came."""
        self._parts.append(part)
        self.waiting += len(part)
        self._wake()

    def end(self, failure: HttpError | None = None) -> None:
        """Nothing more will come."""
        self.ended, self._failure = True, failure
        self._wake()
        if self._watcher is not None:
            self._watcher()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


class Response:
    """A reply whose headers came. Their names are in lower case."""

    def __init__(self, status: int, headers: Mapping[str, str], connection: Connection) -> None:
        self.status = status
        self.headers = headers
        self.body = Body(connection.resume)
        self._connection = connection

    @property
    def closed(self) -> bool:
        """Whether nothing more will come."""
        return self.body.ended

    @property
    def endless(self) -> bool:
        """Whether nothing but the connection's end tells the body's."""
        length, coding = "content-length", "transfer-encoding"
        return length not in self.headers and "chunked" not in self.headers.get(coding, "").lower()

    def close(self) -> None:
        """Nobody wants the rest: where there is any, the connection goes with it."""
        if not self.closed:
            self._connection.close()


class Owner(Protocol):
    """Who keeps connections."""

    def idle(self, connection: Connection) -> None:
        """The next request may be sent."""

    def lost(self, connection: Connection) -> None:
        """It is closed."""


class Connection(asyncio.Protocol):
    """One request at a time, and the reply to it."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._head: asyncio.Future[Response] | None = None
        self._headers: dict[str, str] = {}
        self._response: Response | None = None
        self._between = 0
        self._paused = False

    @property
    def usable(self) -> bool:
        """Whether a request may be sent."""
        return self._transport is not None and not self._transport.is_closing()

    async def request(self, message: bytes) -> Response:
        """Sends head and body of a request. Returns when the reply's headers have come.

        Raises HttpError. A caller that is cancelled takes the connection along.
        """
        if self._transport is None:
            raise Interrupted
        head: asyncio.Future[Response] = self._loop.create_future()
        self._head = head
        self._transport.write(message)
        try:
            return await head
        except BaseException:
            # Once the reply is whole, somebody else's request may be under way.
            if self._head is head:
                self.close()
            raise

    def close(self) -> None:
        """Ends what is under way."""
        self._fail(Interrupted())

    def resume(self) -> None:
        """What had come was read."""
        if self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Of asyncio.Protocol, like the two below."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Whatever came, which is nobody's where nothing was asked."""
        self._between += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(Unreadable())
        if self._between > _MOST_BETWEEN:
            self._fail(Unreadable())

    def connection_lost(self, exc: Exception | None) -> None:
        """The end of a body, where nothing else tells it."""
        self._transport = None
        response = self._response
        if response is not None and response.endless and exc is None:
            self._response = None
            response.body.end()
        self._fail(Interrupted())
        self._owner.lost(self)

    def on_message_begin(self) -> None:
        """Of httptools, like those below: the first byte of a reply."""
        if self._head is None:
            # Else what comes before the next request, and is cut off, goes on as the reply to it.
            raise Unreadable

    def on_header(self, name: bytes, value: bytes) -> None:
        """What comes behind a body is left out."""
        if self._response is None:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            before = self._headers.get(key)
            self._headers[key] = text if before is None else f"{before}, {text}"

    def on_headers_complete(self) -> None:
        """A reply begins, or one that only says to wait."""
        headers, self._headers = self._headers, {}
        status = self._parser.get_status_code()
        self._between = 0
        if status < _FINAL:
            return
        if self._head is None or self._head.done():
            raise Unreadable
        self._response = Response(status, headers, self)
        self._head.set_result(self._response)

    def on_body(self, part: bytes) -> None:
        """A part of it."""
        self._between = 0
        if self._response is None or self._transport is None:
            return
        body = self._response.body
        body.feed(part)
        if body.waiting > _MOST_WAITING and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """The reply is whole."""
        response, self._response = self._response, None
        if response is None or self._transport is None:
            return
        # A request that was answered before all of it was sent leaves its rest in the way.
        again = self._parser.should_keep_alive() and not self._transport.get_write_buffer_size()
        self._head = None
        response.body.end()
        if again:
            # Whoever does not read the last of it may not keep the next reply from coming.
            self.resume()
            self._owner.idle(self)
        else:
            # To close it would be to wait for a server that may never take what is left.
            self._transport.abort()

    def _fail(self, failure: HttpError) -> None:
        head, self._head = self._head, None
        response, self._response = self._response, None
        if response is not None:
            response.body.end(failure)
        elif head is not None and not head.done():
            head.set_exception(failure)
        if self._transport is not None:
            self._transport.abort()
