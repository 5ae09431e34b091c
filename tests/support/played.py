"""A service on a loopback socket that is played by a function from request to response."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import httpx
from aiohttp import web
from aiohttp.test_utils import TestServer

Play: TypeAlias = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]

_OF_THE_CONNECTION = {"content-length", "transfer-encoding"}


@asynccontextmanager
async def played(play: Play) -> AsyncIterator[str]:
    """Its address."""

    async def answer(request: web.Request) -> web.Response:
        made = play(
            httpx.Request(
                request.method,
                str(request.url),
                headers=dict(request.headers),
                content=await request.read(),
            )
        )
        response = await made if inspect.isawaitable(made) else made
        headers = {k: v for k, v in response.headers.items() if k not in _OF_THE_CONNECTION}
        return web.Response(status=response.status_code, body=response.content, headers=headers)

    application = web.Application(client_max_size=64 * 2**20)
    application.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(application) as server:
        yield str(server.make_url("/")).rstrip("/")
