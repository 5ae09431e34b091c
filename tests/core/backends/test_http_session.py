"""How much of a reply is read, and what becomes of those that are none."""

from __future__ import annotations

import asyncio

import pytest
from yarl import URL

from core.backends.http_connection import HttpError, Interrupted, NotConnected, Unreadable
from core.backends.http_session import beginning, open_session, send, session_errors
from core.backends.vendor_http import unreachable
from core.errors import MalformedReply, ServiceError, ServiceUnavailable
from tests.support.connections import accepting
from tests.support.http_server import Exchange, serving
from tests.support.raw_replies import replying


@pytest.mark.parametrize(
    ("raised", "error", "words"),
    [
        (NotConnected(), ServiceUnavailable, "could not be reached"),
        (TimeoutError(), ServiceUnavailable, "did not answer in time"),
        (Unreadable(), MalformedReply, "something other than what was asked for"),
        (Interrupted(), ServiceUnavailable, "broke the connection"),
        (HttpError(), ServiceUnavailable, "broke the connection"),
    ],
)
def test_every_failure_is_one_of_a_service(
    raised: Exception, error: type[ServiceError], words: str
) -> None:
    with pytest.raises(error, match=words) as told, session_errors("Here", unreachable):
        raise raised

    assert told.value.__cause__ is raised


def test_no_failure_is_left_out() -> None:
    assert set(HttpError.__subclasses__()) == {NotConnected, Interrupted, Unreadable}


async def test_a_reply_without_an_end_is_not_read_to_it() -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.head()
        while not exchange.gone.is_set():
            await exchange.send("x" * 2**20)

    async with serving(handle) as server, open_session({}) as session, asyncio.timeout(30):
        with pytest.raises(MalformedReply, match="too large"):
            await send(session, "POST", URL(server.url), b"{}", service="Here")


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


async def test_a_session_that_is_closed_takes_along_what_is_under_way() -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.gone.wait()

    async with serving(handle) as server, asyncio.timeout(30):
        async with open_session({}) as session:
            response = await session.request("POST", URL(server.url), b"{}")
        with pytest.raises(Interrupted):
            await response.body.read()
        await server.exchanges[0].gone.wait()


async def test_a_session_that_is_closed_opens_no_connection_any_more() -> None:
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        ended.set()

    async with accepting(serve) as port, asyncio.timeout(10):
        async with open_session({}) as session:
            url = URL(f"http://127.0.0.1:{port}/")
            asking = asyncio.create_task(session.request("GET", url, None))
            await asyncio.sleep(0)
        with pytest.raises(Interrupted):
            await asking
        await ended.wait()


async def test_only_the_beginning_is_read_where_that_is_enough() -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send("onetwo")
        await exchange.gone.wait()

    async with serving(handle) as server, open_session({}) as session, asyncio.timeout(30):
        response = await session.request("POST", URL(server.url), b"{}")
        assert await beginning(response, 5) == b"onetw"


async def test_a_request_says_what_it_is() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    async with replying([raw] * 2) as server, open_session({"api-key": "secret"}) as session:
        url = server.url / "a b" % {"wait": "true"}
        await send(session, "PUT", url, b"{}", service="Here")
        await send(session, "GET", url, None, service="Here")

    common = [f"Host: 127.0.0.1:{server.url.port}", "User-Agent: docent", "Accept: */*"]
    common += ["api-key: secret", "Accept-Encoding: gzip"]
    sent, asked = (head.split("\r\n") for head in server.heard[0])
    json = ["Content-Type: application/json", "Content-Length: 2"]
    assert sent == ["PUT /a%20b?wait=true HTTP/1.1", *common, *json, "", ""]
    assert asked == ["GET /a%20b?wait=true HTTP/1.1", *common, "", ""]


async def test_an_address_may_hold_a_name_and_a_password() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    async with replying([raw]) as server, open_session({}) as session:
        url = server.url.with_user("me").with_password("s t")
        await send(session, "GET", url, None, service="Here")

    [[head]] = server.heard
    assert f"\r\nHost: 127.0.0.1:{server.url.port}\r\n" in head
    assert "\r\nAuthorization: Basic bWU6cyB0\r\n" in head
