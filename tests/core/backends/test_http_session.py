"""What aiohttp raises, and how much of a reply is read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.http_exceptions import ContentEncodingError
from aiohttp.test_utils import TestServer
from yarl import URL

from core.backends.http_session import beginning, open_session, send, session_errors
from core.backends.vendor_http import unreachable
from core.errors import MalformedReply, ServiceError, ServiceUnavailable
from tests.support.http_server import Exchange, serving


def _leaves(base: type[BaseException]) -> Iterator[type[BaseException]]:
    for cls in base.__subclasses__() or [base]:
        yield from [cls] if cls is base else _leaves(cls)


_UNREACHABLE = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_MALFORMED = (aiohttp.ClientResponseError, aiohttp.InvalidURL)


@pytest.mark.parametrize(
    "vendor", sorted({*_leaves(aiohttp.ClientError), TimeoutError, ConnectionResetError}, key=str)
)
def test_every_exception_of_the_client_is_translated(vendor: type[BaseException]) -> None:
    made = vendor.__new__(vendor)  # their constructors want much that does not matter here

    with pytest.raises(ServiceError) as raised, session_errors("Here", unreachable):
        raise made

    assert raised.value.__cause__ is made
    assert type(raised.value) is (
        MalformedReply if issubclass(vendor, _MALFORMED) else ServiceUnavailable
    )
    words = (
        "could not be reached"
        if issubclass(vendor, _UNREACHABLE)
        else "in time"
        if issubclass(vendor, TimeoutError)
        else ""
    )
    assert words in str(raised.value)


def test_what_cannot_be_decoded_is_malformed() -> None:
    failed = aiohttp.ClientPayloadError("x")
    failed.__cause__ = ContentEncodingError("gzip")

    with pytest.raises(MalformedReply), session_errors("Here", unreachable):
        raise failed


async def test_a_reply_without_an_end_is_not_read_to_it() -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.head()
        while not exchange.gone.is_set():
            await exchange.send("x" * 2**20)

    async with serving(handle) as server, open_session({}) as session, asyncio.timeout(30):
        with pytest.raises(MalformedReply, match="too large"):
            await send(session, "POST", URL(server.url), b"{}", service="Here")


async def test_replies_that_are_read_to_their_end_go_over_one_connection() -> None:
    connections: set[object] = set()

    async def answer(request: web.Request) -> web.Response:
        connections.add(request.transport)
        return web.Response(body=await request.read())

    application = web.Application()
    application.router.add_route("*", "/", answer)
    async with TestServer(application) as server, open_session({}) as session:
        for method, body in (("POST", b"x" * 2**20), ("GET", None), ("POST", b"{}")):
            reply = await send(session, method, server.make_url("/"), body, service="Here")
            assert reply.body == (body or b"")

    assert len(connections) == 1


async def test_a_reply_that_nobody_waits_for_any_more_closes_its_connection() -> None:
    begun = asyncio.Event()

    async def handle(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send("the beginning")
        begun.set()
        await exchange.gone.wait()

    async with serving(handle) as server, open_session({}) as session, asyncio.timeout(30):
        sending = asyncio.create_task(send(session, "POST", URL(server.url), b"{}", service="Here"))
        await begun.wait()
        sending.cancel()
        await server.exchanges[0].gone.wait()


async def test_only_the_beginning_is_read_where_that_is_enough() -> None:
    parts = [b"three", b"two", b"one"]

    async def readany() -> bytes:
        return parts.pop()

    response = SimpleNamespace(content=SimpleNamespace(readany=readany))

    assert await beginning(cast("aiohttp.ClientResponse", response), 5) == b"onetw"
    assert parts == [b"three"]


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.reply(200, {})

    async with serving(handle) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        async with open_session({}) as session:
            url = URL("http://far.invalid/x")
            reply = await send(session, "POST", url, b"{}", service="Here")

    assert reply.status == 200
    assert proxy.exchanges[0].path == "http://far.invalid/x"
