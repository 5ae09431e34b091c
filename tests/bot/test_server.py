"""The HTTP server: served while the block lasts, and a taken port is explained."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import aiohttp
import pytest

from bot.server import Front, most_connections, serving
from core.errors import ConfigurationError

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def hello(scope: Any, receive: Any, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_it_serves_until_the_block_ends(host: str) -> None:
    async with aiohttp.ClientSession() as client:
        async with serving(hello, host, 0) as address:
            reply = await client.get(f"{address}/there")
            assert await reply.text() == "/there"
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.get(address)


async def test_who_wants_a_websocket_gets_the_reply_to_a_request() -> None:
    async with (
        serving(hello, "127.0.0.1", 0) as address,
        aiohttp.ClientSession() as client,
    ):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(f"{address}/there")
    assert refused.value.status == 200


async def test_a_request_that_is_under_way_gets_its_reply() -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Send) -> None:
        begun.set()
        await go.wait()
        await hello(scope, receive, send)

    async with aiohttp.ClientSession() as client:
        async with serving(slow, "127.0.0.1", 0) as address:
            asked = asyncio.create_task(client.get(f"{address}/late"))
            await begun.wait()
            asyncio.get_running_loop().call_later(0.05, go.set)
        assert await (await asked).text() == "/late"


async def test_a_request_beyond_the_connections_that_it_has_is_refused_at_once() -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Send) -> None:
        begun.set()
        await go.wait()
        await hello(scope, receive, send)

    async with (
        serving(slow, "127.0.0.1", 0, connections=2) as address,
        aiohttp.ClientSession() as client,
    ):
        asked = asyncio.create_task(client.get(f"{address}/first"))
        await begun.wait()
        assert (await client.get(f"{address}/second")).status == 503
        go.set()
        assert await (await asked).text() == "/first"


@pytest.mark.parametrize(
    ("files", "connections"),
    [(256, 128), (1024, 768), (20_000, 19_744), (resource.RLIM_INFINITY, None)],
)
def test_not_all_files_are_for_connections(files: int, connections: int | None) -> None:
    assert most_connections(files) == connections


async def test_an_address_that_is_taken_is_named_with_its_settings() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}") as caught:
            async with serving(hello, "127.0.0.1", port):
                raise AssertionError("it is served")
    assert "SERVER_PORT" in caught.value.hint


def saying(word: str) -> Callable[[Any, Any, Send], Awaitable[None]]:
    async def say(scope: Any, receive: Any, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": word.encode()})

    return say


async def test_applications_share_an_address_each_under_its_path() -> None:
    front = Front("127.0.0.1", 0)
    async with aiohttp.ClientSession() as client:

        async def read(path: str) -> str:
            return await (await client.get(f"{address}{path}")).text()

        async with front.mount("/slack/events", saying("slack")) as address:
            assert (await client.get(f"{address}/elsewhere")).status == 404
            async with front.mount("/", saying("web")) as again:
                assert again == address
                paths = ("/slack/events", "/slack/events/more", "/slack/eventsmore", "/slack", "/")
                assert [await read(path) for path in paths] == ["slack"] * 2 + ["web"] * 3
            assert await read("/slack/events") == "slack"
            assert (await client.get(address)).status == 404
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.get(address)


async def test_the_server_starts_again_after_the_last_application_left() -> None:
    front = Front("127.0.0.1", 0)
    async with aiohttp.ClientSession() as client:
        for word in ("one", "two"):
            async with front.mount("/", saying(word)) as address:
                assert await (await client.get(address)).text() == word
