"""What comes over a connection, and what is made of it."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from core.backends.http_connection import (
    Connection,
    HttpError,
    Interrupted,
    Response,
    Unreadable,
)
from core.backends.http_session import beginning, open_session, send
from core.errors import MalformedReply
from tests.support.connections import accepting
from tests.support.desk import until
from tests.support.http_server import Exchange, serving
from tests.support.raw_replies import replying

FOR_EVER = 2**30
LONG = b"x" * 2**20
EARLIER = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"

WHOLE = {
    "of a length": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello", 200, b"Hello"),
    "of no length": (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, b""),
    "in chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nHe\r\n3\r\nllo\r\n0\r\n\r\n",
        200,
        b"Hello",
    ),
    "in chunks that are described": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\n5;a=b\r\nHello\r\n0\r\nX: y\r\n\r\n",
        200,
        b"Hello",
    ),
    "up to the end": (b"HTTP/1.1 200 OK\r\n\r\nHello", 200, b"Hello"),
    "of HTTP/1.0": (b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nHello", 200, b"Hello"),
    "without a body": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
    "after others": (
        EARLIER + b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nHello",
        201,
        b"Hello",
    ),
}

BROKEN = {
    "nothing": (b"", Interrupted),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-Le", Interrupted),
    "less than its length": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHello", Interrupted),
    "no last chunk": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n",
        Interrupted,
    ),
    "another protocol": (b"SSH-2.0-OpenSSH_9.2\r\n", Unreadable),
    "a page": (b"<html><body>Hello</body></html>", Unreadable),
    "a status that is no number": (b"HTTP/1.1 two OK\r\n\r\n", Unreadable),
    "two lengths": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nHello",
        Unreadable,
    ),
    "a length and chunks": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        Unreadable,
    ),
    "a chunk without a size": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nHello\r\n",
        Unreadable,
    ),
    "another way to go on": (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        Unreadable,
    ),
    "a header without an end": (b"HTTP/1.1 200 OK\r\nX: " + LONG, Unreadable),
    "headers without an end": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 15_000, Unreadable),
    "a last line without an end": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + LONG,
        Unreadable,
    ),
}


async def whole(response: Response) -> bytes:
    return await beginning(response, FOR_EVER)


@pytest.mark.parametrize("reply", WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_reply_is_read(
    reply: tuple[bytes, int, bytes], loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def ask() -> tuple[int, bytes]:
        async with replying([reply[0]]) as server, open_session({}) as session:
            response = await session.request("POST", server.url, b"{}")
            return response.status, await whole(response)

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(ask()) == reply[1:]


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_what_is_no_reply_is_told_from_one(
    reply: tuple[bytes, type[HttpError]], loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def ask() -> None:
        async with replying([reply[0]]) as server, open_session({}) as session:
            with pytest.raises(reply[1]):
                await whole(await session.request("POST", server.url, b"{}"))

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(ask())


class Nobody:
    """Keeps no connection."""

    def idle(self, connection: Connection) -> None: ...

    def lost(self, connection: Connection) -> None: ...


class Wire(asyncio.Transport):
    """Takes what is sent."""

    closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = True


@given(reply=st.sampled_from(list(WHOLE.values())), cuts=st.lists(st.integers(0, 200), max_size=12))
def test_it_does_not_matter_in_which_pieces_a_reply_comes(
    reply: tuple[bytes, int, bytes], cuts: list[int]
) -> None:
    async def read() -> tuple[int, bytes]:
        connection = Connection(Nobody())
        connection.connection_made(Wire())
        asking = asyncio.create_task(connection.request(b"GET / HTTP/1.1\r\n\r\n"))
        await asyncio.sleep(0)
        places = sorted({0, *(cut for cut in cuts if cut < len(raw)), len(raw)})
        for start, end in pairwise(places):
            connection.data_received(raw[start:end])
        connection.connection_lost(None)
        response = await asking
        return response.status, await whole(response)

    raw = reply[0]
    assert asyncio.run(read()) == reply[1:]


async def test_names_of_headers_are_told_in_lower_case() -> None:
    raw = b"HTTP/1.1 200 OK\r\nRetry-After: 3\r\nX: a\r\nx: b\r\nContent-Length: 0\r\n\r\n"
    async with replying([raw]) as server, open_session({}) as session:
        response = await session.request("POST", server.url, b"{}")

    assert response.headers == {"retry-after": "3", "x": "a, b", "content-length": "0"}


async def test_a_reply_that_was_packed_is_unpacked() -> None:
    packed = gzip.compress(b'{"a": 1}')
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    async with replying([head.encode() + packed]) as server, open_session({}) as session:
        reply = await send(session, "POST", server.url, b"{}", service="Here")

    assert reply.body == b'{"a": 1}'
    assert "Accept-Encoding: gzip" in server.heard[0][0]


async def test_a_small_reply_that_unpacks_to_a_huge_one_is_refused() -> None:
    packed = gzip.compress(b"\0" * 2**26)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    async with replying([head.encode() + packed]) as server, open_session({}) as session:
        with pytest.raises(MalformedReply, match="too large"):
            await send(session, "POST", server.url, b"{}", service="Here")


async def test_what_claims_to_be_packed_and_is_not_is_told() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nHello"
    async with replying([raw]) as server, open_session({}) as session:
        with pytest.raises(Unreadable):
            await send(session, "POST", server.url, b"{}", service="Here")


HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello"


async def test_requests_go_over_one_connection_one_after_the_other() -> None:
    async with replying([HELLO] * 3) as server, open_session({}) as session:
        for _ in range(3):
            assert await whole(await session.request("POST", server.url, b"{}")) == b"Hello"

    assert server.connections == 1


async def test_requests_at_the_same_time_have_a_connection_each() -> None:
    async with replying([HELLO] * 3) as server, open_session({}) as session:
        asked = [session.request("POST", server.url, b"{}") for _ in range(5)]
        bodies = [await whole(response) for response in await asyncio.gather(*asked)]

    assert bodies == [b"Hello"] * 5
    assert server.connections == 5


async def test_a_connection_that_the_server_ends_is_not_used_again() -> None:
    last = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nHello"
    async with replying([last, HELLO]) as server, open_session({}) as session:
        for _ in range(2):
            await whole(await session.request("POST", server.url, b"{}"))

    assert server.connections == 2


async def test_a_reply_that_nobody_asked_for_is_given_to_nobody() -> None:
    forged = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
    async with replying([HELLO + forged, HELLO]) as server, open_session({}) as session:
        for _ in range(2):
            assert await whole(await session.request("POST", server.url, b"{}")) == b"Hello"

    assert server.connections == 2


@pytest.mark.parametrize("begun", [b"H", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n"])
@pytest.mark.parametrize("apart", [True, False])
async def test_a_reply_that_began_before_its_request_is_none(begun: bytes, *, apart: bool) -> None:
    wire, connection = Wire(), Connection(Nobody())
    connection.connection_made(wire)
    asking = asyncio.create_task(connection.request(b"GET / HTTP/1.1\r\n\r\n"))
    await asyncio.sleep(0)

    for part in [HELLO, begun] if apart else [HELLO + begun]:
        connection.data_received(part)

    assert wire.closing
    assert await whole(await asking) == b"Hello"


@asynccontextmanager
async def deaf_when_idle() -> AsyncIterator[tuple[URL, list[bytes]]]:
    """A server that ends each connection as the second request comes over it."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(HELLO)
        await reader.readuntil(b"\r\n\r\n")

    async with accepting(serve) as port:
        yield URL(f"http://127.0.0.1:{port}/"), heard


async def test_what_may_be_sent_twice_is_where_a_kept_connection_ends() -> None:
    async with deaf_when_idle() as (url, heard), open_session({}) as session:
        for _ in range(3):
            assert await whole(await session.request("GET", url, None)) == b"Hello"

    assert len(heard) == 3


async def test_what_may_not_be_sent_twice_is_not() -> None:
    async with deaf_when_idle() as (url, heard), open_session({}) as session:
        await whole(await session.request("GET", url, None))
        with pytest.raises(Interrupted):
            await session.request("POST", url, b"")

    assert len(heard) == 1


async def test_a_connection_without_anything_to_do_is_closed_in_time() -> None:
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HELLO)
        await reader.read()
        ended.set()

    async with accepting(serve) as port, open_session({}, kept_alive=0.05) as session:
        await whole(await session.request("GET", URL(f"http://127.0.0.1:{port}/"), None))
        async with asyncio.timeout(30):
            await ended.wait()


async def test_who_reads_nothing_is_sent_no_more_than_fits() -> None:
    piece, sent = b"x" * 2**16, 0
    pieces = 1024

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {pieces * 2**16}\r\n\r\n".encode())
        for _ in range(pieces):
            writer.write(piece)
            await writer.drain()
            sent += len(piece)

    async with accepting(serve) as port, open_session({}) as session, asyncio.timeout(60):
        response = await session.request("GET", URL(f"http://127.0.0.1:{port}/"), None)
        before = -1
        while sent != before:
            before = sent
            await asyncio.sleep(0.1)
        held = response.body.waiting
        size = len(await whole(response))

    assert held < 2**20
    assert before < pieces * 2**16
    assert size == pieces * 2**16


async def test_a_reply_that_nobody_reads_does_not_hold_up_the_next_one() -> None:
    pieces, piece = 6, b"x" * 2**16

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {pieces * 2**16}\r\n\r\n".encode())
        for _ in range(pieces - 2):
            writer.write(piece)
        await until(lambda: bool(unread) and unread[0].body.waiting == (pieces - 2) * 2**16)
        # Too much to wait for somebody, and the end.
        writer.write(piece * 2)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HELLO)

    unread: list[Response] = []
    async with accepting(serve) as port, open_session({}) as session, asyncio.timeout(10):
        url = URL(f"http://127.0.0.1:{port}/")
        unread.append(await session.request("POST", url, b""))
        await until(lambda: unread[0].closed)
        assert await whole(await session.request("POST", url, b"")) == b"Hello"


async def test_an_answer_to_half_a_request_ends_the_connection_at_once() -> None:
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HELLO)
        # Reads nothing more; the end is heard of all the same.
        while not writer.transport.is_closing():
            await asyncio.sleep(0.01)
            writer.write(EARLIER)
        ended.set()

    async with accepting(serve) as port, open_session({}) as session, asyncio.timeout(10):
        url = URL(f"http://127.0.0.1:{port}/")
        assert await whole(await session.request("POST", url, bytes(2**25))) == b"Hello"
        await ended.wait()


async def test_who_does_not_want_the_rest_closes_the_connection() -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send("the beginning")
        await exchange.gone.wait()

    async with serving(handle) as server, open_session({}) as session, asyncio.timeout(30):
        response = await session.request("POST", URL(server.url), b"{}")
        response.close()
        await server.exchanges[0].gone.wait()
        assert response.closed


async def test_what_came_before_a_connection_broke_is_read_first() -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.head(transfer_encoding="chunked")
        await exchange.send("5\r\nHello\r\n")

    async with serving(handle) as server, open_session({}) as session:
        response = await session.request("POST", URL(server.url), b"{}")
        await until(lambda: response.closed)

        assert await response.body.read() == b"Hello"
        for _ in range(2):
            with pytest.raises(Interrupted):
                await response.body.read()


async def test_who_gives_up_once_the_reply_is_whole_takes_nobody_along() -> None:
    wire, connection = Wire(), Connection(Nobody())
    connection.connection_made(wire)
    giving_up = asyncio.create_task(connection.request(b"GET / HTTP/1.1\r\n\r\n"))
    await asyncio.sleep(0)
    connection.data_received(HELLO)
    following = connection.request(b"GET / HTTP/1.1\r\n\r\n")
    asked = asyncio.ensure_future(following)
    giving_up.cancel()
    await asyncio.wait([giving_up, asked], timeout=0.01)
    assert giving_up.cancelled()

    connection.data_received(HELLO)

    assert await whole(await asked) == b"Hello"
    assert not wire.closing


async def test_who_gives_up_before_closes_the_connection() -> None:
    wire, connection = Wire(), Connection(Nobody())
    connection.connection_made(wire)
    giving_up = asyncio.create_task(connection.request(b"GET / HTTP/1.1\r\n\r\n"))
    await asyncio.sleep(0)

    giving_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await giving_up

    assert wire.closing
